// The tablet was revoked: nothing of the town's stays on it but the moment at which it was wiped.
import { clearDatabase } from './db/database';
import type { Environment } from './environment';

export async function wipe(env: Environment, caches: CacheStorage): Promise<void> {
  await clearDatabase(env.db, new Date(env.now()).toISOString());
  for (const name of await caches.keys()) await caches.delete(name);
  env.changed();
}
