import assert from 'node:assert/strict';
import { beRefused, exchanged, queueOf } from './crew.mjs';
import { scenes } from './scenes.mjs';
import { enrol } from './tablet.mjs';
import { giveTasks, photoOf, until } from './town.mjs';

/** A day to come back that has passed when the tablet finds a network again: refused for ever, corrected, sent with its photo. */
export async function refusedIsCorrected({ tablet, device }) {
  const { page } = tablet;
  const photos = await scenes(page);
  const [task] = await giveTasks(device.crewId, 1);
  await enrol(page, device.code, device.agent.name);
  await page.locator('.card').first().waitFor();
  await exchanged(page);
  await beRefused(tablet, task, photos[0]);
  assert.ok((await page.locator('.item .reason').first().textContent())?.length > 10, 'the reason is on the screen');
  await page.locator('.item a.button.primary').click();
  await page.locator('form#act .taken li').waitFor();
  await page.locator('form#act .quick').nth(1).locator('.button').first().click();
  await page.locator('.page-foot button[type=submit]').click();
  await until('the correction is applied', async () => {
    await page.locator('.summary button:not([disabled])').click({ timeout: 1000 }).catch(() => undefined);
    const { actions } = await queueOf(page);
    return actions.length === 2 && actions.some((item) => item.state === 'corrected') && actions.some((item) => item.state === 'applied');
  });
  const { actions } = await queueOf(page);
  const sent = actions.find((item) => item.state === 'applied');
  await until('its photo is there', async () => (await photoOf(sent.photo_ids[0]).catch(() => null))?.state === 'ready');
}
