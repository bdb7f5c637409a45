// Everything the tablet keeps. One database; what belongs together is written in one transaction.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Catalogue, Crew, GoneReason, Localized, MapInfo, SyncTask } from '../api/wire';
import type { Draft, QueuedAction, QueuedPhoto } from '../queue/items';
import type { Session, Vault } from '../auth/vault';

export interface Device {
  device_id: string;
  name: string;
  crew_id: string | null;
  device_secret: string;
}

export interface LeftTask {
  task_id: string;
  reference: string;
  category: string;
  reason: GoneReason;
  at: string;
}

/** What a category is called, and the address of its icon; tablets of before kept no icons. */
export type CategoryName = Localized & { icon?: string };

/** Single values, by name. */
export interface Meta {
  device: Device;
  agents: { id: string; name: string }[];
  cursor: string;
  seq: number;
  catalogue: { etag: string | null; body: Catalogue };
  /** By code, also of categories that left the catalogue: their work goes on, and what waits to be sent names them. */
  category_names: Record<string, CategoryName>;
  map: MapInfo;
  crews: Crew[];
  language: 'fr' | 'en';
  pulled_at: string;
  left: LeftTask[];
  /** What each person chose: whether their actions carry their place. */
  positions: Record<string, 'allowed' | 'never'>;
  /** Which icons and tiles were all kept, so that nobody looks for them each minute. */
  kept_offline: string;
  wiped_at: string;
}

interface Schema extends DBSchema {
  meta: { key: string; value: Meta[keyof Meta] };
  vaults: { key: string; value: Vault };
  session: { key: string; value: Session };
  tasks: { key: string; value: SyncTask };
  actions: { key: string; value: QueuedAction; indexes: { seq: number } };
  photos: { key: string; value: QueuedPhoto; indexes: { action: string } };
  thumbs: { key: string; value: { id: string; blob: Blob } };
  drafts: { key: string; value: Draft };
}

export type Db = IDBPDatabase<Schema>;

export const stores = ['meta', 'vaults', 'session', 'tasks', 'actions', 'photos', 'thumbs', 'drafts'] as const;

/** `lost`: the browser closed it, or a newer version of the app in another tab wants it for itself. */
export async function openDatabase(name = 'vigie-crew', lost: () => void = () => undefined): Promise<Db> {
  const db: Db = await openDB<Schema>(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('meta');
      fresh.createObjectStore('vaults', { keyPath: 'agent_id' });
      fresh.createObjectStore('session', { keyPath: 'id' });
      fresh.createObjectStore('tasks', { keyPath: 'id' });
      fresh.createObjectStore('actions', { keyPath: 'id' }).createIndex('seq', 'seq', { unique: true });
      fresh.createObjectStore('photos', { keyPath: 'id' }).createIndex('action', 'action_id');
      fresh.createObjectStore('thumbs', { keyPath: 'id' });
      fresh.createObjectStore('drafts', { keyPath: 'key' });
    },
    // A newer version of the app in another tab must be able to change the schema.
    blocking: () => {
      db.close();
      lost();
    },
    terminated: () => lost(),
  });
  return db;
}

export async function getMeta<Name extends keyof Meta>(db: Db, name: Name): Promise<Meta[Name] | undefined> {
  return (await db.get('meta', name)) as Meta[Name] | undefined;
}

export async function putMeta<Name extends keyof Meta>(db: Db, name: Name, value: Meta[Name]): Promise<void> {
  await db.put('meta', value, name);
}

/** Whether the tablet still belongs to the town, asked inside a transaction: a wipe that came meanwhile has the last word. */
export async function isEnrolled(meta: { get(key: string): Promise<unknown> }): Promise<boolean> {
  return (await meta.get('device')) !== undefined;
}

/** Keeps a single value unless the tablet was wiped meanwhile. */
export async function putMetaIfEnrolled<Name extends keyof Meta>(db: Db, name: Name, value: Meta[Name]): Promise<void> {
  const tx = db.transaction('meta', 'readwrite');
  if (await isEnrolled(tx.store)) await tx.store.put(value, name);
  await tx.done;
}

/** Adds names of categories to those that are known, inside a transaction of the caller's. */
export async function nameCategories(meta: { get(key: string): Promise<unknown>; put(value: Meta['category_names'], key: string): Promise<unknown> }, names: Meta['category_names']): Promise<void> {
  const known = (await meta.get('category_names')) as Meta['category_names'] | undefined;
  await meta.put({ ...known, ...names }, 'category_names');
}

/** Forgets everything at once, and keeps only the moment at which it did. */
export async function clearDatabase(db: Db, at: string): Promise<void> {
  const tx = db.transaction(stores, 'readwrite');
  await Promise.all(stores.map((store) => tx.objectStore(store).clear()));
  await tx.objectStore('meta').put(at, 'wiped_at');
  await tx.done;
}
