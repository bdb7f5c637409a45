// A form being filled in is kept at each change: the camera app may push the page out of memory at any time. Photos take seconds
// to be prepared; a form is recorded with all of them or not yet.
import type { Kind } from '../api/wire';
import type { Environment } from '../environment';
import { uuid7 } from '../uuid7';
import type { About, Draft, DraftPhoto } from './items';

export interface Filled<Values> {
  about: About;
  values: Values;
  photos: DraftPhoto[];
}

export interface Heading {
  key: string;
  agent_id: string;
  kind: Kind;
  hash: string;
}

export class OpenDraft<Values extends object> {
  #now: Filled<Values>;
  #adding = 0;
  #over = false;
  readonly #work = new Set<Promise<unknown>>();
  /** Told of each change that a screen should show. */
  shown: (() => void) | null = null;

  /** `failed`: a change could not be written. */
  constructor(
    private readonly env: Environment,
    private readonly heading: Heading,
    first: Filled<Values>,
    private readonly failed: (error: unknown) => void,
  ) {
    this.#now = first;
  }

  get now(): Filled<Values> {
    return this.#now;
  }

  /** How many photos are still being prepared. */
  get adding(): number {
    return this.#adding;
  }

  set(change: Partial<Values>): void {
    this.#put({ ...this.#now, values: { ...this.#now.values, ...change } });
  }

  removePhoto(id: string): void {
    this.#put({ ...this.#now, photos: this.#now.photos.filter((photo) => photo.id !== id) });
  }

  /** `prepare` makes a photo small, or says by null that it stays too large; returns how many did. */
  addPhotos(files: Blob[], prepare: (file: Blob) => Promise<Blob | null>): Promise<number> {
    this.#adding += files.length;
    this.shown?.();
    return this.#track(this.#add(files, prepare));
  }

  async #add(files: Blob[], prepare: (file: Blob) => Promise<Blob | null>): Promise<number> {
    let tooLarge = 0;
    for (const file of files) {
      const blob = await prepare(file).catch(() => null);
      this.#adding -= 1;
      if (blob) this.#put({ ...this.#now, photos: [...this.#now.photos, { id: uuid7(this.env.now()), blob }] });
      else tooLarge += 1;
    }
    this.shown?.();
    return tooLarge;
  }

  /** What is in the form once each photo is prepared and each change is written. */
  async settled(): Promise<Filled<Values>> {
    while (this.#work.size > 0) await Promise.all(this.#work);
    return this.#now;
  }

  /** It is being recorded: nothing changes it any more, and nothing writes it again. */
  end(): void {
    this.#over = true;
  }

  /** Recording failed: the form goes on. */
  goOn(): void {
    this.#over = false;
  }

  #put(next: Filled<Values>): void {
    if (this.#over) return;
    this.#now = next;
    this.shown?.();
    const draft: Draft = { ...this.heading, about: next.about, values: next.values as Record<string, unknown>, photos: next.photos, at: this.env.now() };
    void this.#track(this.#write(draft));
  }

  async #write(draft: Draft): Promise<void> {
    try {
      await this.env.db.put('drafts', draft);
    } catch (error) {
      this.failed(error);
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked: Promise<unknown> = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return work;
  }
}

export async function discardDraft(env: Environment, key: string): Promise<void> {
  await env.db.delete('drafts', key);
  env.changed();
}
