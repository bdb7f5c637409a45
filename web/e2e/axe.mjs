import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beRefused, open, queueOf } from './crew.mjs';
import { scenes } from './scenes.mjs';
import { enrol } from './tablet.mjs';
import { giveTasks, until } from './town.mjs';

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

async function speak(page, lang) {
  await page.locator(`.languages [lang=${lang}]`).click();
  await until(lang, async () => (await page.locator('html').getAttribute('lang')) === lang);
}

/** Whether an action may carry the position, and what is said while it is looked for: here it never comes. */
async function positionQuestions(page, task) {
  await page.evaluate(() => {
    navigator.geolocation.getCurrentPosition = () => undefined;
  });
  await open(page, `#/task/${task}/act/note`);
  await page.locator('form#act textarea').first().fill('Vu sur place.');
  await page.locator('.page-foot button[type=submit]').click();
  await page.locator('dialog[open] .button.primary').waitFor();
  await check(page, 'the question for the position');
  await page.locator('dialog[open] .button.primary').click();
  const goOn = page.locator('dialog[open] .sheet-body > .button');
  await goOn.waitFor();
  await check(page, 'looking for the position');
  // After 6 s it closes by itself.
  await goOn.click({ timeout: 1000 }).catch(() => undefined);
  await until('the note is in the queue', async () => (await queueOf(page)).actions.length === 1);
  await page.evaluate(() => delete navigator.geolocation.getCurrentPosition);
}

/** What opens over a screen. */
async function overlays(page, task, size) {
  const over = async (name, hash, press, opened) => {
    await open(page, hash);
    await press();
    await page.locator(opened).waitFor();
    await check(page, `${name} ${size}`);
    await page.keyboard.press('Escape');
  };
  await over('other actions', `#/task/${task}`, () => page.locator('.detail [aria-haspopup=dialog]').click(), 'dialog[open]');
  await over('discarding', '#/outbox', () => page.locator('.item.attention .row-buttons button').last().click(), 'dialog[open]');
  await over('what the server keeps', '#/data', () => page.locator('.on-server button').click(), '.on-server tbody tr >> nth=0');
  // Markers may lie on each other.
  await over('a chosen marker', '#/map', () => page.locator('.marker').first().dispatchEvent('click'), '.map-card');
}

async function screensOf(page, screens, task, { width, height, lang }) {
  const size = `at ${width}, ${lang}`;
  await open(page, '#/menu');
  await speak(page, lang);
  await page.setViewportSize({ width, height });
  for (const screen of screens) {
    await open(page, screen);
    await page.locator(/act|correct/.test(screen) ? 'form#act' : 'h1').waitFor();
    if (screen === '#/map' || screen === '#/new') await page.locator('.maplibregl-canvas').waitFor();
    await check(page, `${screen} ${size}`);
  }
  await overlays(page, task, size);
}

export async function everyScreenIsAccessible({ tablet, device, revoke }) {
  const { page } = tablet;
  await page.locator('#code').waitFor();
  await check(page, 'enrolment');
  const photos = await scenes(page);
  const [task] = await giveTasks(device.crewId, 1);
  await enrol(page, device.code, device.agent.name);
  await page.locator(`.card[href="#/task/${task}"]`).waitFor();
  await positionQuestions(page, task);
  const refused = await beRefused(tablet, task, photos[0]);
  const screens = ['#/list', '#/map', `#/task/${task}`, '#/new', '#/outbox', `#/correct/${refused}`, '#/menu', '#/data'];
  for (const kind of ['pause', 'done', 'made_safe', 'need_material', 'not_found', 'not_ours', 'dangerous', 'note', 'requalify', 'hand_over']) screens.push(`#/task/${task}/act/${kind}`);
  for (const [width, height, lang] of [[820, 1180, 'fr'], [1280, 800, 'fr'], [820, 1180, 'en']]) await screensOf(page, screens, task, { width, height, lang });
  await page.locator('.who').click();
  await page.locator('.person').first().waitFor();
  await check(page, 'whose turn');
  await page.locator('.person').first().click();
  await page.locator('.pin-field').waitFor();
  await check(page, 'PIN');
  await revoke();
  await until('the tablet says that it was revoked', async () => {
    await page.evaluate(() => dispatchEvent(new Event('online')));
    return page.locator('.door .callout.bad').isVisible();
  });
  await check(page, 'a revoked tablet');
}
