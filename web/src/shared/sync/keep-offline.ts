// What the shift needs beside its tasks: categories with their questions, small photos, icons and the map around the work.
import { accessToken } from '../auth/session';
import { catalogue, mapInfo, ownPath, photo } from '../api/calls';
import { getMeta, putMeta } from '../db/database';
import type { Environment } from '../environment';
import { tilesAround } from './tiles';
import type { MapInfo } from '../api/wire';

export const mapCache = 'vigie-map';
export const iconCache = 'vigie-icons';

export async function keepOffline(env: Environment, base: string, caches: CacheStorage): Promise<void> {
  const token = await accessToken(env);
  if (!token.ok) return;
  const answer = await mapInfo(env, token.token);
  if (answer.ok) await putMeta(env.db, 'map', answer.value);
  const map = await getMeta(env.db, 'map');
  if (!map) return;
  await keepCatalogue(env, map);
  env.changed();
  await keepThumbs(env, token.token, base);
  await keepIcons(env, base, caches);
  await keepTiles(env, map, base, caches);
}

async function keepCatalogue(env: Environment, map: MapInfo): Promise<void> {
  const known = await getMeta(env.db, 'catalogue');
  const answer = await catalogue(env, map.jurisdiction, known?.etag ?? null);
  if (answer.ok) await putMeta(env.db, 'catalogue', { etag: answer.etag, body: answer.value });
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
    if (blob) await env.db.put('thumbs', { id, blob });
  }
  env.changed();
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

async function keepIcons(env: Environment, base: string, caches: CacheStorage): Promise<void> {
  const kept = await caches.open(iconCache);
  for (const category of (await getMeta(env.db, 'catalogue'))?.body.categories ?? []) {
    if (!(await keepOne(env, kept, ownPath(category.icon, base), 'svg'))) return;
  }
}

async function keepTiles(env: Environment, map: MapInfo, base: string, caches: CacheStorage): Promise<void> {
  const kept = await caches.open(mapCache);
  const points = (await env.db.getAll('tasks')).map((task) => task.alert.position.coordinates as [number, number]);
  for (const { z, x, y } of tilesAround(points, map)) {
    const path = map.base_tiles.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y));
    if (!(await keepOne(env, kept, ownPath(path, base), ''))) return;
  }
}

/** False when the network is not there. A page of HTML in place of a tile or icon is not kept. */
async function keepOne(env: Environment, kept: Cache, path: string, type: string): Promise<boolean> {
  if (await kept.match(path)) return true;
  try {
    const response = await env.fetch(path, { credentials: 'omit' });
    const given = response.headers.get('content-type') ?? '';
    if (response.ok && given.includes(type) && !given.includes('html')) await kept.put(path, response);
    return true;
  } catch {
    return false;
  }
}
