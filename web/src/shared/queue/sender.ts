// Sends the queue. Whatever happens, an action leaves it by a receipt that names it, and by nothing else.
import { accessToken, dropAccess, forgetIdleKey } from '../auth/session';
import { sendActions } from '../api/calls';
import type { Failure } from '../api/answer';
import type { Receipt } from '../api/wire';
import type { Environment } from '../environment';
import { photoMayGo, withReceipt, type QueuedAction, type QueuedPhoto } from './items';

export const largestBatch = 100;
/** So many times the same 5xx, and the items go one by one: one of them may be what the server stumbles over. */
const equalFaults = 3;
/** So many items in a row that the server stumbles over are no longer about the items. */
const mostFaults = 3;

/** Brings one photo to the server; null when it is there. `moved`: some bytes of it arrived. */
export type PutPhoto = (env: Environment, photo: QueuedPhoto, token: string, moved: () => void) => Promise<Failure | null>;

export interface Sent {
  receipts: number;
  photos: number;
  /** Something arrived, be it a part: the network is there. */
  moved: boolean;
  failure: Failure | null;
}

/** Sends everything that may go, actions first. One sender at a time on a tablet. */
export async function sendQueue(env: Environment, putPhoto: PutPhoto): Promise<Sent> {
  const actions = await sendQueuedActions(env);
  if (actions.failure && !isFault(actions.failure)) return actions;
  const photos = await sendQueuedPhotos(env, putPhoto);
  return { receipts: actions.receipts, photos: photos.photos, moved: actions.moved || photos.moved, failure: actions.failure ?? photos.failure };
}

/** The server stumbled: that may be about one item alone, and what has nothing to do with it is tried all the same. */
export const isFault = (failure: Failure): boolean => failure.kind === 'busy' && failure.status >= 500 && failure.retryAfterMs === null;

export const sendQueuedActions = (env: Environment): Promise<Sent> => underLock(env, (sent) => sendAllActions(env, sent));

export const sendQueuedPhotos = (env: Environment, putPhoto: PutPhoto): Promise<Sent> => underLock(env, (sent) => sendAllPhotos(env, putPhoto, sent));

function underLock(env: Environment, work: (sent: Sent) => Promise<void>): Promise<Sent> {
  return env.lock('vigie-sender', async () => {
    const sent: Sent = { receipts: 0, photos: 0, moved: false, failure: null };
    await work(sent);
    await forgetIdleKey(env);
    env.changed();
    return sent;
  });
}

/** What the network took last: after a message that was too large for it, the next is half as large. */
const fitting = new WeakMap<object, number>();
/** So many messages in one course may take too long. */
const mostSlow = 2;

interface Course {
  /** Largest message: halves find what spoils it, and what got through makes the next twice as large. */
  most: number;
  /** The server has stumbled over these before: it begins with one alone. */
  careful: boolean | null;
  signedInAgain: boolean;
  slow: number;
  /** Items that the server stumbled over in this course, and how many of them in a row. */
  stumbled: QueuedAction[];
  inARow: number;
}

const statusOf = (failure: Failure | null) => (failure && 'status' in failure ? failure.status : 0);
const alike = (one: Failure | null, other: Failure) => one?.kind === other.kind && statusOf(one) === statusOf(other);

/** What goes next, in the order of seq. Nothing overtakes an action on the same task. */
async function batchOf(env: Environment, course: Course): Promise<QueuedAction[]> {
  const all = await env.db.getAllFromIndex('actions', 'seq');
  const queued = all.filter((item) => item.state === 'queued' && item.held === null);
  if (course.careful === null) {
    course.careful = queued.some((item) => item.tries >= equalFaults && item.last_failure !== null && isFault(item.last_failure));
    if (course.careful) course.most = 1;
  }
  const behind = (item: QueuedAction) => course.stumbled.some((each) => each.id === item.id || (each.task_id !== null && each.task_id === item.task_id));
  const most = Math.min(course.most, fitting.get(env) ?? largestBatch);
  return queued.filter((item) => !behind(item)).slice(0, most);
}

async function sendAllActions(env: Environment, sent: Sent): Promise<void> {
  const course: Course = { most: largestBatch, careful: null, signedInAgain: false, slow: 0, stumbled: [], inARow: 0 };
  for (;;) {
    const batch = await batchOf(env, course);
    if (batch.length === 0) {
      sent.failure = course.stumbled[0]?.last_failure ?? null;
      return;
    }
    const token = await accessToken(env);
    if (!token.ok) return stop(env, batch, token.failure, sent);
    const answer = await sendActions(env, token.token, batch.map((item) => item.payload));
    if (answer.ok) {
      const named = await keepReceipts(env, answer.value.receipts, batch);
      sent.receipts += named;
      // An answer that names nothing of what was sent is not an answer to it.
      if (named === 0) return stop(env, batch, { kind: 'portal', status: 200 }, sent);
      sent.moved = true;
      course.inARow = 0;
      course.most = Math.min(largestBatch, course.most * 2);
      fitting.set(env, Math.min(largestBatch, (fitting.get(env) ?? largestBatch) * 2));
      continue;
    }
    if (!(await goesOn(env, course, batch, answer.failure, token.token))) return stop(env, batch, answer.failure, sent);
  }
}

