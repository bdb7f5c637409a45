// What the screens show: the database as signals, read anew whenever something in it changed here, in another tab or in the
// service worker. Screens never hold truth of their own.
import { batch, computed, signal } from '@preact/signals';
import type { Failure } from '../shared/api/answer';
import type { Category, Crew, MapInfo, SyncTask } from '../shared/api/wire';
import { getMeta, type Device, type LeftTask } from '../shared/db/database';
import type { Environment } from '../shared/environment';
import { language, speak, today } from '../shared/i18n';
import { needsAttention, type QueuedAction, type QueuedPhoto } from '../shared/queue/items';
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
export const thumbs = signal<ReadonlyMap<string, Blob>>(new Map());
export const categories = signal<ReadonlyMap<string, Category>>(new Map());
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
  const day = today();
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
      void reload();
    }
  });
  return reading;
}

async function read(): Promise<void> {
  const { db } = env();
  const [kept, agentList, session, vaultList, taskList, actionList, photoList, thumbList] = await Promise.all([
    getMeta(db, 'device'), getMeta(db, 'agents'), db.get('session', 'current'), db.getAll('vaults'), db.getAll('tasks'),
    db.getAllFromIndex('actions', 'seq'), db.getAll('photos'), db.getAll('thumbs'),
  ]);
  const [catalogue, mapOf, pulled, leftTasks, wiped, choice, lang, crewList] = await Promise.all([
    getMeta(db, 'catalogue'), getMeta(db, 'map'), getMeta(db, 'pulled_at'), getMeta(db, 'left'), getMeta(db, 'wiped_at'),
    getMeta(db, 'position'), getMeta(db, 'language'), getMeta(db, 'crews'),
  ]);
  if (lang && lang !== language.value) await speak(lang);
  batch(() => {
    device.value = kept ?? null;
    agents.value = agentList ?? [];
    vaults.value = vaultList;
    const current = session && !session.locked ? { id: session.agent_id, name: session.name } : null;
    if (current?.id !== person.value?.id) person.value = current;
    tasks.value = taskList;
    actions.value = actionList;
    photos.value = photoList;
    thumbs.value = new Map(thumbList.map(({ id, blob }) => [id, thumbs.value.get(id) ?? blob]));
    categories.value = new Map((catalogue?.body.categories ?? []).map((category) => [category.code, category]));
    emergency.value = catalogue?.body.emergency_numbers ?? [];
    if (catalogue) photoLimit.value = catalogue.body.limits.photos.max_bytes;
    map.value = mapOf ?? null;
    crews.value = (crewList ?? []).filter((crew) => crew.id !== kept?.crew_id);
    pulledAt.value = pulled ?? null;
    left.value = leftTasks ?? [];
    wipedAt.value = wiped ?? null;
    positionChoice.value = choice ?? null;
    ready.value = true;
  });
}

export async function start(): Promise<void> {
  environment = await makeEnvironment(() => {
    channel.postMessage('changed');
    void reload();
  });
  channel.onmessage = () => void reload();
  await reload();
}
