// Gives a request up after a time. `AbortSignal.any` is younger than many a tablet; one controller with a timer is not.

export class Deadline {
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  passed = false;

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.passed = true;
      this.#abort.abort();
    }, ms);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(): void {
    this.#abort.abort();
  }

  /** The answer is here: nothing is given up any more. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
