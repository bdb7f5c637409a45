// The browser as the shared parts need it; the page and the service worker make theirs here.
import { getMeta, openDatabase } from '../shared/db/database';
import type { Environment } from '../shared/environment';

export const channelName = 'vigie-crew';

export async function makeEnvironment(changed: () => void): Promise<Environment> {
  const db = await openDatabase();
  return {
    db,
    fetch: (...request) => fetch(...request),
    now: () => Date.now(),
    random: () => Math.random(),
    lock: (name, work) => navigator.locks.request(name, work) as ReturnType<typeof work>,
    language: async () => (await getMeta(db, 'language')) ?? 'fr',
    changed,
  };
}
