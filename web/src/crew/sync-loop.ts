// When the tablet talks to the server: on opening, when the network or the person comes back, after each action, every minute;
// after failures more and more rarely. Everything goes through run(), and whatever happens there, the next time is planned.
import { agentsOf } from '../shared/api/calls';
import type { Failure } from '../shared/api/answer';
import { isEnrolled } from '../shared/db/database';
import { isFault, sendQueuedActions, sendQueuedPhotos, type PutPhoto } from '../shared/queue/sender';
import { keepOffline } from '../shared/sync/keep-offline';
import { Pace } from '../shared/sync/pace';
import { pull } from '../shared/sync/pull';
import { wipe } from '../shared/wipe';
import { reloadWhenIdle } from './install';
import { device, env, failure, nextTry, online, toSend, working } from './state';

const pace = new Pace(() => performance.now(), () => Math.random());
let timer: ReturnType<typeof setTimeout> | undefined;
let wanted = false;

const putPhoto: PutPhoto = async (...given) => {
  try {
    return await (await import('../shared/queue/upload')).putPhoto(...given);
  } catch {
    // Its file went with the version before, which another tab has replaced by a new one.
    if (navigator.onLine) reloadWhenIdle();
    return { kind: 'offline' };
  }
};

function runIn(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void run(), ms);
  nextTry.value = failure.value ? Date.now() + ms : null;
}

export async function revoked(): Promise<void> {
  clearTimeout(timer);
  await wipe(env(), caches);
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
}

interface Exchange {
  failure: Failure | null;
  moved: boolean;
}

/** Actions, then the shift, then photos: on a bad network these take all the time there is. */
async function once(): Promise<Exchange> {
  const actions = await sendQueuedActions(env());
  if (actions.failure && !isFault(actions.failure)) return actions;
  const pulled = await pull(env());
  if (pulled) return { failure: actions.failure ?? pulled, moved: actions.moved };
  const photos = await sendQueuedPhotos(env(), putPhoto);
  const moved = actions.moved || photos.moved;
  if (photos.failure && !isFault(photos.failure)) return { failure: actions.failure ?? photos.failure, moved };
  await keepOffline(env(), location.href, caches);
  return { failure: actions.failure ?? photos.failure, moved };
}

async function exchange(): Promise<Exchange> {
  try {
    const found = await once();
    // Nobody's key is here that could ask: the tablet's own secret says whether it still belongs to the town.
    if (found.failure?.kind === 'need_pin' && (await refreshAgents())?.kind === 'revoked') return { failure: null, moved: false };
    if (found.failure?.kind === 'revoked') await revoked();
    return found;
  } catch {
    return { failure: { kind: 'storage' }, moved: false };
  }
}

/** Sends and pulls; asked again meanwhile, it does so once more. */
export async function run(): Promise<void> {
  if (!device.value) return;
  if (working.value) {
    wanted = true;
    return;
  }
  if (pace.left() > 0) return runIn(pace.left());
  working.value = true;
  const found = await exchange();
  working.value = false;
  failure.value = found.failure;
  if (!device.value || found.failure?.kind === 'revoked') return;
  runIn(pace.after(found.failure, found.moved));
  if (wanted) {
    wanted = false;
    await run();
  }
}

/** Somebody pressed "send now": waits of our own don't count, the server's do. */
export function runNow(): Promise<void> {
  pace.forgive();
  return run();
}

/** The service worker sends when the page is gone before the network is back. */
async function sendInBackground(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const background = registration as (ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }) | undefined;
  await background?.sync?.register('vigie-send').catch(() => undefined);
}

/** After an action: at once, and in the background. */
export async function wake(): Promise<void> {
  void run();
  await sendInBackground();
}

/** The crew's people as they are now; why not, when the server did not say. */
export async function refreshAgents(): Promise<Failure | null> {
  const kept = device.value;
  if (!kept) return null;
  const answer = await agentsOf(env(), kept.device_secret);
  if (answer.ok) {
    const ids = new Set(answer.value.agents.map((agent) => agent.id));
    const tx = env().db.transaction(['vaults', 'meta'], 'readwrite');
    if (await isEnrolled(tx.objectStore('meta'))) {
      for (const id of await tx.objectStore('vaults').getAllKeys()) if (!ids.has(id)) await tx.objectStore('vaults').delete(id);
      await tx.objectStore('meta').put(answer.value.agents, 'agents');
    }
    await tx.done;
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
  // What the last page left over goes also if this one dies before the network is back.
  if (toSend.value > 0) void sendInBackground();
}
