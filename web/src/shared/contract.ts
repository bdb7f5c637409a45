// What the crew's tablet and the server say to each other beyond openapi.yaml. GeoJSON points are [lon, lat], times RFC 3339.

export interface Point {
  type: 'Point';
  coordinates: number[];
}

export type Step =
  | 'qualify' | 'dispatch' | 'plan' | 'start' | 'pause' | 'hold' | 'resume' | 'make_safe' | 'finish' | 'deliver' | 'reject'
  | 'transfer' | 'take_back' | 'not_found' | 'not_ours' | 'need_material' | 'dangerous' | 'reopen';

export interface SyncAlert {
  id: string;
  version: number;
  reference: string;
  category: string;
  icon: string;
  status: string;
  priority: number;
  severity: number;
  position: Point;
  address: string | null;
  due_at: string | null;
  opened_at: string;
  report_count: number;
  reason: string | null;
  review_on: string | null;
}

export interface SyncReport {
  observed_at: string;
  description: string | null;
  answers: Record<string, unknown>;
  position: Point;
}

export interface SyncPhoto {
  id: string;
  kind: 'report' | 'proof';
  state: 'expected' | 'received' | 'ready' | 'refused';
  placeholder: string | null;
}

export interface SyncNote {
  at: string;
  by: string | null;
  step: string;
  note: string | null;
  reason: string | null;
}

export interface SyncTask {
  id: string;
  crew_id: string;
  planned_on: string | null;
  shift: 'morning' | 'afternoon' | 'night' | null;
  rank: number;
  locked: boolean;
  instructions: string | null;
  state: 'open' | 'accepted';
  created_at: string;
  alert: SyncAlert;
  reports: SyncReport[];
  photos: SyncPhoto[];
  notes: SyncNote[];
  allowed: Step[];
  proof_required: boolean;
}

export interface GoneTask {
  task_id: string;
  reason: 'ended' | 'withdrawn' | 'merged' | 'out_of_scope';
  merged_into: string | null;
}

export interface SyncPage {
  cursor: string;
  has_more: boolean;
  reset: boolean;
  server_time: string;
  tasks: SyncTask[];
  gone: GoneTask[];
  receipts: Receipt[];
}

export const kinds = [
  'accept', 'start', 'pause', 'done', 'made_safe', 'need_material', 'not_found', 'not_ours', 'dangerous', 'note', 'requalify',
  'hand_over', 'new_alert',
] as const;
export type Kind = (typeof kinds)[number];

export interface Material {
  name: string;
  quantity: number;
  unit?: string;
}

/** A report that a crew makes on site; its id is the tablet's own. */
export interface SiteReport {
  id: string;
  category: string;
  position: Point;
  position_source: 'gps' | 'map';
  accuracy_m?: number;
  address?: string;
  description?: string;
  answers?: Record<string, unknown>;
  observed_at: string;
}

export interface Action {
  id: string;
  seq: number;
  agent_id: string;
  kind: Kind;
  task_id: string | null;
  base_version: number | null;
  client_at: string;
  position: Point | null;
  accuracy: number | null;
  reason?: string;
  review_date?: string;
  note?: string;
  public_note?: string;
  minutes?: number;
  material?: Material[];
  photo_ids?: string[];
  category?: string;
  crew_id?: string;
  report?: SiteReport;
}

export type Outcome = 'applied' | 'superseded' | 'waiting' | 'refused';

export interface Receipt {
  id: string;
  outcome: Outcome;
  replayed: boolean;
  reason: string | null;
  message: string | null;
  problem: Problem | null;
  task_id: string | null;
  alert_id: string | null;
  alert_reference: string | null;
  merged_into: string | null;
  review: boolean;
  received_at: string;
}

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  reason?: string;
  errors?: { field: string; code: string; message: string }[];
}

export interface MapInfo {
  style_url: string | null;
  bounds: [number, number, number, number];
  base_tiles: string;
  min_zoom: number;
  max_zoom: number;
  attribution: string | null;
}
