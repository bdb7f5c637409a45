import { beforeEach, describe, expect, it, vi } from 'vitest';
import { enter } from '../src/shared/auth/session';
import { putMeta } from '../src/shared/db/database';
import type { Action } from '../src/shared/api/wire';
import type { Failure } from '../src/shared/api/answer';
import { discard, discardPhoto, enqueue, retryHeld, retryPhoto } from '../src/shared/queue/enqueue';
import { sendQueue, sendQueuedActions, sendQueuedPhotos, type PutPhoto } from '../src/shared/queue/sender';
import { action, agent, html, json, receipt, tablet, type Tablet } from './environment';

const noPhotos: PutPhoto = async () => null;
const tokens = { access_token: 'a1', refresh_token: 'r1', expires_in: 900, session_expires_at: '2026-11-26T08:00:00Z', session_id: 's', staff: { ...agent, locale: 'fr' }, grants: [] };

let one: Tablet;
let onActions: (sent: Action[]) => Response;

function serve(path: string, body: string): Response {
  if (path === '/v1/auth/pin') return json(tokens);
  if (path === '/v1/devices/agents') return json({ agents: [agent] });
  if (path === '/v1/auth/refresh') return json({ ...tokens, access_token: 'a2', refresh_token: 'r2' });
  return onActions((JSON.parse(body) as { actions: Action[] }).actions);
}

const sentBodies = () => one.asked.filter((each) => each.path === '/v1/sync/actions').map((each) => each.body);
const items = () => one.db.getAllFromIndex('actions', 'seq');
const states = async () => (await items()).map((item) => item.state);

beforeEach(async () => {
  one = await tablet();
  one.answer = serve;
  onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id)) });
  await putMeta(one.db, 'device', { device_id: 'd', name: 'Voirie 2', crew_id: null, device_secret: 's' });
  await enter(one, agent, '739164');
});

