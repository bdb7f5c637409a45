// A tablet: Debian's own Chromium with a profile of its own, a position, and ears for errors.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { pin } from './town.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export async function openTablet({ url, width = 820, height = 1180, locale = 'fr-FR' }) {
  const profile = await mkdtemp(join(tmpdir(), 'vigie-tablet-'));
  const errors = [];
  const start = async () => {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--use-gl=swiftshader', '--enable-unsafe-swiftshader'],
      viewport: { width, height },
      locale,
      hasTouch: true,
      geolocation: { longitude: -4.5, latitude: 46.5, accuracy: 9 },
      permissions: ['geolocation'],
    });
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(`${url}/equipe/`);
    return { context, page };
  };
  const tablet = {
    errors,
    ...(await start()),
    /** The whole browser dies, as when the battery is out, and opens again on the same profile. */
    async killAndOpen({ offline = false } = {}) {
      await tablet.context.close();
      Object.assign(tablet, await start());
      if (offline) await tablet.context.setOffline(true);
    },
    async end() {
      await tablet.context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
  return tablet;
}

/** Texts of the app, to find things by what people read. */
export const words = {
  fr: { enrol: 'Inscrire la tablette', record: 'Enregistrer', allow: 'Joindre ma position', other: 'Autre…' },
  en: { enrol: 'Enrol the tablet', record: 'Record', allow: 'Attach my position', other: 'Other…' },
};

export async function enrol(page, code, agentName) {
  await page.locator('#code').fill(code);
  await page.locator('form button[type=submit]').click();
  await page.locator('.person', { hasText: agentName }).click();
  await typePin(page);
  await page.locator('.shift').waitFor();
}

export async function typePin(page) {
  await page.locator('.pin-field').focus();
  await page.keyboard.type(pin);
}
