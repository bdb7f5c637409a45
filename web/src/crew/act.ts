// A person pressed: position if they allow it, then the queue, then the words on the screen, in this order.
import { signal } from '@preact/signals';
import type { Kind, SyncTask } from '../shared/api/wire';
import type { Meta } from '../shared/db/database';
import { t } from '../shared/i18n';
import { enqueue, type NewAction } from '../shared/queue/enqueue';
import type { About } from '../shared/queue/items';
import { currentPosition, type Fix } from './position';
import { actions, env, person, positionChoice, rows } from './state';
import { wake } from './sync-loop';
import { say } from './parts/toast';

export type PositionChoice = Meta['positions'][string];

/** Open while the person is asked whether actions may carry their place; `later`: not this time, and asked again. */
export const askingPosition = signal<((choice: PositionChoice | 'later') => void) | null>(null);
/** Open while the place is looked for; calling it goes on without. */
export const locating = signal<(() => void) | null>(null);

/** What a person chose for their own actions; nobody else's on the tablet. */
export async function choosePosition(agent: string, choice: PositionChoice): Promise<void> {
  const tx = env().db.transaction('meta', 'readwrite');
  const chosen = (await tx.store.get('positions')) as Meta['positions'] | undefined;
  await tx.store.put({ ...chosen, [agent]: choice }, 'positions');
  await tx.done;
  env().changed();
}

export async function placeOfAction(): Promise<Fix | null> {
  const agent = person.value;
  let choice: PositionChoice | 'later' | null = positionChoice.value;
  if (choice === null && agent) {
    choice = await new Promise<PositionChoice | 'later'>((resolve) => (askingPosition.value = resolve));
    askingPosition.value = null;
    if (choice !== 'later') await choosePosition(agent.id, choice);
  }
  if (choice !== 'allowed') return null;
  const abort = new AbortController();
  locating.value = () => abort.abort();
  const fix = await currentPosition(abort.signal);
  locating.value = null;
  return fix;
}

/** Somebody else may take the tablet now: what was asked of the one before is not asked of them. */
export function closeQuestions(): void {
  askingPosition.value?.('later');
  locating.value?.();
}

export function aboutTask(task: SyncTask): About {
  const { alert } = task;
  return {
    task_id: task.id,
    base_version: alert.version,
    label: { reference: alert.reference, category: alert.category, address: alert.address ?? null },
    proof_required: task.proof_required,
  };
}

/** What the tablet shows of a task, or showed last when it has left the list. */
export function aboutTaskId(id: string): About {
  const row = rows.value.find((each) => each.task.id === id);
  if (row) return aboutTask(row.task);
  const last = actions.value.findLast((item) => item.task_id === id);
  const label = last?.label ?? { reference: null, category: '', address: null };
  const base = last ? (JSON.parse(last.payload) as { base_version: number | null }).base_version : null;
  return { task_id: id, base_version: base, label, proof_required: false };
}

export interface Recorded {
  kind: Kind;
  /** Who pressed: the tablet may be somebody else's before the last photo is prepared. */
  agent: NewAction['agent'] | null;
  about: About;
  fields: NewAction['fields'];
  photos: NewAction['photos'];
  draft?: string;
  corrects?: string;
}

/** Rejects when the tablet could not keep it: whoever calls says so, and nothing was recorded. */
export async function record(what: Recorded): Promise<void> {
  const { agent } = what;
  if (!agent) return;
  const position = person.value?.id === agent.id ? await placeOfAction() : null;
  await enqueue(env(), {
    kind: what.kind,
    agent,
    task_id: what.about.task_id,
    base_version: what.about.base_version,
    position,
    label: what.about.label,
    fields: what.fields,
    photos: what.photos,
    ...(what.draft ? { draft: what.draft } : {}),
    ...(what.corrects ? { corrects: what.corrects } : {}),
  });
  say(t('saved', { what: t(`kind.${what.kind}`) }));
  void wake();
}