/** The server's word on the message as such: one item spoils it. */
const spoilt = (failure: Failure): failure is Failure & { kind: 'problem' } => failure.kind === 'problem' && [400, 413, 422].includes(failure.status);

/** Whether another message may fare better than this one; makes it ready. */
async function goesOn(env: Environment, course: Course, batch: QueuedAction[], failure: Failure, token: string): Promise<boolean> {
  const half = Math.ceil(batch.length / 2);
  if (failure.kind === 'signed_out' && !course.signedInAgain) {
    course.signedInAgain = true;
    await dropAccess(env, token);
  } else if (failure.kind === 'offline' && failure.slow && batch.length > 1) {
    fitting.set(env, half);
    return (course.slow += 1) < mostSlow;
  } else if (spoilt(failure) && batch.length > 1) {
    // Halves find it, the others get through.
    course.most = half;
  } else if (spoilt(failure)) {
    await env.db.put('actions', { ...batch[0]!, tries: batch[0]!.tries + 1, held: failure.problem });
    course.most = largestBatch;
  } else if (isFault(failure) && course.careful && (course.inARow += 1) < mostFaults) {
    await noteFailure(env, batch, failure);
    if (batch.length === 1) course.stumbled.push({ ...batch[0]!, last_failure: failure });
    course.most = 1;
  } else {
    return false;
  }
  return true;
}

async function stop(env: Environment, batch: QueuedAction[], failure: Failure, sent: Sent): Promise<void> {
  sent.failure = failure;
  await noteFailure(env, batch, failure);
}

async function noteFailure(env: Environment, batch: QueuedAction[], failure: Failure): Promise<void> {
  const tx = env.db.transaction('actions', 'readwrite');
  for (const item of batch) {
    const now = await tx.store.get(item.id);
    if (now?.state !== 'queued') continue;
    // Counted are equal failures in a row.
    await tx.store.put({ ...now, tries: alike(now.last_failure, failure) ? now.tries + 1 : 1, last_failure: failure });
  }
  await tx.done;
}

async function keepReceipts(env: Environment, receipts: Receipt[], batch: QueuedAction[]): Promise<number> {
  const asked = new Set(batch.map((item) => item.id));
  const tx = env.db.transaction('actions', 'readwrite', { durability: 'strict' });
  let named = 0;
  for (const receipt of receipts) {
    const item = asked.has(receipt?.id) ? await tx.store.get(receipt.id) : undefined;
    const moved = item && withReceipt(item, receipt, env.now());
    if (!moved || moved === item) continue;
    await tx.store.put(moved);
    named += 1;
  }
  await tx.done;
  env.changed();
  return named;
}

async function sendAllPhotos(env: Environment, putPhoto: PutPhoto, sent: Sent): Promise<void> {
  for (const { id } of await env.db.getAll('photos')) {
    const photo = await env.db.get('photos', id);
    const action = photo && (await env.db.get('actions', photo.action_id));
    if (!photo || !photoMayGo(photo, action)) continue;
    const failure = await onePhoto(env, putPhoto, photo, () => (sent.moved = true));
    if (failure === null) {
      sent.photos += 1;
      sent.moved = true;
    }
    const now = await env.db.get('photos', id);
    const after = now && photoAfter(now, failure, action);
    if (after) await env.db.put('photos', after);
    env.changed();
    // What is about this photo alone does not stop the others.
    const own = failure === null || after?.state === 'refused' || failure.kind === 'problem' || failure.kind === 'forbidden';
    if (!own) {
      sent.failure = failure;
      return;
    }
  }
}

async function onePhoto(env: Environment, putPhoto: PutPhoto, photo: QueuedPhoto, moved: () => void): Promise<Failure | null> {
  const readable = await photo.blob.slice(0, 1).arrayBuffer().then(() => true, () => false);
  if (!readable) return { kind: 'unreadable' };
  for (let again = 0; ; again += 1) {
    const token = await accessToken(env);
    if (!token.ok) return token.failure;
    const failure = await putPhoto(env, photo, token.token, moved);
    if (failure?.kind !== 'signed_out' || again > 0) return failure;
    await dropAccess(env, token.token);
  }
}

/** Answers that will be the same tomorrow: the picture itself, its size or kind, or nobody's right to add it. */
const lasting: readonly number[] = [403, 410, 413, 415, 422];

/** Whether a photo will never be taken. What its action came to may be made later, unless the action is decided. */
function isLasting(failure: Failure, action: QueuedAction | undefined): boolean {
  if (failure.kind === 'unreadable' || failure.kind === 'forbidden') return true;
  if (failure.kind !== 'problem') return false;
  if (failure.status === 404) return action === undefined || ['applied', 'superseded', 'dismissed'].includes(action.state);
  return lasting.includes(failure.status);
}

export function photoAfter(photo: QueuedPhoto, failure: Failure | null, action: QueuedAction | undefined): QueuedPhoto {
  const tries = photo.tries + 1;
  if (failure === null) return { ...photo, tries, state: 'sent', last_failure: null, problem: null };
  const problem = 'problem' in failure ? failure.problem : null;
  if (isLasting(failure, action)) return { ...photo, tries, state: 'refused', last_failure: failure, problem };
  return { ...photo, tries, last_failure: failure };
}
