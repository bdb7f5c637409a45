// Brings the shift onto the tablet. Items and cursor are stored in one transaction: a cursor is given up only for what was kept.
import { accessToken, dropAccess } from '../auth/session';
import { syncPage } from '../api/calls';
import type { Failure } from '../api/answer';
import type { GoneReason, SyncPage } from '../api/wire';
import { getMeta, isEnrolled, nameCategories, type LeftTask } from '../db/database';
import type { Environment } from '../environment';
import { mayBeForgotten, settle, withReceipt, type QueuedAction } from '../queue/items';

const keptNotices = 20;

const ending: readonly QueuedAction['kind'][] = ['done', 'not_found', 'not_ours'];

/** Whether the crew itself brought it about that a task is gone: that is no news to it. */
function isOwnDoing(reason: GoneReason, items: QueuedAction[]): boolean {
  const counts = items.filter((item) => !['refused', 'dismissed', 'corrected', 'discarded'].includes(item.state));
  if (reason === 'ended') return counts.some((item) => ending.includes(item.kind) && item.state !== 'superseded');
  return reason === 'withdrawn' && counts.some((item) => item.kind === 'hand_over');
}

/** Pulls until the server has no more; null when all is here. */
export function pull(env: Environment): Promise<Failure | null> {
  return env.lock('vigie-pull', async () => {
    const startedAt = env.now();
    let tokenTries = 0;
    let full = false;
    for (;;) {
      const token = await accessToken(env);
      if (!token.ok) return token.failure;
      const cursor = full ? undefined : await getMeta(env.db, 'cursor');
      const answer = await syncPage(env, token.token, cursor);
      if (!answer.ok) {
        if (answer.failure.kind === 'signed_out' && tokenTries++ === 0) {
          await dropAccess(env, token.token);
        } else if (answer.failure.kind === 'problem' && cursor !== undefined) {
          // A cursor that the server does not take any more: everything anew, which it marks by `reset`.
          full = true;
        } else {
          return answer.failure;
        }
        continue;
      }
      full = false;
      await keep(env, answer.value, startedAt, cursor === undefined);
      env.changed();
      if (!answer.value.has_more) return null;
    }
  });
}

async function keep(env: Environment, page: SyncPage, startedAt: number, first: boolean): Promise<void> {
  const tx = env.db.transaction(['meta', 'tasks', 'actions', 'photos'], 'readwrite');
  const [meta, tasks, actions] = [tx.objectStore('meta'), tx.objectStore('tasks'), tx.objectStore('actions')];
  // Wiped while the answer was under way: nothing of it is kept.
  if (!(await isEnrolled(meta))) return tx.done;
  const left: LeftTask[] = ((await meta.get('left')) as LeftTask[] | undefined) ?? [];
  if (page.reset || first) await tasks.clear();
  for (const task of page.tasks) await tasks.put(task);
  await nameCategories(meta, Object.fromEntries(page.tasks.map(({ alert }) => [alert.category, { ...alert.category_label, icon: `/icons/${alert.icon}.svg` }])));
  const at = new Date(env.now()).toISOString();
  for (const gone of page.gone) {
    const task = await tasks.get(gone.task_id);
    if (!task) continue;
    await tasks.delete(gone.task_id);
    const own = (await actions.getAll()).filter((item) => item.task_id === gone.task_id);
    if (!isOwnDoing(gone.reason, own)) left.unshift({ task_id: task.id, reference: task.alert.reference, category: task.alert.category, reason: gone.reason, at });
  }
  await meta.put(page.crews, 'crews');
  await meta.put(left.slice(0, keptNotices), 'left');
  for (const receipt of page.receipts) {
    const item = await actions.get(receipt.id);
    if (item) await actions.put(withReceipt(item, receipt, env.now()));
  }
  if (!page.has_more) {
    await meta.put(at, 'pulled_at');
    const photos = await tx.objectStore('photos').getAll();
    for (const item of await actions.getAll()) {
      if (mayBeForgotten(item, env.now(), photos)) await actions.delete(item.id);
      else await actions.put(settle(item, startedAt));
    }
    for (const photo of photos) {
      const action = await actions.get(photo.action_id);
      if (photo.state === 'sent' && (!action || action.settled)) await tx.objectStore('photos').delete(photo.id);
    }
  }
  await meta.put(page.cursor, 'cursor');
  await tx.done;
}

