// What a crew member presses.
import { until } from './town.mjs';

export async function open(page, hash) {
  await page.evaluate((to) => (location.hash = to), hash);
}

/** All that a shift without network needs is on the tablet. */
export async function keptForOffline(page) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await until('the service worker has the shell', () => page.evaluate(async () => (await caches.keys()).some((name) => name.startsWith('vigie-shell'))));
  await exchanged(page);
}

/** The exchange with the server that is under way has ended. */
export async function exchanged(page) {
  await until('the exchange ended', () => page.evaluate(() => !document.querySelector('.net-state')?.textContent?.includes('…')));
}

/** Presses "send now". */
export async function pressSend(page) {
  await open(page, '#/outbox');
  await page.locator('.summary button:not([disabled])').click({ timeout: 1000 }).catch(() => undefined);
}

export async function takePhoto(page, photo) {
  const before = await page.locator('.taken li').count();
  await page.locator('.file').first().setInputFiles(photo);
  await page.locator('.taken li').nth(before).waitFor();
}

async function allowPosition(page) {
  const allow = page.locator('dialog .button.primary');
  await Promise.race([allow.waitFor({ timeout: 3000 }).then(() => allow.click()), page.locator('.toast').waitFor()]).catch(() => undefined);
}

async function count(page) {
  return (await queueOf(page)).actions.length;
}

export async function recorded(page, before) {
  await allowPosition(page);
  await until('the action is in the queue', async () => (await count(page)) > before, 20_000);
}

/** Does something about a task the way a person does: button, form, record. */
export async function act(page, task, kind, photo) {
  const before = await count(page);
  await open(page, `#/task/${task}`);
  await page.locator('.detail .page-foot').waitFor();
  const direct = page.locator(`.page-foot .kind-${kind}`);
  if ((await direct.count()) === 0) {
    await page.locator('.page-foot .button').last().click();
    await page.locator(`dialog .kind-${kind}`).click();
  } else {
    await direct.click();
  }
  if (kind !== 'accept' && kind !== 'start') {
    await page.locator('form#act').waitFor();
    if ((await page.locator('form#act .quick .button').count()) > 0) await page.locator('form#act .quick .button').first().click();
    if (kind === 'note') await page.locator('form#act textarea').first().fill('Vu sur place.');
    if (kind === 'requalify') await page.locator('.choice', { hasNot: page.locator(':checked') }).nth(2).click();
    if (kind === 'hand_over') await page.locator('form#act .choices .choice').first().click();
    if ((await page.locator('form#act .file').count()) > 0) await takePhoto(page, photo);
    await page.locator('.page-foot button[type=submit]').click();
  }
  await recorded(page, before);
}

/** An action that the server refuses: its day to come back has passed when the tablet finds a network again. Returns its id. */
export async function beRefused({ page, context }, task, photo) {
  await context.setOffline(true);
  await act(page, task, 'need_material', photo);
  const { id } = (await queueOf(page)).actions.at(-1);
  await page.evaluate(
    (key) =>
      new Promise((resolve) => {
        const opening = indexedDB.open('vigie-crew');
        opening.onsuccess = () => {
          const tx = opening.result.transaction('actions', 'readwrite');
          const asking = tx.objectStore('actions').get(key);
          asking.onsuccess = () => {
            const item = asking.result;
            item.payload = JSON.stringify({ ...JSON.parse(item.payload), review_date: '2020-01-01' });
            tx.objectStore('actions').put(item);
          };
          tx.oncomplete = () => (opening.result.close(), resolve());
        };
      }),
    id,
  );
  await context.setOffline(false);
  await until('the server has refused it', async () => {
    await pressSend(page);
    return (await queueOf(page)).actions.find((item) => item.id === id).state === 'refused';
  });
  return id;
}

export async function newAlert(page, photo, number) {
  const before = await count(page);
  await open(page, '#/new');
  await page.locator('form#new').waitFor();
  await page.locator('.choice').nth(1).click();
  await takePhoto(page, photo);
  await page.locator('form#new fieldset .button.secondary').click();
  await allowPosition(page);
  await page.locator('.place-words', { hasText: '46.5' }).waitFor();
  await page.locator('form#new textarea').fill(`Vu en passant, numéro ${number}.`);
  await page.locator('.page-foot button[type=submit]').click();
  await recorded(page, before);
}

/** The tablet's own database, read beside the app. */
export function queueOf(page) {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('vigie-crew');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const db = opening.result;
          const tx = db.transaction(['actions', 'photos']);
          const [actions, photos] = [tx.objectStore('actions').getAll(), tx.objectStore('photos').getAll()];
          tx.oncomplete = () => {
            db.close();
            resolve({
              actions: actions.result,
              photos: photos.result.map(({ id, state, action_id, last_failure }) => ({ id, state, action_id, last_failure })),
              bytes: photos.result.reduce((sum, photo) => sum + photo.blob.size, 0),
            });
          };
        };
      }),
  );
}
