// Pictures of every screen, at 820 and 1280 px, in French and English, in screenshots/. To be looked at by people.
import { mkdir, rm } from 'node:fs/promises';
import { openFront } from './front.mjs';
import { act, open } from './crew.mjs';
import { enrol, openTablet } from './tablet.mjs';
import { scenes } from './scenes.mjs';
import { announceTablet, giveTasks, target, until } from './town.mjs';

const folder = new URL('../screenshots/', import.meta.url).pathname;
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

const front = await openFront({ target });
const device = await announceTablet('Voirie 2');
const tablet = await openTablet({ url: front.url });
const { page, context } = tablet;
const sizes = [[820, 1180], [1280, 800]];
const languages = ['fr', 'en'];

async function shoot(name, prepare) {
  await until('nothing is being said', async () => (await page.locator('.toast').count()) === 0);
  for (const lang of languages) {
    await speak(lang);
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height });
      await prepare?.();
      await until('the exchange ended', async () => (await page.locator('.shift .net .icon').count()) === 0 || !(await page.locator('.net-state').textContent())?.includes('…'));
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path: `${folder}${name}-${width}-${lang}.png` });
    }
  }
}

async function speak(lang) {
  if ((await page.locator('html').getAttribute('lang')) === lang) return;
  if ((await page.locator('.languages').count()) > 0) {
    await page.locator(`.languages [lang=${lang}]`).click();
  } else {
    const back = await page.evaluate(() => location.hash);
    await open(page, '#/menu');
    await page.locator(`.languages [lang=${lang}]`).click();
    await until(lang, async () => (await page.locator('html').getAttribute('lang')) === lang);
    await open(page, back);
  }
  await until(lang, async () => (await page.locator('html').getAttribute('lang')) === lang);
}

const at = (hash, ready = 'h1') => async () => {
  await open(page, hash);
  await page.locator(ready).first().waitFor();
};

const map = (hash, ready) => async () => {
  // Opened anew for each size: a map that was resized shows half of itself at first.
  await open(page, '#/menu');
  await page.locator('.menu').waitFor();
  await at(hash, ready)();
  await page.locator('.map canvas').waitFor();
  await until('the map is drawn', () => page.locator('.map[data-drawn]').count());
};

await page.locator('#code').waitFor();
await shoot('01-enrolment');
const pictures = await scenes(page);
const tasks = await giveTasks(device.crewId, 5, pictures);
await page.locator('#code').fill(device.code);
await page.locator('form button[type=submit]').click();
await page.locator('.person').first().waitFor();
await shoot('02-whose-turn');
await page.locator('.person', { hasText: device.agent.name }).click();
await page.locator('.pin-field').waitFor();
await shoot('03-pin');
await page.reload();
await page.locator('.person').first().waitFor();
await page.locator('.person', { hasText: device.agent.name }).click();
await page.locator('.pin-field').focus();
await page.keyboard.type(process.env.VIGIE_PIN ?? '739164');
await page.locator('.card').first().waitFor();
await until('small photos are on the tablet', async () => {
  await open(page, '#/outbox');
  await page.locator('.summary button:not([disabled])').click({ timeout: 1000 }).catch(() => undefined);
  await open(page, '#/list');
  return (await page.locator('.card img.thumb[src^=blob]').count()) >= 3;
});
await shoot('04-day', at('#/list', '.card'));
await shoot('05-map', map('#/map', '.marker'));
await shoot('06-map-chosen', async () => {
  await map('#/map', '.marker')();
  await page.locator('.marker').first().click({ force: true });
  await page.locator('.map-card').waitFor();
});
await shoot('07-task', at(`#/task/${tasks[0]}`, '.detail'));
await shoot('08-other-actions', async () => {
  await at(`#/task/${tasks[0]}`, '.detail')();
  await page.keyboard.press('Escape');
  await page.locator('[aria-haspopup=dialog]').click();
  await page.locator('dialog[open]').waitFor();
});
await page.keyboard.press('Escape');
await act(page, tasks[0], 'start', pictures[0]);
await at(`#/task/${tasks[0]}/act/done`, 'form#act')();
await page.locator('.file').first().setInputFiles(pictures[3]);
await page.locator('.taken li').waitFor();
await page.locator('.quick .button').nth(2).click();
await shoot('09-done', at(`#/task/${tasks[0]}/act/done`, 'form#act'));
await shoot('10-need-material', at(`#/task/${tasks[1]}/act/need_material`, 'form#act'));
await shoot('11-not-found', at(`#/task/${tasks[1]}/act/not_found`, 'form#act'));
await shoot('12-lacking', async () => {
  await at(`#/task/${tasks[1]}/act/not_ours`, 'form#act')();
  await page.locator('.page-foot button[type=submit]').click();
});
await shoot('13-new-alert', at('#/new', 'form#new'));
await page.locator('.choice').nth(1).click();
await page.locator('.file').first().setInputFiles(pictures[1]);
await page.locator('.taken li').waitFor();
await page.locator('form#new fieldset .button.secondary').click();
await page.locator('.place-words', { hasText: '46.5' }).waitFor();
await shoot('14-new-alert-place', async () => {
  await map('#/new', 'form#new')();
  await page.locator('.picker').scrollIntoViewIfNeeded();
});
await context.setOffline(true);
await act(page, tasks[0], 'done', pictures[3]);
await act(page, tasks[1], 'not_ours', pictures[1]);
await act(page, tasks[2], 'note', pictures[2]);
await at('#/new', 'form#new')();
await page.locator('.page-foot button[type=submit]').click();
await page.locator('.toast').waitFor();
await shoot('15-offline-day', at('#/list', '.card'));
await shoot('16-offline-task', at(`#/task/${tasks[2]}`, '.detail'));
await shoot('17-outbox', at('#/outbox', '.items'));
await shoot('18-menu', at('#/menu', '.menu'));
await shoot('19-my-data', at('#/data', 'table'));
console.log(tablet.errors);
await tablet.end();
front.close();
