// When the next exchange may be. Measured on a clock that only runs forward: the tablet's own may be put back by a day. Pure.
import type { Failure } from '../api/answer';
import { waitBeforeRetry } from '../queue/items';

const everyMs = 60_000;
const longestMs = 15 * 60_000;

export class Pace {
  #failures = 0;
  #notBefore = 0;

  /** `steady`: milliseconds that never go back; `random`: chance from 0 to 1. */
  constructor(
    private readonly steady: () => number,
    private readonly random: () => number,
  ) {}

  /** How long until the next exchange. Where something arrived, the network is there: a failure counts as the first one. */
  after(failure: Failure | null, moved: boolean): number {
    if (moved || !failure) this.#failures = 0;
    if (!failure) {
      this.#notBefore = 0;
      return everyMs;
    }
    this.#failures += 1;
    const asked = failure.kind === 'busy' && failure.retryAfterMs !== null ? Math.min(longestMs, failure.retryAfterMs) : null;
    this.#notBefore = asked === null ? 0 : this.steady() + asked;
    return waitBeforeRetry(this.#failures, this.random(), asked);
  }

  /** How long the server asked to be left alone, still; nobody's press shortens that. */
  left(): number {
    return Math.max(0, this.#notBefore - this.steady());
  }

  /** Somebody pressed "send now": waits of our own begin anew. */
  forgive(): void {
    this.#failures = 0;
  }
}
