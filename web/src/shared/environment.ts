// What the pure parts need from outside, given as a value so that a page, the service worker and a test can each give theirs.
import type { Db } from './db/database';

export interface Environment {
  db: Db;
  fetch: typeof fetch;
  now: () => number;
  /** Chance from 0 to 1, for jitter. */
  random: () => number;
  /** Runs one holder of the name at a time, across tabs and the service worker. */
  lock: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Language of what the server says. */
  language: () => Promise<string>;
  /** Tells the open pages that what they show has changed. */
  changed: () => void;
}
