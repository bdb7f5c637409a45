import { beforeEach, describe, expect, it } from 'vitest';
import { enter } from '../src/shared/auth/session';
import { clearDatabase, getMeta, putMeta } from '../src/shared/db/database';
import { keepOffline } from '../src/shared/sync/keep-offline';
import { agent, html, json, tablet, task, type Tablet } from './environment';

const tokens = { access_token: 'a1', refresh_token: 'r1', expires_in: 900, session_expires_at: '2026-11-26T08:00:00Z', staff: { ...agent, locale: 'fr' } };
const town = { jurisdiction: 'ingeville', base_tiles: '/v1/tiles/ingeville/base/{z}/{x}/{y}', bounds: [-4.54, 46.47, -4.46, 46.53], min_zoom: 11, max_zoom: 13, style_url: null };
const category = { code: 'trottoir', label: { fr: 'Trottoir' }, icon: 'https://v.example/icons/trottoir.svg', group: false, open: true };
const tile = () => new Response('tile', { headers: { 'content-type': 'application/vnd.mapbox-vector-tile' } });
const icon = () => new Response('<svg/>', { headers: { 'content-type': 'image/svg+xml' } });

/** Caches of a browser, as far as they are asked here. */
function memory(): CacheStorage {
  const all = new Map<string, Map<string, Response>>();
  return {
    has: async (name: string) => all.has(name),
    open: async (name: string) => {
      const kept = all.get(name) ?? new Map<string, Response>();
      all.set(name, kept);
      return {
        match: async (path: string) => kept.get(path),
        put: async (path: string, response: Response) => void kept.set(path, response),
        keys: async () => [...kept.keys()].map((path) => ({ url: new URL(path, 'https://v.example').href })),
        delete: async ({ url }: Request) => kept.delete(url.replace('https://v.example', '')),
      };
    },
  } as unknown as CacheStorage;
}

let one: Tablet;
let onTile: () => Response;
let where: typeof town;
let caches: CacheStorage;
const asked = (part: string) => one.asked.filter(({ path }) => path.includes(part)).length;
const look = () => keepOffline(one, 'https://v.example/equipe/', caches);

beforeEach(async () => {
  one = await tablet();
  caches = memory();
  onTile = tile;
  where = town;
  one.answer = (path) => {
    if (path === '/v1/auth/pin') return json(tokens);
    if (path === '/v1/map') return json(where);
    if (path.startsWith('/v1/catalogue')) return json({ jurisdiction: {}, categories: [category] }, 200, { etag: '"1"' });
    return path.startsWith('/icons/') ? icon() : onTile();
  };
  await putMeta(one.db, 'device', { device_id: 'd', name: 'n', crew_id: null, device_secret: 's' });
  await enter(one, agent, '739164');
  await one.db.put('tasks', task());
});

describe('what is kept for a shift without network', () => {
  it('is looked for again only when the work lies elsewhere', async () => {
    await look();
    const first = asked('/base/');
    expect(first).toBeGreaterThan(3);
    await look();
    expect(asked('/base/')).toBe(first);
    await one.db.put('tasks', task({ id: 'task-2', alert: { ...task().alert, position: { type: 'Point', coordinates: [-4.47, 46.48] } } }));
    let looked = 0;
    const open = caches.open.bind(caches);
    caches.open = (name) => ((looked += 1), open(name));
    await look();
    expect(looked).toBe(2);
  });

  it('is not asked of a server that has enough, until it said', async () => {
    onTile = () => json({ title: 'Slow' }, 429, { 'retry-after': '300' });
    await look();
    expect(asked('/base/')).toBe(1);
    one.clock.now += 299_000;
    await look();
    expect(asked('/base/')).toBe(1);
    one.clock.now += 2_000;
    onTile = tile;
    await look();
    expect(asked('/base/')).toBeGreaterThan(3);
  });

  it('stops at the page of a network that asks for a sign-in', async () => {
    onTile = () => html(200);
    await look();
    await look();
    expect(asked('/base/')).toBe(2);
  });

  it('is fetched anew when the town has a new map, and the old one goes once the new one is here', async () => {
    const kept = async () => (await (await caches.open('vigie-map')).keys()).map(({ url }) => url);
    await look();
    const old = await kept();
    where = { ...town, base_tiles: `${town.base_tiles}?v=2` };
    onTile = () => html(200);
    await look();
    expect(await kept()).toEqual(old);
    onTile = tile;
    await look();
    expect(await kept()).toEqual(old.map((url) => `${url}?v=2`));
  });

  it('comes with the staff’s token, which opens the categories that residents do not see', async () => {
    const sent: Record<string, string>[] = [];
    const plain = one.fetch;
    one.fetch = (input, init) => (String(input).startsWith('/v1/catalogue') && sent.push(init?.headers as Record<string, string>), plain(input, init));
    await look();
    expect(sent[0]).toMatchObject({ authorization: 'Bearer a1' });
  });

  it('names a category that left the catalogue since', async () => {
    await look();
    const answer = one.answer;
    const bench = { ...category, code: 'banc', label: { fr: 'Banc' }, icon: 'https://v.example/icons/fontaine.svg' };
    one.answer = (path, ...more) => (path.startsWith('/v1/catalogue') ? json({ jurisdiction: {}, categories: [bench] }, 200, { etag: '"2"' }) : answer(path, ...more));
    await look();
    expect((await getMeta(one.db, 'catalogue'))?.body.categories).toEqual([bench]);
    expect(await getMeta(one.db, 'category_names')).toEqual({ trottoir: { fr: 'Trottoir', icon: category.icon }, banc: { fr: 'Banc', icon: bench.icon } });
    expect(asked('/icons/fontaine.svg')).toBe(1);
  });

  it('is nothing on a tablet that was wiped meanwhile', async () => {
    const answer = one.answer;
    one.answer = async (path, body, method) => {
      if (path === '/v1/map') await clearDatabase(one.db, '2026-11-23T09:00:00Z');
      return answer(path, body, method);
    };
    await look();
    expect(await one.db.getAllKeys('meta')).toEqual(['wiped_at']);
  });
});
