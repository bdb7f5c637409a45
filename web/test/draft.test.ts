import { beforeEach, describe, expect, it } from 'vitest';
import { OpenDraft } from '../src/shared/queue/draft';
import { enqueue } from '../src/shared/queue/enqueue';
import { action, agent, tablet, type Tablet } from './environment';

const key = `${agent.id}/task-1/done`;
const about = { task_id: 'task-1', base_version: 3, label: { reference: 'A-1', category: 'trottoir', address: null }, proof_required: true };

let one: Tablet;
let failed: unknown[];
let draft: OpenDraft<{ note: string }>;

/** Makes a photo small when the test says so. */
function slowly() {
  let done: (blob: Blob | null) => void = () => undefined;
  const prepare = () => new Promise<Blob | null>((resolve) => (done = resolve));
  return { prepare, ready: (blob: Blob | null) => done(blob) };
}

beforeEach(async () => {
  one = await tablet();
  failed = [];
  draft = new OpenDraft(one, { key, agent_id: agent.id, kind: 'done', hash: '#/task/task-1/act/done' }, { about, values: { note: '' }, photos: [] }, (error) => failed.push(error));
});

describe('a form that is open', () => {
  it('is on the tablet at each change, with what it is about and whose it is', async () => {
    draft.set({ note: 'Vu' });
    await draft.settled();
    expect(await one.db.get('drafts', key)).toMatchObject({ agent_id: agent.id, kind: 'done', about, values: { note: 'Vu' } });
  });

  it('is recorded with the photo that was still being prepared', async () => {
    const camera = slowly();
    void draft.addPhotos([new Blob(['x'])], camera.prepare);
    expect(draft.adding).toBe(1);
    const settled = draft.settled();
    camera.ready(new Blob(['small']));
    const { photos } = await settled;
    expect(photos.length).toBe(1);
    draft.end();
    await enqueue(one, action({ kind: 'done', photos, draft: key }));
    expect(await one.db.count('photos')).toBe(1);
  });

  it('does not come back once it is recorded', async () => {
    draft.set({ note: 'Vu' });
    const { photos } = await draft.settled();
    draft.end();
    await enqueue(one, action({ photos, draft: key }));
    draft.set({ note: 'Trop tard' });
    await draft.addPhotos([new Blob(['x'])], async (file) => file);
    await draft.settled();
    expect(await one.db.count('drafts')).toBe(0);
  });

  it('goes on when it could not be recorded', async () => {
    draft.end();
    draft.goOn();
    draft.set({ note: 'Encore' });
    expect((await draft.settled()).values.note).toBe('Encore');
    expect(await one.db.count('drafts')).toBe(1);
  });

  it('says how many photos are too large, and takes the others', async () => {
    expect(await draft.addPhotos([new Blob(['a']), new Blob(['bb'])], async (file) => (file.size > 1 ? null : file))).toBe(1);
    expect((await draft.settled()).photos.length).toBe(1);
    expect(draft.adding).toBe(0);
  });

  it('tells that the tablet could not keep it, and keeps it on the screen', async () => {
    one.db.close();
    draft.set({ note: 'Plein' });
    expect((await draft.settled()).values.note).toBe('Plein');
    expect(failed.length).toBe(1);
  });
});
