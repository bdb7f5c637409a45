import assert from 'node:assert/strict';
import { open, queueOf, recorded, takePhoto } from './crew.mjs';
import { scenes } from './scenes.mjs';
import { enrol } from './tablet.mjs';
import { giveTasks, openTasks, photoOf, takeBack, until } from './town.mjs';

/** The work is done and the form is open when the service takes the task back: what is recorded then counts, and the crew hears how. */
export async function formOutlivesItsTask({ tablet, device }) {
  const { page } = tablet;
  const photos = await scenes(page);
  const [task] = await giveTasks(device.crewId, 1);
  const alert = (await openTasks()).find((each) => each.id === task).alert.id;
  await enrol(page, device.code, device.agent.name);
  await page.locator(`.card[href="#/task/${task}"]`).waitFor();
  await open(page, `#/task/${task}/act/done`);
  await page.locator('form#act textarea').first().fill('Rebouché à froid.');
  await takePhoto(page, photos[0]);
  await takeBack(alert);
  await until('the task has left the list under the form', async () => {
    // The next minute’s exchange, now.
    await page.evaluate(() => dispatchEvent(new Event('online')));
    return page.locator('.form-page p.callout:not(.bad)').isVisible();
  });
  assert.equal(await page.locator('form#act textarea').first().inputValue(), 'Rebouché à froid.');
  await page.locator('.page-foot button[type=submit]').click();
  await recorded(page, 0);
  const [item] = (await queueOf(page)).actions;
  const frozen = JSON.parse(item.payload);
  assert.equal(frozen.task_id, task);
  assert.equal(typeof frozen.base_version, 'number');
  assert.ok(item.label.reference && item.label.category, 'the list can name it');
  await open(page, '#/outbox');
  await until('it counts, with its photo', async () => {
    await page.locator('.summary button:not([disabled])').click({ timeout: 1000 }).catch(() => undefined);
    const { actions, photos: sent } = await queueOf(page);
    return actions[0].state === 'applied' && sent.every((photo) => photo.state === 'sent');
  });
  assert.equal((await queueOf(page)).actions[0].receipt.reason, 'reassigned');
  await until('its photo is there', async () => (await photoOf(frozen.photo_ids[0]).catch(() => null))?.state === 'ready');
  const told = page.locator('.item.attention .reason');
  assert.ok((await told.first().textContent())?.length > 10, 'the crew reads what became of it');
  await page.locator('.item.attention button').first().click();
  await until('it is read', async () => (await told.count()) === 0);
}
