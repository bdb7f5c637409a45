// The browser as the shared parts need it; the page and the service worker make theirs here.
import { getMeta, openDatabase, type Db } from '../shared/db/database';
import type { Environment } from '../shared/environment';

export const channelName = 'vigie-crew';

/** The browser may close the database under a page that lives long: it is opened anew. `gone`: that was not possible. */
export async function makeEnvironment(changed: () => void, gone: () => void = () => undefined): Promise<Environment> {
  let db: Db;
  const open = async (): Promise<void> => {
    db = await openDatabase(undefined, () => void open().then(changed, gone));
  };
  await open();
  return {
    get db() {
      return db;
    },
    fetch: (...request) => fetch(...request),
    now: () => Date.now(),
    random: () => Math.random(),
    lock: (name, work) => navigator.locks.request(name, work) as ReturnType<typeof work>,
    language: async () => (await getMeta(db, 'language')) ?? 'fr',
    changed,
  };
}
