import assert from 'node:assert/strict';
import { act, queueOf } from './crew.mjs';
import { scenes } from './scenes.mjs';
import { enrol } from './tablet.mjs';
import { giveTasks, until } from './town.mjs';

/** The page is gone and the tablet locked when the network comes back: the service worker sends, and then the key is gone too. */
export async function backgroundSends({ front, tablet, device }) {
  const { page, context } = tablet;
  const photos = await scenes(page);
  const [task] = await giveTasks(device.crewId, 1);
  await enrol(page, device.code, device.agent.name);
  await page.locator('.card').first().waitFor();
  const debug = await context.newCDPSession(page);
  const registered = new Promise((resolve) => debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations[0] && resolve(registrations[0].registrationId)));
  await debug.send('ServiceWorker.enable');
  const registrationId = await registered;
  await until('the service worker is active', () => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'));
  front.all('cut');
  await act(page, task, 'note', photos[0]);
  assert.equal((await queueOf(page)).actions[0].state, 'queued');
  await page.locator('.who').click();
  await page.locator('.person').first().waitFor();
  await page.goto('about:blank');
  front.all(null);
  await debug.send('ServiceWorker.dispatchSyncEvent', { origin: front.url, registrationId, tag: 'vigie-send', lastChance: false });
  await until('the photo went without a page', () => front.seen.some((request) => request.method === 'PATCH' && !request.fault));
  // The page comes back with its own sender held off: what is sent was sent by the worker.
  front.all('cut');
  await page.goto(`${front.url}/equipe/`);
  await page.locator('.person').first().waitFor();
  await until('the queue is done', async () => {
    const { actions, photos: left } = await queueOf(page);
    return actions[0].state === 'applied' && left.every((photo) => photo.state === 'sent');
  });
  const session = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('vigie-crew');
        opening.onsuccess = () => {
          const asking = opening.result.transaction('session').objectStore('session').count();
          asking.onsuccess = () => (opening.result.close(), resolve(asking.result));
        };
      }),
  );
  assert.equal(session, 0, 'a locked tablet with nothing to send holds no key');
}