describe('the sender', () => {
  it('sends in the order of seq and takes off what a receipt names', async () => {
    await enqueue(one, action());
    await enqueue(one, action({ fields: { note: 'Encore' } }));
    expect(await sendQueue(one, noPhotos)).toMatchObject({ receipts: 2, failure: null });
    expect((JSON.parse(sentBodies()[0]!) as { actions: Action[] }).actions.map((each) => each.seq)).toEqual([1, 2]);
    expect(await states()).toEqual(['applied', 'applied']);
  });

  const keeps: [string, () => Response | Promise<never>, Failure['kind']][] = [
    ['a captive portal with 200', () => html(200), 'portal'],
    ['a captive portal with 401', () => html(401), 'portal'],
    ['a proxy with 403', () => html(403), 'portal'],
    ['JSON without receipts', () => json({ hello: 1 }), 'portal'],
    ['receipts of other ids', () => json({ receipts: [receipt('other')] }), 'portal'],
    ['an empty list of receipts', () => json({ receipts: [] }), 'portal'],
    ['JSON that is cut', () => new Response('{"receipts":[{"id"', { headers: { 'content-type': 'application/json' } }), 'portal'],
    ['429', () => json({ title: 'Slow' }, 429, { 'retry-after': '7' }), 'busy'],
    ['500', () => html(500), 'busy'],
    ['503 as problem', () => json({ title: 'Away' }, 503), 'busy'],
    ['403 as problem', () => json({ title: 'Not in this role' }, 403), 'forbidden'],
    ['no network', () => Promise.reject(new TypeError('Failed to fetch')), 'offline'],
  ];
  it.each(keeps)('keeps everything frozen on %s', async (_, answer, kind) => {
    await enqueue(one, action());
    const frozen = (await items())[0]!.payload;
    onActions = answer as () => Response;
    expect((await sendQueue(one, noPhotos)).failure?.kind).toBe(kind);
    const kept = (await items())[0]!;
    expect(kept).toMatchObject({ state: 'queued', payload: frozen, tries: 1 });
    expect(kept.last_failure?.kind).toBe(kind);
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id)) });
    await sendQueue(one, noPhotos);
    expect(await states()).toEqual(['applied']);
    expect(sentBodies()[0]).toBe(sentBodies()[1]);
  });

  it('says how long the server asks to wait', async () => {
    await enqueue(one, action());
    onActions = () => json({ title: 'Slow' }, 429, { 'retry-after': '7' });
    expect((await sendQueue(one, noPhotos)).failure).toEqual({ kind: 'busy', status: 429, retryAfterMs: 7000 });
  });

  it('keeps what the answer does not name, and asks again for it alone', async () => {
    const [first, second] = [await enqueue(one, action()), await enqueue(one, action())];
    let round = 0;
    onActions = (sent) => json({ receipts: (round += 1) === 1 ? [receipt(first.id)] : sent.map((each) => receipt(each.id)) });
    await sendQueue(one, noPhotos);
    expect((JSON.parse(sentBodies()[1]!) as { actions: Action[] }).actions.map((each) => each.id)).toEqual([second.id]);
    expect(await states()).toEqual(['applied', 'applied']);
  });

  it('refreshes once when the token is not taken, and stops when the next is not either', async () => {
    await enqueue(one, action());
    onActions = () => json({ title: 'Out', status: 401 }, 401);
    expect((await sendQueue(one, noPhotos)).failure?.kind).toBe('signed_out');
    expect(sentBodies().length).toBe(2);
    expect(await states()).toEqual(['queued']);
  });

  it('says that the tablet was revoked', async () => {
    await enqueue(one, action());
    onActions = () => json({ title: 'Out', status: 401, reason: 'device_revoked' }, 401);
    expect((await sendQueue(one, noPhotos)).failure?.kind).toBe('revoked');
  });

  it('learns by the tablet’s own secret that its session ended because it was revoked', async () => {
    await enqueue(one, action());
    one.clock.now += 3600_000;
    one.answer = (path) => json({ title: 'Out', status: 401, ...(path === '/v1/devices/agents' ? { reason: 'device_revoked' } : {}) }, 401);
    expect((await sendQueue(one, noPhotos)).failure?.kind).toBe('revoked');
  });

  it('asks for a PIN when the session is over, and sends after it', async () => {
    await enqueue(one, action());
    one.clock.now += 3600_000;
    one.answer = (path, body) => (path === '/v1/auth/refresh' ? json({ title: 'Over', status: 401 }, 401) : serve(path, body));
    expect((await sendQueue(one, noPhotos)).failure?.kind).toBe('need_pin');
    one.answer = serve;
    const entry = await enter(one, agent, '739164');
    if (entry.in) await entry.renewal;
    expect((await sendQueue(one, noPhotos)).failure).toBeNull();
    expect(await states()).toEqual(['applied']);
  });

  it('sends at most 100 at once', async () => {
    for (let n = 0; n < 130; n += 1) await enqueue(one, action());
    await sendQueue(one, noPhotos);
    expect(sentBodies().map((body) => (JSON.parse(body) as { actions: unknown[] }).actions.length)).toEqual([100, 30]);
  });

  it('finds the one item that spoils the message, sets it aside with its reason, and sends the others', async () => {
    const all = [];
    for (let n = 0; n < 9; n += 1) all.push(await enqueue(one, action()));
    const bad = all[4]!.id;
    onActions = (sent) => (sent.some((each) => each.id === bad) ? json({ title: 'Malformed', detail: 'seq' }, 422) : json({ receipts: sent.map((each) => receipt(each.id)) }));
    expect((await sendQueue(one, noPhotos)).failure).toBeNull();
    const kept = await items();
    expect(kept.filter((item) => item.state === 'applied').length).toBe(8);
    expect(kept.find((item) => item.id === bad)).toMatchObject({ state: 'queued', held: { title: 'Malformed' } });
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id)) });
    await retryHeld(one, bad);
    await sendQueue(one, noPhotos);
    expect((await items()).every((item) => item.state === 'applied')).toBe(true);
  });

  const ids = () => sentBodies().map((body) => (JSON.parse(body) as { actions: Action[] }).actions.map((each) => each.id));

  it('holds an item only for the server’s word on the message, not for any refusal', async () => {
    await enqueue(one, action());
    onActions = () => json({ title: 'Gone', status: 404 }, 404);
    expect((await sendQueue(one, noPhotos)).failure?.kind).toBe('problem');
    expect((await items())[0]).toMatchObject({ state: 'queued', held: null });
    onActions = () => json({ title: 'Too large', status: 413 }, 413);
    await sendQueue(one, noPhotos);
    expect((await items())[0]).toMatchObject({ state: 'queued', held: { title: 'Too large' } });
  });

  it('an item that was set aside can be corrected', async () => {
    const first = await enqueue(one, action());
    onActions = () => json({ title: 'Malformed' }, 422);
    await sendQueue(one, noPhotos);
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id)) });
    await enqueue(one, action({ corrects: first.id }));
    await sendQueue(one, noPhotos);
    expect(await states()).toEqual(['corrected', 'applied']);
  });

  it('after equal faults of the server goes one by one, past the item that it stumbles over and what comes after that on its task', async () => {
    const bad = await enqueue(one, action({ task_id: 'task-1' }));
    const after = await enqueue(one, action({ task_id: 'task-1' }));
    const fine = await enqueue(one, action({ task_id: 'task-2' }));
    onActions = (sent) => (sent.some((each) => each.id === bad.id) ? html(500) : json({ receipts: sent.map((each) => receipt(each.id)) }));
    for (let n = 0; n < 3; n += 1) await sendQueue(one, noPhotos);
    expect(await states()).toEqual(['queued', 'queued', 'queued']);
    const sent = await sendQueue(one, noPhotos);
    expect(sent).toMatchObject({ receipts: 1, moved: true, failure: { kind: 'busy', status: 500 } });
    expect(await states()).toEqual(['queued', 'queued', 'applied']);
    expect(ids().slice(3)).toEqual([[bad.id], [fine.id]]);
    expect(ids().flat()).toContain(after.id);
  });

  it('is soon back at full messages when the server was away for an hour', async () => {
    for (let n = 0; n < 12; n += 1) await enqueue(one, action({ task_id: `task-${n}` }));
    onActions = () => html(503);
    for (let n = 0; n < 5; n += 1) await sendQueue(one, noPhotos);
    const before = sentBodies().length;
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id)) });
    expect(await sendQueue(one, noPhotos)).toMatchObject({ receipts: 12, failure: null });
    expect(ids().slice(before).map((each) => each.length)).toEqual([1, 2, 4, 5]);
  });

  it('gives up for now when it is not about the items', async () => {
    for (let n = 0; n < 9; n += 1) await enqueue(one, action({ task_id: `task-${n}` }));
    onActions = () => html(502);
    for (let n = 0; n < 4; n += 1) expect((await sendQueue(one, noPhotos)).failure).toMatchObject({ kind: 'busy', status: 502 });
    expect(sentBodies().length).toBe(3 + 3);
  });

  it('sends half as much after a message that took too long', async () => {
    for (let n = 0; n < 8; n += 1) await enqueue(one, action());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const plain = one.fetch;
    one.fetch = (input, init) => {
      const sent = typeof init?.body === 'string' ? (JSON.parse(init.body) as { actions?: Action[] }).actions : undefined;
      if (!sent || sent.length <= 4) return plain(input, init);
      return new Promise((_, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        void vi.advanceTimersByTimeAsync(60_000);
      });
    };
    const sent = await sendQueue(one, noPhotos).finally(() => vi.useRealTimers());
    expect(sent).toMatchObject({ receipts: 8, failure: null });
    expect(ids().map((each) => each.length)).toEqual([4, 4]);
  });

  it('two senders at once send each item once', async () => {
    for (let n = 0; n < 5; n += 1) await enqueue(one, action());
    await Promise.all([sendQueue(one, noPhotos), sendQueue(one, noPhotos)]);
    expect(sentBodies().length).toBe(1);
  });
});

