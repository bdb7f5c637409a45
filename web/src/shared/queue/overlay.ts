// What the crew sees of a task: the server's word, and on top of it what the tablet still has to send. Pure.
import type { Kind, Step, SyncTask } from '../api/wire';
import type { QueuedAction } from './items';

const stepOf: Partial<Record<Kind, Step[]>> = {
  start: ['start', 'resume'],
  pause: ['pause'],
  done: ['finish'],
  made_safe: ['make_safe'],
  need_material: ['need_material'],
  not_found: ['not_found'],
  not_ours: ['not_ours'],
  dangerous: ['dangerous'],
};

/** After these the task leaves the crew's day. */
const closing: readonly Kind[] = ['done', 'not_found', 'not_ours', 'hand_over'];

export interface Seen {
  status: string;
  accepted: boolean;
  /** Closed on this tablet; the server may not know yet. */
  closed: boolean;
  /** Actions of this tablet that the server's word does not show yet, oldest first. */
  pending: QueuedAction[];
  offered: Kind[];
}

const statusAfter: Partial<Record<Kind, string>> = {
  start: 'in_progress',
  pause: 'dispatched',
  done: 'done',
  made_safe: 'made_safe',
  need_material: 'on_hold',
};

function offeredBy(task: SyncTask, last: Kind | null, accepted: boolean): Kind[] {
  const allowed = new Set(task.allowed);
  const working = last === 'start' || (last === null && task.alert.status === 'in_progress');
  const offered: Kind[] = [];
  if (!accepted) offered.push('accept');
  const can = (kind: Kind) => (stepOf[kind] ?? []).some((step) => allowed.has(step));
  if (working) offered.push('pause');
  else if (can('start') || last === 'pause' || last === 'need_material' || last === 'made_safe') offered.push('start');
  for (const kind of ['done', 'made_safe', 'need_material', 'not_found', 'not_ours', 'dangerous'] as const) {
    if (kind === 'made_safe' && last === 'made_safe') continue;
    if (working || can(kind)) offered.push(kind);
  }
  offered.push('note', 'requalify', 'hand_over');
  return offered;
}

const showsOnTop = (item: QueuedAction) =>
  item.state === 'queued' || item.state === 'waiting' || ((item.state === 'applied' || item.state === 'superseded') && !item.settled);

export function seen(task: SyncTask, actions: QueuedAction[]): Seen {
  const pending = actions.filter((item) => item.task_id === task.id && showsOnTop(item)).sort((a, b) => a.seq - b.seq);
  // Whoever has begun has said yes.
  const accepted = task.state === 'accepted' || task.alert.status === 'in_progress' || pending.length > 0;
  const moving = pending.filter((item) => item.kind in statusAfter || closing.includes(item.kind));
  const last = moving.at(-1)?.kind ?? null;
  const closed = moving.some((item) => closing.includes(item.kind));
  const status = (last && statusAfter[last]) ?? task.alert.status;
  return { status, accepted, closed, pending, offered: closed ? ['note'] : offeredBy(task, last, accepted) };
}

export type Group = 'now' | 'later' | 'closed';

/** Where a task stands in the day: what is planned for later apart, what was closed on this tablet last. */
export function groupOf(task: SyncTask, closed: boolean, today: string): Group {
  if (closed) return 'closed';
  return task.planned_on && task.planned_on > today ? 'later' : 'now';
}

/** Of tasks in no round: the urgent without a day, then those of a day, then the others. */
function turn(task: SyncTask): number {
  if (task.planned_on) return 1;
  return task.alert.priority >= 4 ? 0 : 2;
}

/** The crew's order: day, what is left over or has none being today's; then the round's rank, 0 for what was never put in one;
 * then the earlier planned, what is more urgent (4 is), and what is due first. */
export function inOrder(today: string): (a: SyncTask, b: SyncTask) => number {
  const day = (task: SyncTask) => (task.planned_on && task.planned_on > today ? task.planned_on : '');
  return (a, b) =>
    day(a).localeCompare(day(b)) ||
    a.rank - b.rank ||
    turn(a) - turn(b) ||
    (a.planned_on ?? '').localeCompare(b.planned_on ?? '') ||
    b.alert.priority - a.alert.priority ||
    a.alert.due_at.localeCompare(b.alert.due_at) ||
    a.id.localeCompare(b.id);
}
