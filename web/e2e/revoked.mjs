import assert from 'node:assert/strict';
import { enrol } from './tablet.mjs';
import { until } from './town.mjs';
import { exchanged, queueOf } from './crew.mjs';

/** A lost tablet: at its next exchange with the server nothing is left on it, and it says so. */
export async function revokedTabletForgets({ tablet, device, revoke }) {
  const { page } = tablet;
  await enrol(page, device.code, device.agent.name);
  await page.locator('.card').first().waitFor();
  await until('the service worker has the shell', () => page.evaluate(async () => (await caches.keys()).some((name) => name.startsWith('vigie-shell'))));
  await revoke();
  await page.evaluate(() => (location.hash = '#/outbox'));
  await until('the tablet says that it was revoked', async () => {
    await page.locator('.summary button:not([disabled])').click({ timeout: 1000 }).catch(() => undefined);
    return page.locator('.door .callout.bad').isVisible();
  });
  await holdsNothing(page);
}

/** The same with nobody in and nothing to send: no person's session tells it then, only the tablet's own secret. */
export async function lockedTabletForgets({ tablet, device, revoke }) {
  const { page } = tablet;
  await enrol(page, device.code, device.agent.name);
  await page.locator('.card').first().waitFor();
  await exchanged(page);
  await page.locator('.who').click();
  await page.locator('.person').first().waitFor();
  await revoke();
  await until('the tablet says that it was revoked', async () => {
    await page.evaluate(() => dispatchEvent(new Event('online')));
    return page.locator('.door .callout.bad').isVisible();
  });
  await holdsNothing(page);
}

async function holdsNothing(page) {
  const left = await page.evaluate(async () => {
    const db = await new Promise((resolve) => {
      const opening = indexedDB.open('vigie-crew');
      opening.onsuccess = () => resolve(opening.result);
    });
    const rows = {};
    for (const store of db.objectStoreNames) {
      rows[store] = await new Promise((resolve) => {
        const asking = db.transaction(store).objectStore(store).getAllKeys();
        asking.onsuccess = () => resolve(asking.result);
      });
    }
    db.close();
    return { rows, caches: await caches.keys(), workers: (await navigator.serviceWorker.getRegistrations()).length, local: localStorage.length };
  });
  assert.deepEqual(left, { rows: { actions: [], drafts: [], meta: ['wiped_at'], photos: [], session: [], tasks: [], thumbs: [], vaults: [] }, caches: [], workers: 0, local: 0 });
  assert.deepEqual((await queueOf(page)).actions, []);
}