describe('photos', () => {
  const photo = (id: string) => ({ id, blob: new Blob(['x'], { type: 'image/jpeg' }) });

  it('follow their action, also when the first try fails, and are sent once', async () => {
    await enqueue(one, action({ photos: [photo('p1'), photo('p2')] }));
    const tried: string[] = [];
    const failing: PutPhoto = async (_, { id }) => (tried.push(id), { kind: 'busy', status: 500, retryAfterMs: null });
    expect((await sendQueue(one, failing)).failure?.kind).toBe('busy');
    expect(tried).toEqual(['p1']);
    expect(await sendQueue(one, noPhotos)).toMatchObject({ photos: 2, failure: null });
    expect(await sendQueue(one, noPhotos)).toMatchObject({ photos: 0 });
  });

  it('a refused picture stays with its reason and holds nobody up', async () => {
    await enqueue(one, action({ photos: [photo('p1'), photo('p2')] }));
    await sendQueue(one, async (_, { id }) => (id === 'p1' ? { kind: 'problem', status: 422, problem: { title: 'No picture' } } : null));
    expect(await one.db.get('photos', 'p1')).toMatchObject({ state: 'refused', problem: { title: 'No picture' } });
    expect(await one.db.get('photos', 'p2')).toMatchObject({ state: 'sent' });
  });

  const refusal = (status: number): Failure => (status === 403 ? { kind: 'forbidden', problem: { title: 'Not here' } } : { kind: 'problem', status, problem: { title: 'Not here' } });

  it.each([403, 410, 413, 415, 404])('that the server will never take (%d) stay with the reason, may be tried again and can be discarded', async (status) => {
    await enqueue(one, action({ photos: [photo('p1'), photo('p2')] }));
    const tried: string[] = [];
    expect((await sendQueue(one, async (_, { id }) => (tried.push(id), refusal(status)))).failure).toBeNull();
    expect(tried).toEqual(['p1', 'p2']);
    expect(await one.db.get('photos', 'p1')).toMatchObject({ state: 'refused', problem: { title: 'Not here' } });
    await retryPhoto(one, 'p1');
    expect(await one.db.get('photos', 'p1')).toMatchObject({ state: 'queued', upload_url: null });
    await discardPhoto(one, 'p2');
    expect(await one.db.getAllKeys('photos')).toEqual(['p1']);
  });

  it('wait for an action that is not decided: what they belong to may be made later', async () => {
    await enqueue(one, action({ photos: [photo('p1')] }));
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id, { outcome: 'waiting' })) });
    await sendQueue(one, async () => refusal(404));
    expect(await one.db.get('photos', 'p1')).toMatchObject({ state: 'queued', tries: 1 });
  });

  it('that a network’s page stands before wait', async () => {
    await enqueue(one, action({ photos: [photo('p1')] }));
    await sendQueue(one, async () => ({ kind: 'portal', status: 403 }));
    expect(await one.db.get('photos', 'p1')).toMatchObject({ state: 'queued' });
  });

  it('whose bytes the browser no longer finds are set aside, and the others go', async () => {
    await enqueue(one, action({ photos: [photo('p1'), photo('p2')] }));
    const slice = vi.spyOn(Blob.prototype, 'slice').mockImplementationOnce(() => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) }) as unknown as Blob);
    expect(await sendQueue(one, noPhotos)).toMatchObject({ photos: 1, failure: null });
    slice.mockRestore();
    expect(await one.db.get('photos', 'p1')).toMatchObject({ state: 'refused', last_failure: { kind: 'unreadable' } });
  });

  it('tell that something arrived although the line was cut', async () => {
    await enqueue(one, action({ photos: [photo('p1')] }));
    await sendQueuedActions(one);
    expect(await sendQueuedPhotos(one, async (_, __, ___, moved) => (moved(), { kind: 'offline' }))).toMatchObject({ moved: true, failure: { kind: 'offline' } });
    expect(await sendQueuedPhotos(one, async () => ({ kind: 'offline' }))).toMatchObject({ moved: false });
  });

  it('wait while their action is refused, and go with its correction', async () => {
    const first = await enqueue(one, action({ photos: [photo('p1')] }));
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id, { outcome: 'refused' })) });
    expect((await sendQueue(one, noPhotos)).photos).toBe(0);
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id)) });
    const second = await enqueue(one, action({ photos: [photo('p1')], corrects: first.id }));
    expect((await sendQueue(one, noPhotos)).photos).toBe(1);
    expect(await states()).toEqual(['corrected', 'applied']);
    expect(await one.db.get('photos', 'p1')).toMatchObject({ action_id: second.id, state: 'sent' });
  });

  it('a discarded action takes its photos along; one that still may be sent cannot be discarded', async () => {
    const first = await enqueue(one, action({ photos: [photo('p1')] }));
    await discard(one, first.id);
    expect(await states()).toEqual(['queued']);
    onActions = (sent) => json({ receipts: sent.map((each) => receipt(each.id, { outcome: 'refused' })) });
    await sendQueue(one, noPhotos);
    await discard(one, first.id);
    expect(await states()).toEqual(['discarded']);
    expect(await one.db.count('photos')).toBe(0);
  });
});
