// The app on the tablet: its files kept by the service worker, its data protected from being tidied away by the browser.
import { effect, signal } from '@preact/signals';
import { route } from './router';

export const updateReady = signal(false);
let waiting: ServiceWorker | null = null;

/** In a form nobody is interrupted; what was filled in is kept, but a reload under the fingers costs trust. */
const isForm = () => ['act', 'new', 'correct'].includes(route.value.screen);

let reloading = false;

const apartMs = 10 * 60_000;

/** The files of this version are gone: the page is loaded anew as soon as no form is open, and not again and again. */
export function reloadWhenIdle(): void {
  if (reloading || Date.now() - Number(sessionStorage.getItem('vigie-reloaded') ?? 0) < apartMs) return;
  reloading = true;
  sessionStorage.setItem('vigie-reloaded', String(Date.now()));
  effect(() => {
    if (!isForm()) location.reload();
  });
}

export async function install(): Promise<void> {
  await navigator.storage?.persist?.();
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  // A new version that took over, asked for in another tab, has thrown this one's files away. The first one only begins.
  let controlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (controlled) sessionStorage.removeItem('vigie-reloaded');
    if (controlled) reloadWhenIdle();
    controlled = true;
  });
  const registration = await navigator.serviceWorker.register('sw.js', { scope: './' }).catch(() => null);
  if (!registration) return;
  const look = () => {
    waiting = registration.waiting;
    updateReady.value = waiting !== null && navigator.serviceWorker.controller !== null;
  };
  look();
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', look));
}

/** The new version takes over when the person says so, never in the middle of a form. */
export function applyUpdate(): void {
  waiting?.postMessage('take-over');
}
