import assert from 'node:assert/strict';
import { until, pin } from './town.mjs';
import { queueOf } from './crew.mjs';

/** Tabs until what has the focus answers to the selector; says what was passed when it never does. */
async function tabTo(page, selector, most = 120) {
  const passed = [];
  for (let n = 0; n < most; n += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate((wanted) => {
      const on = document.activeElement;
      const style = getComputedStyle(on.matches('.file, .choice input') ? on.parentElement : on);
      // A screen that has just opened begins at its heading, a moment after it is drawn: no control, so no ring.
      const begins = on.matches('body, h1[tabindex="-1"]');
      return { there: on.matches(wanted), what: on.outerHTML.slice(0, 80), ring: begins || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
    }, selector);
    passed.push(at.what);
    assert.ok(at.ring, `no visible focus on ${at.what}`);
    if (at.there) return;
  }
  assert.fail(`${selector} is not reached: ${passed.join('\n')}`);
}

/** Enrols, signs in, opens a task, does it with a form, looks at the queue and switches the person, without a pointer. */
export async function keyboardAlone({ tablet, device }) {
  const { page } = tablet;
  await page.locator('#code').waitFor();
  await tabTo(page, '#code');
  await page.keyboard.type(device.code);
  await page.keyboard.press('Enter');
  await page.locator('.person').first().waitFor();
  await tabTo(page, '.person');
  await page.keyboard.press('Enter');
  await page.locator('.pin-field').waitFor();
  await page.keyboard.type(pin);
  await page.locator('.card').first().waitFor();
  await tabTo(page, '.card');
  await page.keyboard.press('Enter');
  await page.locator('.detail .page-foot').waitFor();
  await tabTo(page, '[aria-haspopup=dialog]');
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  await tabTo(page, '.kind-note');
  await page.keyboard.press('Space');
  await page.locator('form#act').waitFor();
  await tabTo(page, 'form#act textarea');
  await page.keyboard.type('Vu au clavier.');
  await tabTo(page, 'button[type=submit]');
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  await tabTo(page, 'dialog .button:not(.primary)');
  await page.keyboard.press('Enter');
  await until('the note is in the queue', async () => (await queueOf(page)).actions.length === 1);
  await page.locator('.detail').waitFor();
  await tabTo(page, '.nav a[href="#/map"]');
  await page.keyboard.press('Enter');
  await page.locator('.marker').first().waitFor();
  await tabTo(page, '.marker');
  await page.keyboard.press('Enter');
  await page.locator('.map-card').waitFor();
  await tabTo(page, '.map-card a');
  await page.keyboard.press('Enter');
  await page.locator('.detail').waitFor();
  await tabTo(page, '.who');
  await page.keyboard.press('Enter');
  await page.locator('.person').first().waitFor();
}
