import assert from 'node:assert/strict';
import { enrol, typePin } from './tablet.mjs';
import { scenes } from './scenes.mjs';
import { alertOf, giveTasks, photoOf, until } from './town.mjs';
import { act, newAlert, queueOf } from './crew.mjs';

const kinds = ['accept', 'start', 'done', 'note', 'made_safe', 'need_material', 'not_found', 'not_ours', 'dangerous', 'pause'];

/** Twenty actions, each with a photo but those that take none; the page dies twice. */
async function work(tablet, tasks, photos) {
  let made = 0;
  const plan = [
    ...kinds.slice(0, 3).map((kind) => [0, kind]), ['new'], [1, 'start'], [1, 'note'], [1, 'pause'], [2, 'note'], 'kill', [2, 'start'], [2, 'done'], [3, 'made_safe'],
    [3, 'note'], [4, 'need_material'], 'kill', [5, 'dangerous'], [5, 'note'], [6, 'note'], ['new'], [7, 'not_found'], [8, 'requalify'], [9, 'not_ours'],
  ];
  for (const [index, step] of plan.entries()) {
    if (step === 'kill') {
      await tablet.killAndOpen({ offline: true });
      await tablet.page.locator('.shift').waitFor();
      continue;
    }
    if (step[0] === 'new') await newAlert(tablet.page, photos[index % photos.length], index);
    else await act(tablet.page, tasks[step[0]], step[1], photos[index % photos.length]);
    made += 1;
    // What the screen said is in the database: nothing else is asked of it before the page may die.
    assert.equal((await queueOf(tablet.page)).actions.length, made);
  }
  return made;
}

/** Locks, and in again by PIN: without network, in less than 5 s. */
async function switchBackAndForth(page, name) {
  const began = Date.now();
  await page.locator('.who').click();
  await page.locator('.person', { hasText: name }).click();
  await typePin(page);
  await page.locator('.shift').waitFor();
  const ms = Date.now() - began;
  assert.ok(ms < 5000, `${ms} ms`);
  console.log(`      switched without network in ${ms} ms`);
}

export async function shiftWithoutNetwork({ front, device, tablet }) {
  const photos = await scenes(tablet.page);
  const tasks = await giveTasks(device.crewId, 10);
  await enrol(tablet.page, device.code, device.agent.name);
  await tablet.page.locator('.card').first().waitFor();
  await tablet.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await until('the service worker has the shell', () => tablet.page.evaluate(async () => (await caches.keys()).some((name) => name.startsWith('vigie-shell'))));
  await until('the first exchange ended', async () => !(await tablet.page.evaluate(() => document.querySelector('.net-state')?.textContent?.includes('…'))));

  await tablet.context.setOffline(true);
  const made = await work(tablet, tasks, photos);
  await switchBackAndForth(tablet.page, device.agent.name);
  const before = await queueOf(tablet.page);
  assert.equal(made, 20);
  assert.ok(before.actions.every((item) => item.state === 'queued'));
  assert.ok(before.photos.length >= 15, `${before.photos.length} photos`);
  console.log(`      ${made} actions and ${before.photos.length} photos on the tablet, ${(before.bytes / 1e6).toFixed(1)} MB`);

  // Back in town, where the network is bad: one fault after the other, for actions and for photos, and an answer that gets lost.
  front.next({
    actions: ['broken', 'gateway401', 'portal', 'signedOut', 'signedOut', 'forbidden', 'cut', 'busy', 'lost'],
    photos: ['broken', 'portal', 'lost', 'cut', 'gateway401', 'signedOut', 'forbidden', 'portal', 'lost'],
    // The tokens of the next refresh never arrive: the tablet asks again with the one before, and nobody has to type a PIN.
    refresh: ['lost'],
  });
  await tablet.context.setOffline(false);
  await until('everything is sent', async () => {
    await pressSend(tablet.page);
    const { actions, photos } = await queueOf(tablet.page);
    return front.left() === 0 && actions.every((item) => item.state !== 'queued') && photos.every((photo) => photo.state === 'sent');
  }, 240_000);
  await checkServer(front, tablet, before);
}

async function pressSend(page) {
  await page.evaluate(() => (location.hash = '#/outbox'));
  await page.locator('.summary button:not([disabled])').click({ timeout: 5000 }).catch(() => undefined);
}

async function checkServer(front, tablet, before) {
  const { actions } = await queueOf(tablet.page);
  assert.deepEqual(actions.map((item) => item.payload).sort(), before.actions.map((item) => item.payload).sort(), 'payloads are frozen');
  const tally = {};
  for (const item of actions) tally[item.state] = (tally[item.state] ?? 0) + 1;
  console.log('      receipts:', JSON.stringify(tally));
  assert.equal(tally.refused ?? 0, 0, JSON.stringify(actions.filter((item) => item.state === 'refused').map((item) => [item.kind, item.receipt])));
  // Applied once: each action's own id stands once in the history of its alert, as the supervisor sees it.
  const alerts = new Map();
  for (const item of actions.filter((each) => each.kind !== 'new_alert' && each.state === 'applied')) {
    const id = item.receipt.alert_id;
    if (!alerts.has(id)) alerts.set(id, await alertOf(id));
    const times = alerts.get(id).history.filter((event) => event.id === item.id).length;
    assert.equal(times, 1, `${item.kind} stands ${times} times in the history`);
  }
  for (const item of actions.filter((each) => each.kind === 'new_alert')) {
    const alert = await alertOf(item.receipt.alert_id);
    const own = JSON.parse(item.payload).report.id;
    assert.equal(alert.reports.filter((report) => report.id === own).length, 1, 'the new alert has its report once');
  }
  for (const photo of before.photos) {
    const view = await until(`photo ${photo.id} is readable`, async () => {
      const found = await photoOf(photo.id).catch(() => null);
      return found?.state === 'ready' ? found : null;
    });
    assert.ok(view.links);
  }
  const posts = front.seen.filter((request) => request.path === '/v1/sync/actions');
  console.log(`      ${posts.length} times asked for the actions, ${front.seen.filter((each) => each.path.startsWith('/v1/uploads')).length} requests for photos, ${front.seen.filter((each) => each.fault).length} of them met by a fault`);
}
