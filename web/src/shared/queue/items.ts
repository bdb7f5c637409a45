// What waits on the tablet, and how a receipt moves it on. Pure.
import type { Kind, Problem, Receipt } from '../api/wire';
import type { Failure } from '../api/answer';

/**
 * queued: frozen, to be sent, again and again, until a receipt names it.
 * applied, superseded: the server has it. waiting: the server has it and a supervisor decides.
 * dismissed: a supervisor laid it aside.
 * refused: the server will never take it as it is; it stays until somebody corrects or discards it.
 * corrected, discarded: somebody did.
 */
export type ActionState = 'queued' | 'applied' | 'superseded' | 'waiting' | 'refused' | 'dismissed' | 'corrected' | 'discarded';

export interface QueuedAction {
  id: string;
  seq: number;
  agent_id: string;
  agent_name: string;
  kind: Kind;
  task_id: string | null;
  /** How the list names it when the task is gone. */
  label: { reference: string | null; category: string; address: string | null };
  /** The JSON that is sent: written once, never again. */
  payload: string;
  photo_ids: string[];
  created_at: string;
  state: ActionState;
  receipt: Receipt | null;
  receipt_at: number | null;
  /** Whether a later answer of the server shows its effect: until then the tablet shows it on top. */
  settled: boolean;
  /** Somebody read that it was superseded or laid aside. */
  seen: boolean;
  tries: number;
  last_failure: Failure | null;
  /** The server refused the whole message because of this item alone; it is tried again on request. */
  held: Problem | null;
  replaced_by: string | null;
}

export interface QueuedPhoto {
  id: string;
  action_id: string;
  task_id: string | null;
  report_id: string | null;
  blob: Blob;
  taken_at: string;
  /** Where its bytes go, once the server has said so. */
  upload_url: string | null;
  state: 'queued' | 'sent' | 'refused';
  tries: number;
  last_failure: Failure | null;
  problem: Problem | null;
}

/** What a form is about, as the tablet showed it when the form was opened: the task may leave the list before it is recorded. */
export interface About {
  task_id: string | null;
  base_version: number | null;
  label: QueuedAction['label'];
  proof_required: boolean;
}

/** A form that is being filled in; it survives the camera app pushing the page out of memory. It is its person's alone. */
export interface Draft {
  key: string;
  agent_id: string;
  kind: Kind;
  /** Where the form is opened again. */
  hash: string;
  about: About;
  values: Record<string, unknown>;
  photos: DraftPhoto[];
  at: number;
}

export interface DraftPhoto {
  id: string;
  blob: Blob;
}

export const finalStates: readonly ActionState[] = ['applied', 'superseded', 'dismissed', 'corrected', 'discarded'];

/** The server's decision about an item. A decision that was made is not unmade by an older one. */
export function withReceipt(item: QueuedAction, receipt: Receipt, now: number): QueuedAction {
  if (receipt.id !== item.id || finalStates.includes(item.state)) return item;
  if (item.state === 'waiting' && receipt.outcome === 'waiting') return item;
  return { ...item, state: receipt.outcome, receipt, receipt_at: now, held: null, last_failure: null };
}

/** What was answered before the pull began is part of what was pulled. */
export function settle(item: QueuedAction, pullStartedAt: number): QueuedAction {
  if (item.settled || item.receipt_at === null || item.receipt_at >= pullStartedAt) return item;
  return { ...item, settled: true };
}

const tellingReasons: readonly string[] = ['reassigned', 'merged', 'reported_since'];

/** It took effect, but not as the crew thinks: the service planned otherwise meanwhile, or somebody reported it again. */
export function tookAnotherWay(item: QueuedAction): boolean {
  return item.state === 'applied' && tellingReasons.includes(item.receipt?.reason ?? '');
}

/** Somebody should read what became of it, once. */
export function toBeRead(item: QueuedAction): boolean {
  return !item.seen && (item.state === 'superseded' || item.state === 'dismissed' || tookAnotherWay(item));
}

/** Needs somebody's eyes. */
export function needsAttention(item: QueuedAction): boolean {
  return item.state === 'refused' || item.held !== null || toBeRead(item);
}

/**
 * Photos follow their action: what was refused may be corrected first, and takes its photos along. A report that waits for a
 * decision is no report yet.
 */
export function photoMayGo(photo: QueuedPhoto, action: QueuedAction | undefined): boolean {
  if (photo.state !== 'queued' || action === undefined) return false;
  if (action.kind === 'new_alert' && action.state === 'waiting') return false;
  return ['applied', 'superseded', 'waiting', 'dismissed'].includes(action.state);
}

const keptMs = 7 * 24 * 3600_000;

/** Done with for a week: the person has seen it, the server has it and its photos. */
export function mayBeForgotten(item: QueuedAction, now: number, photos: QueuedPhoto[]): boolean {
  if (photos.some((photo) => photo.action_id === item.id && photo.state !== 'sent')) return false;
  return finalStates.includes(item.state) && now - Date.parse(item.created_at) > keptMs && !needsAttention(item);
}

/** Wait before the next try: doubling from 5 s to 15 minutes, between half and all of it, never before the server allows. */
export function waitBeforeRetry(failures: number, random: number, retryAfter: number | null): number {
  const full = Math.min(15 * 60_000, 5_000 * 2 ** Math.max(0, failures - 1));
  return Math.max(full * (0.5 + random / 2), retryAfter ?? 0);
}
