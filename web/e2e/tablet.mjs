// A tablet: Debian's own Chromium with a profile of its own, a position, and ears for errors.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { pin } from './town.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Every process of the browser that was started on this profile: no other one names that folder. */
async function processesOn(profile) {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(`--user-data-dir=${profile}`)) found.push(Number(pid));
  }
  return found;
}

/** SIGKILL to each: nobody is asked to write anything down, as when the battery is out. */
async function kill(context, profile) {
  const gone = new Promise((done) => context.once('close', done));
  const running = await processesOn(profile);
  if (running.length === 0) throw new Error('no browser runs on the tablet’s profile');
  for (const pid of running) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // Gone with its parent, which was killed a moment ago.
      if (error.code !== 'ESRCH') throw error;
    }
  }
  await gone;
}

export async function openTablet({ url, width = 820, height = 1180, locale = 'fr-FR' }) {
  const profile = await mkdtemp(join(tmpdir(), 'vigie-tablet-'));
  const errors = [];
  const start = async (offline = false) => {
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
    if (offline) await context.setOffline(true);
    await page.goto(`${url}/equipe/`);
    return { context, page };
  };
  const tablet = {
    errors,
    ...(await start()),
    /** The whole browser dies, and opens again on the same profile, without network if so asked. */
    async killAndOpen({ offline = false } = {}) {
      await kill(tablet.context, profile);
      Object.assign(tablet, await start(offline));
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
