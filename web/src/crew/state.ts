// What the screens show: the database as signals, read anew whenever something in it changed here, in another tab or in the
// service worker. Screens never hold truth of their own.
import { batch, computed, signal } from '@preact/signals';
import type { Failure } from '../shared/api/answer';
import type { Action, Category, Crew, MapInfo, SiteReport, SyncTask } from '../shared/api/wire';
import { getMeta, type CategoryName, type Device, type LeftTask } from '../shared/db/database';
import type { Environment } from '../shared/environment';
import { dayOf, language, speak, today } from '../shared/i18n';
import { needsAttention, type Draft, type QueuedAction, type QueuedPhoto } from '../shared/queue/items';
import { groupOf, inOrder, seen, type Group, type Seen } from '../shared/queue/overlay';
import type { Vault } from '../shared/auth/vault';
import { channelName, makeEnvironment } from './environment';

export const device = signal<Device | null>(null);
export const agents = signal<{ id: string; name: string }[]>([]);
export const vaults = signal<Vault[]>([]);
export const person = signal<{ id: string; name: string } | null>(null);
export const tasks = signal<SyncTask[]>([]);
export const actions = signal<QueuedAction[]>([]);
export const photos = signal<QueuedPhoto[]>([]);
/** Forms that this person began and did not record. */
export const drafts = signal<Draft[]>([]);
export const thumbs = signal<ReadonlyMap<string, Blob>>(new Map());
export const categories = signal<ReadonlyMap<string, Category>>(new Map());
/** By code, also of those that left the catalogue. */
export const categoryNames = signal<Readonly<Record<string, CategoryName>>>({});
export const emergency = signal<{ number: string; label: { fr?: string; en?: string } }[]>([]);
export const photoLimit = signal(15 * 1024 * 1024);
export const map = signal<MapInfo | null>(null);
/** Crews that a task may be handed over to. */
export const crews = signal<Crew[]>([]);
export const pulledAt = signal<string | null>(null);
export const left = signal<LeftTask[]>([]);
export const wipedAt = signal<string | null>(null);
export const positionChoice = signal<'allowed' | 'never' | null>(null);
export const ready = signal(false);

export const online = signal(navigator.onLine);
export const working = signal(false);
export const failure = signal<Failure | null>(null);
/** When the tablet tries again by itself, after a failure. */
export const nextTry = signal<number | null>(null);
/** Why the server made no new session of the PIN that opened the tablet. */
export const renewalRefused = signal<Failure | null>(null);
/** The day on the tablet's calendar; it changes while the app stays open. */
export const dayNow = signal(today());

export const toSend = computed(
  () => actions.value.filter((item) => item.state === 'queued').length + photos.value.filter((item) => item.state === 'queued').length,
);
export const attention = computed(
  () => actions.value.filter(needsAttention).length + photos.value.filter((item) => item.state === 'refused').length,
);

export interface Row {
  task: SyncTask;
  seen: Seen;
  group: Group;
  /** Its number in the list and on the map. */
  number: number;
}

export const rows = computed<Row[]>(() => {
  const day = dayNow.value;
  const places: Group[] = ['now', 'later', 'closed'];
  const order = inOrder(day);
  return tasks.value
    .map((task) => {
      const view = seen(task, actions.value);
      return { task, seen: view, group: groupOf(task, view.closed, day), number: 0 };
    })
    .sort((a, b) => places.indexOf(a.group) - places.indexOf(b.group) || order(a.task, b.task))
    .map((row, index) => ({ ...row, number: index + 1 }));
});

export interface OwnAlert {
  item: QueuedAction;
  report: SiteReport;
}

/** What was reported on site today, until it comes back as a task of the crew. */
export const ownAlerts = computed<OwnAlert[]>(() => {
  const planned = new Set(tasks.value.map((task) => task.alert.id));
  return actions.value.flatMap((item) => {
    const shown = item.kind === 'new_alert' && ['queued', 'applied', 'waiting'].includes(item.state) && dayOf(item.created_at) === dayNow.value;
    if (!shown || (item.receipt?.alert_id && planned.has(item.receipt.alert_id))) return [];
    const { report } = JSON.parse(item.payload) as Action;
    return report ? [{ item, report }] : [];
  });
});

let environment: Environment | null = null;
const channel = new BroadcastChannel(channelName);

export function env(): Environment {
  if (!environment) throw new Error('the database is not open yet');
  return environment;
}

let reading: Promise<void> | null = null;
let again = false;

/** Reads the database; calls while it reads make it read once more. */
export function reload(): Promise<void> {
  if (reading) {
    again = true;
    return reading;
  }
  reading = read().finally(() => {
    reading = null;
    if (again) {
      again = false;
      void reload().catch(() => undefined);
    }
  });
  return reading;
}

async function read(): Promise<void> {
  const { db } = env();
  const [kept, agentList, session, vaultList, taskList, actionList, photoList, thumbList, draftList] = await Promise.all([
    getMeta(db, 'device'), getMeta(db, 'agents'), db.get('session', 'current'), db.getAll('vaults'), db.getAll('tasks'),
    db.getAllFromIndex('actions', 'seq'), db.getAll('photos'), db.getAll('thumbs'), db.getAll('drafts'),
  ]);
  const [catalogue, names, mapOf, pulled, leftTasks, wiped, choice, lang, crewList] = await Promise.all([
    getMeta(db, 'catalogue'), getMeta(db, 'category_names'), getMeta(db, 'map'), getMeta(db, 'pulled_at'), getMeta(db, 'left'),
    getMeta(db, 'wiped_at'), getMeta(db, 'positions'), getMeta(db, 'language'), getMeta(db, 'crews'),
  ]);
  // Without its file (an update in another tab) the words stay as they are.
  if (lang && lang !== language.value) await speak(lang).catch(() => undefined);
  batch(() => {
    device.value = kept ?? null;
    agents.value = agentList ?? [];
    vaults.value = vaultList;
    const current = session && !session.locked ? { id: session.agent_id, name: session.name } : null;
    if (current?.id !== person.value?.id) {
      person.value = current;
      renewalRefused.value = null;
    }
    drafts.value = draftList.filter((draft) => draft.agent_id === current?.id);
    tasks.value = taskList;
    actions.value = actionList;
    photos.value = photoList;
    thumbs.value = new Map(thumbList.map(({ id, blob }) => [id, thumbs.value.get(id) ?? blob]));
    categories.value = new Map((catalogue?.body.categories ?? []).map((category) => [category.code, category]));
    categoryNames.value = names ?? {};
    emergency.value = catalogue?.body.emergency_numbers ?? [];
    if (catalogue) photoLimit.value = catalogue.body.limits.photos.max_bytes;
    map.value = mapOf ?? null;
    crews.value = (crewList ?? []).filter((crew) => crew.id !== kept?.crew_id);
    pulledAt.value = pulled ?? null;
    left.value = leftTasks ?? [];
    wipedAt.value = wiped ?? null;
    positionChoice.value = (current && choice?.[current.id]) ?? null;
    ready.value = true;
  });
}

/** `gone`: the browser closed the database and does not open it again. */
export async function start(gone: () => void): Promise<void> {
  environment = await makeEnvironment(() => {
    channel.postMessage('changed');
    void reload().catch(() => undefined);
  }, gone);
  channel.onmessage = () => void reload().catch(() => undefined);
  await reload();
  const look = () => (dayNow.value = today());
  setInterval(look, 30_000);
  document.addEventListener('visibilitychange', look);
}
