// What the shift needs beside its tasks: categories with their questions, small photos, icons and the map around the work.
import { accessToken } from '../auth/session';
import { catalogue, mapInfo, ownPath, photo } from '../api/calls';
import { getMeta, isEnrolled, nameCategories, putMetaIfEnrolled } from '../db/database';
import type { Environment } from '../environment';
import { tilesAround } from './tiles';
import { retryAfterMs } from '../api/answer';
import type { MapInfo } from '../api/wire';

export const mapCache = 'vigie-map';
export const iconCache = 'vigie-icons';

/** Until when the server asked not to be asked for files. */
const quietUntil = new WeakMap<object, number>();
const longestQuietMs = 15 * 60_000;

export async function keepOffline(env: Environment, base: string, caches: CacheStorage): Promise<void> {
  const token = await accessToken(env);
  if (!token.ok) return;
  const answer = await mapInfo(env, token.token);
  if (answer.ok) await putMetaIfEnrolled(env.db, 'map', answer.value);
  const map = await getMeta(env.db, 'map');
  if (!map) return;
  await keepCatalogue(env, token.token, map);
  env.changed();
  await keepThumbs(env, token.token, base);
  await keepFiles(env, map, base, caches);
}

/** Icons and tiles. Which these are follows from the catalogue and from where the tasks lie; once all are here, nobody looks. */
async function keepFiles(env: Environment, map: MapInfo, base: string, caches: CacheStorage): Promise<void> {
  const left = (quietUntil.get(env) ?? 0) - env.now();
  if (left > 0 && left <= longestQuietMs) return;
  const points = (await env.db.getAll('tasks')).map((task) => task.alert.position.coordinates as [number, number]);
  const known = [...((await getMeta(env.db, 'catalogue'))?.body.categories ?? []), ...Object.values((await getMeta(env.db, 'category_names')) ?? {})];
  const icons = [...new Set(known.flatMap(({ icon }) => (icon ? ownPath(icon, base) : [])))];
  const wanted = JSON.stringify([map.base_tiles, icons, [...new Set(points.map(String))].sort()]);
  const held = (await caches.has(mapCache)) && (await caches.has(iconCache));
  if (held && (await getMeta(env.db, 'kept_offline')) === wanted) return;
  if (!(await keepIcons(env, icons, caches)) || !(await keepTiles(env, map, points, base, caches))) return;
  await putMetaIfEnrolled(env.db, 'kept_offline', wanted);
}

async function keepCatalogue(env: Environment, token: string, map: MapInfo): Promise<void> {
  const known = await getMeta(env.db, 'catalogue');
  const answer = await catalogue(env, token, map.jurisdiction, known?.etag ?? null);
  if (!answer.ok) return;
  const tx = env.db.transaction('meta', 'readwrite');
  if (await isEnrolled(tx.store)) {
    await nameCategories(tx.store, Object.fromEntries(answer.value.categories.map(({ code, label, icon }) => [code, { ...label, icon }])));
    await tx.store.put({ etag: answer.etag, body: answer.value }, 'catalogue');
  }
  await tx.done;
}

async function keepThumbs(env: Environment, token: string, base: string): Promise<void> {
  const wanted = new Set<string>();
  for (const task of await env.db.getAll('tasks')) {
    for (const each of task.photos) if (each.state === 'ready') wanted.add(each.id);
  }
  const kept = new Set(await env.db.getAllKeys('thumbs'));
  for (const id of kept) if (!wanted.has(id)) await env.db.delete('thumbs', id);
  for (const id of wanted) {
    if (kept.has(id)) continue;
    const blob = await picture(env, token, base, id, 'small');
    if (blob === 'offline') return;
    if (blob && !(await keepThumb(env, id, blob))) return;
  }
  env.changed();
}

/** False when the tablet was wiped meanwhile. */
async function keepThumb(env: Environment, id: string, blob: Blob): Promise<boolean> {
  const tx = env.db.transaction(['thumbs', 'meta'], 'readwrite');
  const enrolled = await isEnrolled(tx.objectStore('meta'));
  if (enrolled) await tx.objectStore('thumbs').put({ id, blob });
  await tx.done;
  return enrolled;
}

/** A picture of a photo; null when there is none, 'offline' when it is no use to go on asking. */
export async function picture(env: Environment, token: string, base: string, id: string, size: 'small' | 'large'): Promise<Blob | null | 'offline'> {
  const view = await photo(env, token, id);
  if (!view.ok) return view.failure.kind === 'problem' || view.failure.kind === 'forbidden' ? null : 'offline';
  const link = view.value.links?.[size];
  if (!link) return null;
  try {
    const response = await env.fetch(ownPath(link, base), { credentials: 'omit' });
    const blob = await response.blob();
    return response.ok && blob.type.startsWith('image/') ? blob : null;
  } catch {
    return 'offline';
  }
}

async function keepIcons(env: Environment, icons: string[], caches: CacheStorage): Promise<boolean> {
  const kept = await caches.open(iconCache);
  for (const icon of icons) if (!(await keepOne(env, kept, icon, 'svg'))) return false;
  return true;
}

async function keepTiles(env: Environment, map: MapInfo, points: [number, number][], base: string, caches: CacheStorage): Promise<boolean> {
  const kept = await caches.open(mapCache);
  for (const { z, x, y } of tilesAround(points, map)) {
    const path = map.base_tiles.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y));
    if (!(await keepOne(env, kept, ownPath(path, base), ''))) return false;
  }
  // What is kept of the map before goes only now that the new one is here.
  const { search } = new URL(map.base_tiles, base);
  for (const request of await kept.keys()) if (new URL(request.url).search !== search) await kept.delete(request);
  return true;
}

/** False when it is no use to go on asking. A page of HTML in place of a tile or icon is not kept. */
async function keepOne(env: Environment, kept: Cache, path: string, type: string): Promise<boolean> {
  if (await kept.match(path)) return true;
  try {
    const response = await env.fetch(path, { credentials: 'omit' });
    if (response.status === 429 || response.status >= 500) {
      const asked = retryAfterMs(response.headers.get('retry-after'), env.now());
      quietUntil.set(env, env.now() + Math.min(longestQuietMs, asked ?? 60_000));
      return false;
    }
    const given = response.headers.get('content-type') ?? '';
    const html = given.includes('html');
    if (response.ok && given.includes(type) && !html) await kept.put(path, response);
    // What a network's sign-in page answers is no word on the file.
    return !html;
  } catch {
    return false;
  }
}
