// A person pressed: position if they allow it, then the queue, then the words on the screen, in this order.
import { signal } from '@preact/signals';
import type { Kind, SyncTask } from '../shared/api/wire';
import { putMeta } from '../shared/db/database';
import { t } from '../shared/i18n';
import { enqueue, type NewAction } from '../shared/queue/enqueue';
import { currentPosition, type Fix } from './position';
import { actions, env, person, positionChoice } from './state';
import { wake } from './sync-loop';
import { say } from './parts/toast';

/** Open while the person is asked once whether actions may carry their place. */
export const askingPosition = signal<((choice: 'allowed' | 'never') => void) | null>(null);
/** Open while the place is looked for; calling it goes on without. */
export const locating = signal<(() => void) | null>(null);

export async function placeOfAction(): Promise<Fix | null> {
  let choice = positionChoice.value;
  if (choice === null) {
    choice = await new Promise<'allowed' | 'never'>((resolve) => (askingPosition.value = resolve));
    askingPosition.value = null;
    await putMeta(env().db, 'position', choice);
    env().changed();
  }
  if (choice === 'never') return null;
  const abort = new AbortController();
  locating.value = () => abort.abort();
  const fix = await currentPosition(abort.signal);
  locating.value = null;
  return fix;
}

export interface Recorded {
  kind: Kind;
  task: SyncTask | null;
  fields: NewAction['fields'];
  photos: NewAction['photos'];
  draft?: string;
  corrects?: string;
  /** Of a new alert, whose report has a place of its own. */
  label?: NewAction['label'];
}

export async function record(what: Recorded): Promise<void> {
  const agent = person.value;
  if (!agent) return;
  const position = await placeOfAction();
  const alert = what.task?.alert;
  const old = what.corrects ? actions.value.find((item) => item.id === what.corrects) : undefined;
  const base = old ? (JSON.parse(old.payload) as { base_version: number | null }).base_version : null;
  await enqueue(env(), {
    kind: what.kind,
    agent,
    task_id: what.task?.id ?? old?.task_id ?? null,
    base_version: alert?.version ?? base,
    position,
    label: what.label ?? old?.label ?? { reference: alert?.reference ?? null, category: alert?.category ?? '', address: alert?.address ?? null },
    fields: what.fields,
    photos: what.photos,
    ...(what.draft ? { draft: what.draft } : {}),
    ...(what.corrects ? { corrects: what.corrects } : {}),
  });
  say(t('saved', { what: t(`kind.${what.kind}`) }));
  void wake();
}
