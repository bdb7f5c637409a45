import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { enrol } from './tablet.mjs';
import { open } from './crew.mjs';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function check(page, name) {
  // The page's policy lets no foreign script in: axe comes by the debugger.
  await page.evaluate(source);
  const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), tags);
  assert.deepEqual(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((node) => node.html.slice(0, 160)) })), [], `axe on ${name}`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('a, button, input:not(.file):not([type=radio]), textarea, label.choice, label.button')]
      .filter((each) => each.checkVisibility() && !each.matches('.skip'))
      .map((each) => ({ html: each.outerHTML.slice(0, 120), box: each.getBoundingClientRect() }))
      .filter(({ box }) => box.width < 44 || box.height < 44)
      .map(({ html, box }) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`),
  );
  assert.deepEqual(small, [], `targets smaller than 44 px on ${name}`);
}

export async function everyScreenIsAccessible({ tablet, device }) {
  const { page } = tablet;
  await page.locator('#code').waitFor();
  await check(page, 'enrolment');
  await enrol(page, device.code, device.agent.name);
  await page.locator('.card').first().waitFor();
  const task = (await page.locator('.card').first().getAttribute('href')).split('/').at(-1);
  const screens = ['#/list', '#/map', `#/task/${task}`, '#/new', '#/outbox', '#/menu', '#/data'];
  for (const kind of ['pause', 'done', 'made_safe', 'need_material', 'not_found', 'not_ours', 'dangerous', 'note', 'requalify', 'hand_over']) screens.push(`#/task/${task}/act/${kind}`);
  for (const [width, height] of [[820, 1180], [1280, 800]]) {
    await page.setViewportSize({ width, height });
    for (const screen of screens) {
      await open(page, screen);
      await page.locator('h1').waitFor();
      if (screen === '#/map' || screen === '#/new') await page.locator('.maplibregl-canvas').waitFor();
      await check(page, `${screen} at ${width}`);
    }
    await open(page, `#/task/${task}`);
    await page.locator('.page-foot .button').last().click();
    await page.locator('dialog[open]').waitFor();
    await check(page, `other actions at ${width}`);
    await page.keyboard.press('Escape');
  }
  await page.locator('.who').click();
  await page.locator('.person').first().waitFor();
  await check(page, 'whose turn');
  await page.locator('.person').first().click();
  await page.locator('.pin-field').waitFor();
  await check(page, 'PIN');
}
