// A tablet in memory: a database of its own, a clock that stands, and a network that the test plays.
import 'fake-indexeddb/auto';
import type { Receipt, SyncTask } from '../src/shared/api/wire';
import { openDatabase } from '../src/shared/db/database';
import type { Environment } from '../src/shared/environment';
import type { NewAction } from '../src/shared/queue/enqueue';

let made = 0;

export interface Tablet extends Environment {
  clock: { now: number };
  asked: { path: string; method: string; body: string }[];
  answer: (path: string, body: string, method: string) => Response | Promise<Response>;
}

export async function tablet(): Promise<Tablet> {
  const clock = { now: Date.parse('2026-11-23T08:00:00Z') };
  const tails = new Map<string, Promise<unknown>>();
  const one: Tablet = {
    db: await openDatabase(`test-${(made += 1)}`),
    clock,
    asked: [],
    answer: () => new Response(null, { status: 599 }),
    fetch: async (input, init) => {
      const [path, body, method] = [String(input), typeof init?.body === 'string' ? init.body : '', init?.method ?? 'GET'];
      one.asked.push({ path, body, method });
      return one.answer(path, body, method);
    },
    now: () => clock.now,
    random: () => 0.5,
    lock: (name, work) => {
      const next = (tails.get(name) ?? Promise.resolve()).then(work, work);
      tails.set(name, next);
      return next;
    },
    language: async () => 'fr',
    changed: () => undefined,
  };
  return one;
}

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json', ...headers } });

export const html = (status: number) => new Response('<html>Welcome to our Wi-Fi</html>', { status, headers: { 'content-type': 'text/html' } });

export const receipt = (id: string, more: Partial<Receipt> = {}): Receipt => ({
  id, outcome: 'applied', replayed: false, reason: null, message: null, problem: null, task_id: null, alert_id: null, review: false, received_at: '2026-11-23T08:00:01Z', ...more,
});

export const agent = { id: '01a2032b-287d-75b1-8f7c-a701e09961de', name: 'Martinet Brouette' };

export const action = (more: Partial<NewAction> = {}): NewAction => ({
  kind: 'note', agent, task_id: 'task-1', base_version: 3, position: null, label: { reference: 'A-1', category: 'trottoir', address: null },
  fields: { note: 'Vu' }, photos: [], ...more,
});

export const task = (more: Partial<SyncTask> = {}): SyncTask => ({
  id: 'task-1', crew_id: 'crew', planned_on: '2026-11-23', shift: null, rank: 10, locked: false, instructions: null, state: 'open', created_at: '2026-11-20T08:00:00Z',
  alert: { id: 'alert-1', version: 3, reference: 'A-1', category: 'trottoir', category_label: { fr: 'Trottoir', en: 'Pavement' }, icon: 'trottoir', status: 'dispatched', priority: 2, severity: 0, position: { type: 'Point', coordinates: [-4.5, 46.5] }, address: null, due_at: '2026-11-25T16:00:00Z', opened_at: '2026-11-20T08:00:00Z', report_count: 1, reason: null, review_on: null },
  reports: [], photos: [], notes: [], allowed: ['start', 'finish', 'not_found', 'not_ours', 'need_material', 'dangerous', 'make_safe'], proof_required: false, ...more,
});
