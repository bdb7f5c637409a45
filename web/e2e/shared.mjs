import assert from 'node:assert/strict';
import { act, keptForOffline, pressSend, queueOf } from './crew.mjs';
import { scenes } from './scenes.mjs';
import { enrol, typePin } from './tablet.mjs';
import { alertOf, colleague, giveTasks, photoOf, until } from './town.mjs';

const limitMs = 5000;

async function choose(page, agent) {
  await page.locator('.who').click();
  await page.locator('.person', { hasText: agent.name }).click();
}

/** From one person's day to the other's: without network too, nobody waits for 5 s. */
async function switchTo(page, agent) {
  const began = Date.now();
  await choose(page, agent);
  await typePin(page);
  await page.locator('.shift').waitFor();
  const ms = Date.now() - began;
  assert.ok(ms < limitMs, `${ms} ms`);
  assert.equal(await page.locator('.who-name').textContent(), agent.name);
  console.log(`      switched without network in ${ms} ms`);
}

/** Two of a crew share a tablet for a shift without network: each enters by their own PIN, and what each did is theirs. */
export async function twoShareATablet({ tablet, device }) {
  const { page, context } = tablet;
  const photos = await scenes(page);
  const tasks = await giveTasks(device.crewId, 2);
  const [one, other] = [device.agent, await colleague()];
  await enrol(page, device.code, one.name);
  await page.locator('.card').first().waitFor();

  // Nothing on the tablet opens for somebody who never signed in on it: the first time needs the network.
  await context.setOffline(true);
  await choose(page, other);
  await typePin(page);
  await until('the tablet says why', async () => ((await page.locator('.pin-said').textContent()) ?? '').length > 10 && (await page.locator('.pin-field:not([readonly])').count()) > 0);
  assert.equal(await page.locator('.shift').count(), 0);
  await context.setOffline(false);
  await typePin(page);
  await page.locator('.card').first().waitFor();
  await keptForOffline(page);

  await context.setOffline(true);
  const turns = [[one, tasks[0]], [other, tasks[1]]];
  for (const [index, [agent, task]] of turns.entries()) {
    await switchTo(page, agent);
    await until('nothing is being said any more', async () => (await page.locator('.toast').count()) === 0);
    await act(page, task, 'note', photos[index]);
  }
  const { actions: made } = await queueOf(page);
  assert.deepEqual(made.map((item) => [item.task_id, item.agent_id, item.state]).sort(), turns.map(([agent, task]) => [task, agent.id, 'queued']).sort());

  // Whoever is in when the network is back sends what both did.
  await context.setOffline(false);
  await until('everything is sent', async () => {
    await pressSend(page);
    const { actions, photos: left } = await queueOf(page);
    return actions.every((item) => item.state === 'applied') && left.every((photo) => photo.state === 'sent');
  });
  for (const item of (await queueOf(page)).actions) {
    const alert = await alertOf(item.receipt.alert_id);
    assert.deepEqual(alert.history.filter((event) => event.id === item.id).map((event) => event.by_user), [item.agent_id], 'each action is its own agent’s');
    for (const id of item.photo_ids) await until('its photo is there', async () => (await photoOf(id).catch(() => null))?.state === 'ready');
  }
}
