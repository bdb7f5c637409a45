// Sends the queue. Whatever happens, an action leaves it by a receipt that names it, and by nothing else.
import { accessToken, dropAccess, forgetIdleKey } from '../auth/session';
import { sendActions } from '../api/calls';
import type { Failure } from '../api/answer';
import type { Receipt } from '../api/wire';
import type { Environment } from '../environment';
import { photoMayGo, withReceipt, type QueuedAction, type QueuedPhoto } from './items';

export const largestBatch = 100;

/** Brings one photo to the server; null when it is there. */
export type PutPhoto = (env: Environment, photo: QueuedPhoto, token: string) => Promise<Failure | null>;

export interface Sent {
  receipts: number;
  photos: number;
  failure: Failure | null;
}

/** Sends everything that may go, actions first. One sender at a time on a tablet. */
export function sendQueue(env: Environment, putPhoto: PutPhoto): Promise<Sent> {
  return env.lock('vigie-sender', async () => {
    const sent: Sent = { receipts: 0, photos: 0, failure: null };
    await sendAllActions(env, sent);
    if (!sent.failure) await sendAllPhotos(env, putPhoto, sent);
    await forgetIdleKey(env);
    env.changed();
    return sent;
  });
}

async function queued(env: Environment, most: number): Promise<QueuedAction[]> {
  const all = await env.db.getAllFromIndex('actions', 'seq');
  return all.filter((item) => item.state === 'queued' && item.held === null).slice(0, most);
}

async function sendAllActions(env: Environment, sent: Sent): Promise<void> {
  let most = largestBatch;
  let signedInAgain = false;
  for (;;) {
    const batch = await queued(env, most);
    if (batch.length === 0) return;
    const token = await accessToken(env);
    if (!token.ok) return stop(env, batch, token.failure, sent);
    const answer = await sendActions(env, token.token, batch.map((item) => item.payload));
    if (answer.ok) {
      const named = await keepReceipts(env, answer.value.receipts, batch);
      sent.receipts += named;
      // An answer that names nothing of what was sent is not an answer to it.
      if (named === 0) return stop(env, batch, { kind: 'portal', status: 200 }, sent);
      continue;
    }
    const failure = answer.failure;
    if (failure.kind === 'signed_out' && !signedInAgain) {
      signedInAgain = true;
      await dropAccess(env, token.token);
    } else if (failure.kind === 'problem' && batch.length > 1) {
      // One item spoils the whole message: halves find it, the others get through.
      most = Math.ceil(batch.length / 2);
    } else if (failure.kind === 'problem') {
      await env.db.put('actions', { ...batch[0]!, tries: batch[0]!.tries + 1, held: failure.problem });
      most = largestBatch;
    } else {
      return stop(env, batch, failure, sent);
    }
  }
}

async function stop(env: Environment, batch: QueuedAction[], failure: Failure, sent: Sent): Promise<void> {
  sent.failure = failure;
  const tx = env.db.transaction('actions', 'readwrite');
  for (const item of batch) {
    const now = await tx.store.get(item.id);
    if (now?.state === 'queued') await tx.store.put({ ...now, tries: now.tries + 1, last_failure: failure });
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
    if (!photo || !photoMayGo(photo, await env.db.get('actions', photo.action_id))) continue;
    const failure = await onePhoto(env, putPhoto, photo);
    if (failure === null) sent.photos += 1;
    const now = await env.db.get('photos', id);
    if (now) await env.db.put('photos', photoAfter(now, failure));
    env.changed();
    // What is about this photo alone does not stop the others.
    if (failure && failure.kind !== 'problem' && failure.kind !== 'forbidden') {
      sent.failure = failure;
      return;
    }
  }
}

async function onePhoto(env: Environment, putPhoto: PutPhoto, photo: QueuedPhoto): Promise<Failure | null> {
  for (let again = 0; ; again += 1) {
    const token = await accessToken(env);
    if (!token.ok) return token.failure;
    const failure = await putPhoto(env, photo, token.token);
    if (failure?.kind !== 'signed_out' || again > 0) return failure;
    await dropAccess(env, token.token);
  }
}

export function photoAfter(photo: QueuedPhoto, failure: Failure | null): QueuedPhoto {
  const tries = photo.tries + 1;
  if (failure === null) return { ...photo, tries, state: 'sent', last_failure: null, problem: null };
  // 422 is the server's word on the picture itself. Everything else may pass.
  if (failure.kind === 'problem' && failure.status === 422) return { ...photo, tries, state: 'refused', last_failure: failure, problem: failure.problem };
  return { ...photo, tries, last_failure: failure };
}
