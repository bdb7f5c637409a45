/// <reference lib="webworker" />
// The service worker: the app's files and the shift's map without network, and the queue sent when the page is gone.
import { sendQueue } from '../shared/queue/sender';
import { putPhoto } from '../shared/queue/upload';
import { iconCache, mapCache } from '../shared/sync/keep-offline';
import { wipe } from '../shared/wipe';
import { channelName, makeEnvironment } from './environment';

declare const self: ServiceWorkerGlobalScope;
/** Files of this version with the digest of each, put in by the build. */
declare const SHELL: { version: string; files: Record<string, string> };

const shellCache = `vigie-shell-${SHELL.version}`;
const baseTile = /^\/v1\/tiles\/[^/]+\/base\//;
const scope = new URL(self.registration.scope).pathname;

/** Each file is checked against its digest: a public network's sign-in page must not become the app. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(shellCache);
  await Promise.all(
    Object.entries(SHELL.files).map(async ([file, integrity]) => {
      const response = await fetch(scope + file, { integrity, cache: 'no-cache', credentials: 'omit' });
      if (!response.ok) throw new Error(`${file}: ${response.status}`);
      await cache.put(scope + file, response);
    }),
  );
}

self.addEventListener('install', (event) => event.waitUntil(keepShell()));

self.addEventListener('activate', (event) =>
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith('vigie-shell-') && name !== shellCache) await caches.delete(name);
      await self.clients.claim();
    })(),
  ),
);

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting();
});

async function fromShell(request: Request, file: string): Promise<Response> {
  const kept = await (await caches.open(shellCache)).match(scope + file);
  return kept ?? fetch(request);
}

/** First what the tablet keeps; what comes from the network is kept if it is what was asked for. */
async function fromCache(name: string, request: Request, type: string): Promise<Response> {
  const cache = await caches.open(name);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  try {
    const response = await fetch(request);
    const given = response.headers.get('content-type') ?? '';
    if (response.ok && given.includes(type) && !given.includes('html')) await cache.put(request.url, response.clone());
    return response;
  } catch {
    // Of the map before rather than nothing; where there is neither, nothing is drawn.
    return (await cache.match(request.url, { ignoreSearch: true })) ?? new Response(null, { status: 204 });
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && url.pathname.startsWith(scope)) return event.respondWith(fromShell(request, 'index.html'));
  const file = url.pathname.slice(scope.length);
  if (url.pathname.startsWith(scope) && file in SHELL.files) return event.respondWith(fromShell(request, file));
  if (baseTile.test(url.pathname)) return event.respondWith(fromCache(mapCache, request, ''));
  if (url.pathname.startsWith('/icons/')) return event.respondWith(fromCache(iconCache, request, 'svg'));
});

interface SyncEvent extends ExtendableEvent {
  tag: string;
}

async function sendInBackground(): Promise<void> {
  const channel = new BroadcastChannel(channelName);
  const env = await makeEnvironment(() => channel.postMessage('changed'));
  try {
    const sent = await sendQueue(env, putPhoto);
    if (sent.failure?.kind === 'revoked') {
      await wipe(env, caches);
      await self.registration.unregister();
      return;
    }
    // The browser asks again later when this fails; without a PIN there is no use in that.
    if (sent.failure && sent.failure.kind !== 'need_pin') throw new Error(sent.failure.kind);
  } finally {
    env.db.close();
    channel.close();
  }
}

self.addEventListener('sync', (event) => {
  const sync = event as SyncEvent;
  if (sync.tag === 'vigie-send') sync.waitUntil(sendInBackground());
});
