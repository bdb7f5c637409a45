// An action enters the queue: number, frozen payload, photos and the end of its draft in one transaction. When this returns, a
// killed page loses nothing.
import type { Action, Kind } from '../api/wire';
import type { Environment } from '../environment';
import { uuid7 } from '../uuid7';
import type { QueuedAction, QueuedPhoto } from './items';

export interface NewAction {
  kind: Kind;
  agent: { id: string; name: string };
  task_id: string | null;
  base_version: number | null;
  position: { lon: number; lat: number; accuracy: number } | null;
  label: QueuedAction['label'];
  fields: Pick<Action, 'reason' | 'review_date' | 'note' | 'public_note' | 'minutes' | 'material' | 'category' | 'from_category' | 'crew_id' | 'report'>;
  photos: { id: string; blob: Blob }[];
  /** The refused action, or the one that was set aside, that this one corrects. */
  corrects?: string;
  draft?: string;
}

const freshState = { state: 'queued', receipt: null, receipt_at: null, settled: false, seen: false, tries: 0, last_failure: null, held: null, replaced_by: null } as const;

function freeze(id: string, seq: number, at: string, made: NewAction): string {
  const action: Action = {
    id,
    seq,
    agent_id: made.agent.id,
    kind: made.kind,
    task_id: made.task_id,
    base_version: made.base_version,
    client_at: at,
    position: made.position ? { type: 'Point', coordinates: [made.position.lon, made.position.lat] } : null,
    accuracy: made.position ? made.position.accuracy : null,
    ...made.fields,
    ...(made.photos.length > 0 ? { photo_ids: made.photos.map((photo) => photo.id) } : {}),
  };
  return JSON.stringify(action, (_, value: unknown) => (typeof value === 'string' ? sayable(value) : value));
}

/** Without halves of characters, as a field's limit leaves of an emoji, and without NUL: no server reads a message with those. */
function sayable(text: string): string {
  return text.replace(/[\p{Cs}\0]/gu, '');
}

export async function enqueue(env: Environment, made: NewAction): Promise<QueuedAction> {
  const id = uuid7(env.now());
  const at = new Date(env.now()).toISOString();
  const tx = env.db.transaction(['meta', 'actions', 'photos', 'drafts'], 'readwrite', { durability: 'strict' });
  const seq = (((await tx.objectStore('meta').get('seq')) as number | undefined) ?? 0) + 1;
  const item: QueuedAction = {
    ...freshState,
    id,
    seq,
    agent_id: made.agent.id,
    agent_name: made.agent.name,
    kind: made.kind,
    task_id: made.task_id,
    label: made.label,
    payload: freeze(id, seq, at, made),
    photo_ids: made.photos.map((photo) => photo.id),
    created_at: at,
  };
  await tx.objectStore('meta').put(seq, 'seq');
  await tx.objectStore('actions').add(item);
  const report_id = made.fields.report?.id ?? null;
  for (const photo of made.photos) {
    const known = await tx.objectStore('photos').get(photo.id);
    const entry: QueuedPhoto = known
      ? { ...known, action_id: id, task_id: made.task_id, report_id }
      : { id: photo.id, action_id: id, task_id: made.task_id, report_id, blob: photo.blob, taken_at: at, upload_url: null, state: 'queued', tries: 0, last_failure: null, problem: null };
    await tx.objectStore('photos').put(entry);
  }
  if (made.corrects) await replace(tx.objectStore('actions'), tx.objectStore('photos'), made.corrects, id);
  if (made.draft) await tx.objectStore('drafts').delete(made.draft);
  await tx.done;
  env.changed();
  return item;
}

interface Readable<T> {
  get(key: string): Promise<T | undefined>;
  put(value: T): Promise<unknown>;
}
interface PhotoRows extends Readable<QueuedPhoto> {
  index(name: 'action'): { getAll(key: string): Promise<QueuedPhoto[]> };
  delete(key: string): Promise<unknown>;
}

/** The corrected action goes aside; photos that were taken out of the form go with it. */
async function replace(actions: Readable<QueuedAction>, photos: PhotoRows, old: string, by: string): Promise<void> {
  const item = await actions.get(old);
  if (!item || (item.state !== 'refused' && !item.held)) return;
  await actions.put({ ...item, state: 'corrected', held: null, replaced_by: by });
  for (const photo of await photos.index('action').getAll(old)) await photos.delete(photo.id);
}

/** Gives up an action for good; only somebody who confirmed it may ask for that. */
export async function discard(env: Environment, id: string): Promise<void> {
  const tx = env.db.transaction(['actions', 'photos'], 'readwrite');
  const item = await tx.objectStore('actions').get(id);
  if (item && (item.state === 'refused' || item.held)) {
    await tx.objectStore('actions').put({ ...item, state: 'discarded', held: null });
    for (const photo of await tx.objectStore('photos').index('action').getAll(id)) await tx.objectStore('photos').delete(photo.id);
  }
  await tx.done;
  env.changed();
}

/** Takes an item that was set aside back into the next sending. */
export async function retryHeld(env: Environment, id: string): Promise<void> {
  const item = await env.db.get('actions', id);
  if (item?.held) await env.db.put('actions', { ...item, held: null });
  env.changed();
}

export async function discardPhoto(env: Environment, id: string): Promise<void> {
  const tx = env.db.transaction('photos', 'readwrite');
  if ((await tx.store.get(id))?.state === 'refused') await tx.store.delete(id);
  await tx.done;
  env.changed();
}

/** A photo that was not taken is tried once more from its first byte: somebody says that the reason is gone. */
export async function retryPhoto(env: Environment, id: string): Promise<void> {
  const tx = env.db.transaction('photos', 'readwrite');
  const photo = await tx.store.get(id);
  if (photo?.state === 'refused') await tx.store.put({ ...photo, state: 'queued', upload_url: null, last_failure: null, problem: null });
  await tx.done;
  env.changed();
}

export async function markSeen(env: Environment, id: string): Promise<void> {
  const item = await env.db.get('actions', id);
  if (item) await env.db.put('actions', { ...item, seen: true });
  env.changed();
}
