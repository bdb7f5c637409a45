// When the tablet talks to the server: on opening, when the network or the person comes back, after each action, every minute;
// after failures more and more rarely. Everything goes through run().
import { agentsOf } from '../shared/api/calls';
import type { Failure } from '../shared/api/answer';
import { putMeta } from '../shared/db/database';
import { waitBeforeRetry } from '../shared/queue/items';
import { sendQueue, type PutPhoto } from '../shared/queue/sender';
import { keepOffline } from '../shared/sync/keep-offline';
import { pull } from '../shared/sync/pull';
import { wipe } from '../shared/wipe';
import { device, env, failure, online, working } from './state';

const everyMs = 60_000;
let failures = 0;
let notBefore = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let wanted = false;

const putPhoto: PutPhoto = async (...given) => (await import('../shared/queue/upload')).putPhoto(...given);

function retryAfter(what: Failure | null): number | null {
  return what?.kind === 'busy' ? what.retryAfterMs : null;
}

function plan(what: Failure | null): void {
  failures = what ? failures + 1 : 0;
  const wait = what ? waitBeforeRetry(failures, Math.random(), retryAfter(what)) : everyMs;
  notBefore = Date.now() + (retryAfter(what) ?? 0);
  clearTimeout(timer);
  timer = setTimeout(() => void run(), wait);
}

export async function revoked(): Promise<void> {
  clearTimeout(timer);
  await wipe(env(), caches);
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
}

async function once(): Promise<Failure | null> {
  const sent = await sendQueue(env(), putPhoto);
  if (sent.failure) return sent.failure;
  const pulled = await pull(env());
  if (pulled) return pulled;
  await keepOffline(env(), location.href, caches);
  return null;
}

/** Sends and pulls; asked again meanwhile, it does so once more. */
export async function run(): Promise<void> {
  if (!device.value) return;
  if (working.value) {
    wanted = true;
    return;
  }
  if (Date.now() < notBefore) return;
  working.value = true;
  try {
    const what = await once();
    failure.value = what;
    if (what?.kind === 'revoked') return await revoked();
    plan(what);
  } finally {
    working.value = false;
  }
  if (wanted) {
    wanted = false;
    await run();
  }
}

/** Somebody pressed "send now": waits of our own don't count, the server's do. */
export function runNow(): Promise<void> {
  failures = 0;
  return run();
}

/** After an action: at once, and by the service worker when the page is gone before the network is back. */
export async function wake(): Promise<void> {
  void run();
  const registration = await navigator.serviceWorker?.getRegistration();
  const background = registration as (ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }) | undefined;
  await background?.sync?.register('vigie-send').catch(() => undefined);
}

export async function refreshAgents(): Promise<Failure | null> {
  const kept = device.value;
  if (!kept) return null;
  const answer = await agentsOf(env(), kept.device_secret);
  if (answer.ok) {
    const ids = new Set(answer.value.agents.map((agent) => agent.id));
    for (const id of await env().db.getAllKeys('vaults')) if (!ids.has(id)) await env().db.delete('vaults', id);
    await putMeta(env().db, 'agents', answer.value.agents);
    env().changed();
    return null;
  }
  if (answer.failure.kind === 'revoked') await revoked();
  return answer.failure;
}

export function startLoop(): void {
  addEventListener('online', () => {
    online.value = true;
    void runNow();
  });
  addEventListener('offline', () => (online.value = false));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void runNow();
  });
  void run();
}

