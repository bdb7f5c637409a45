import { beforeEach, describe, expect, it } from 'vitest';
import { enter } from '../src/shared/auth/session';
import type { Kind, SyncPage } from '../src/shared/api/wire';
import { clearDatabase, getMeta, putMeta } from '../src/shared/db/database';
import { enqueue } from '../src/shared/queue/enqueue';
import { pull } from '../src/shared/sync/pull';
import { wipe } from '../src/shared/wipe';
import { action, agent, html, json, receipt, tablet, task, type Tablet } from './environment';

const page = (more: Partial<SyncPage>): SyncPage => ({ cursor: 'c', has_more: false, reset: false, server_time: '2026-11-23T08:00:00Z', tasks: [], gone: [], receipts: [], crews: [], ...more });
const tokens = { access_token: 'a1', refresh_token: 'r1', expires_in: 900, session_expires_at: '2026-11-26T08:00:00Z', staff: { ...agent, locale: 'fr' } };

let one: Tablet;
let pages: ((path: string) => Response)[];
const cursors = () => one.asked.filter(({ path }) => path.startsWith('/v1/sync')).map(({ path }) => path.split('cursor=')[1]);
const ids = async () => (await one.db.getAllKeys('tasks')).sort();

beforeEach(async () => {
  one = await tablet();
  one.answer = (path) => (path === '/v1/auth/pin' ? json(tokens) : pages.shift()!(path));
  await putMeta(one.db, 'device', { device_id: 'd', name: 'n', crew_id: null, device_secret: 's' });
  await enter(one, agent, '739164');
});

describe('a pull', () => {
  it('goes on while there is more, and keeps the last cursor', async () => {
    pages = [
      () => json(page({ reset: true, has_more: true, cursor: 'c1', tasks: [task({ id: 'a' })] })),
      () => json(page({ cursor: 'c2', tasks: [task({ id: 'b' })] })),
    ];
    expect(await pull(one)).toBeNull();
    expect(await ids()).toEqual(['a', 'b']);
    expect(cursors()).toEqual([undefined, 'c1']);
    expect(await getMeta(one.db, 'cursor')).toBe('c2');
  });

  it('gives a cursor up only for what was kept: the same is asked again after a portal', async () => {
    pages = [() => json(page({ reset: true, cursor: 'c1' })), () => html(200), () => json(page({ cursor: 'c2', tasks: [task()] }))];
    await pull(one);
    expect((await pull(one))?.kind).toBe('portal');
    expect(await pull(one)).toBeNull();
    expect(cursors()).toEqual([undefined, 'c1', 'c1']);
  });

  it('begins anew when the cursor is not taken, and drops the tasks then, never the queue', async () => {
    pages = [() => json(page({ reset: true, cursor: 'c1', tasks: [task({ id: 'old' })] })), () => json({ title: 'Bad cursor' }, 422), () => json(page({ reset: true, cursor: 'c2', tasks: [task({ id: 'new' })] }))];
    await pull(one);
    const made = await enqueue(one, action());
    expect(await pull(one)).toBeNull();
    expect(await ids()).toEqual(['new']);
    expect(await one.db.get('actions', made.id)).toMatchObject({ state: 'queued' });
  });

  it('says what left the list, but not what the tablet ended itself', async () => {
    const tasks = [task({ id: 'task-1' }), task({ id: 'task-2' })];
    pages = [() => json(page({ reset: true, tasks })), () => json(page({ gone: [{ task_id: 'task-1', reason: 'ended' }, { task_id: 'task-2', reason: 'withdrawn' }] }))];
    await pull(one);
    await enqueue(one, action({ kind: 'done' }));
    await pull(one);
    expect(await ids()).toEqual([]);
    expect((await getMeta(one.db, 'left'))?.map((each) => [each.task_id, each.reason])).toEqual([['task-2', 'withdrawn']]);
  });

  it('keeps name and icon of a category after its last task, for the catalogue may not have it any more', async () => {
    const retired = task({ alert: { ...task().alert, category: 'fontaine', category_label: { fr: 'Fontaine', en: 'Fountain' }, icon: 'fontaine' } });
    pages = [() => json(page({ reset: true, tasks: [retired] })), () => json(page({ gone: [{ task_id: 'task-1', reason: 'withdrawn' }] }))];
    await pull(one);
    await pull(one);
    expect(await ids()).toEqual([]);
    expect(await getMeta(one.db, 'category_names')).toEqual({ fontaine: { fr: 'Fontaine', en: 'Fountain', icon: '/icons/fontaine.svg' } });
  });

  const gone = async (reason: 'ended' | 'withdrawn', ...kinds: Kind[]) => {
    pages = [() => json(page({ reset: true, tasks: [task()] })), () => json(page({ gone: [{ task_id: 'task-1', reason }] }))];
    await pull(one);
    for (const kind of kinds) await enqueue(one, action({ kind }));
    await pull(one);
    return ((await getMeta(one.db, 'left')) ?? []).length;
  };

  it('says that somebody else ended what the crew only wrote a note on', async () => {
    expect(await gone('ended', 'note', 'start')).toBe(1);
  });

  it('does not announce the crew’s own hand-over as withdrawn', async () => {
    expect(await gone('withdrawn', 'hand_over', 'note')).toBe(0);
  });

  it('says that work in hand was taken back', async () => {
    expect(await gone('withdrawn', 'start', 'done')).toBe(1);
  });

  it('brings nothing onto a tablet that was wiped meanwhile', async () => {
    pages = [() => json(page({ reset: true, tasks: [task()] }))];
    const answer = one.answer;
    one.answer = async (...asked) => {
      await clearDatabase(one.db, '2026-11-23T09:00:00Z');
      return answer(...asked);
    };
    await pull(one);
    expect(await ids()).toEqual([]);
    expect(await one.db.getAllKeys('meta')).toEqual(['wiped_at']);
  });

  it('brings the decision on what waited', async () => {
    const made = await enqueue(one, action());
    await one.db.put('actions', { ...made, state: 'waiting', receipt: receipt(made.id, { outcome: 'waiting' }), receipt_at: 1 });
    pages = [() => json(page({ reset: true, receipts: [receipt(made.id, { outcome: 'dismissed' })] }))];
    await pull(one);
    expect(await one.db.get('actions', made.id)).toMatchObject({ state: 'dismissed', seen: false });
  });

  it('lets photos go once the server shows the action that they came with', async () => {
    const made = await enqueue(one, action({ photos: [{ id: 'p', blob: new Blob(['x']) }] }));
    await one.db.put('photos', { ...(await one.db.get('photos', 'p'))!, state: 'sent' });
    await one.db.put('actions', { ...made, state: 'applied', receipt: receipt(made.id), receipt_at: one.clock.now - 1 });
    pages = [() => json(page({ reset: true }))];
    await pull(one);
    expect(await one.db.get('photos', 'p')).toBeUndefined();
    expect(await one.db.get('actions', made.id)).toMatchObject({ settled: true });
  });
});

describe('a wipe', () => {
  it('leaves the moment and nothing else', async () => {
    await enqueue(one, action({ photos: [{ id: 'p', blob: new Blob(['x']) }] }));
    const gone: string[] = [];
    const caches = { keys: async () => ['vigie-map', 'vigie-shell-1'], delete: async (name: string) => gone.push(name) > 0 } as unknown as CacheStorage;
    await wipe(one, caches);
    for (const store of one.db.objectStoreNames) expect(await one.db.getAllKeys(store)).toEqual(store === 'meta' ? ['wiped_at'] : []);
    expect(gone).toEqual(['vigie-map', 'vigie-shell-1']);
  });
});
