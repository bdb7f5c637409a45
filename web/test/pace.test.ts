import { beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../src/shared/api/answer';
import { Pace } from '../src/shared/sync/pace';

const offline: Failure = { kind: 'offline' };
const busy = (retryAfterMs: number | null): Failure => ({ kind: 'busy', status: 429, retryAfterMs });

let steady: number;
let pace: Pace;

beforeEach(() => {
  steady = 1000;
  pace = new Pace(() => steady, () => 1);
});

describe('the next exchange', () => {
  it('is in a minute when all is well, and later and later after failures', () => {
    expect(pace.after(null, false)).toBe(60_000);
    expect([1, 2, 3].map(() => pace.after(offline, false))).toEqual([5_000, 10_000, 20_000]);
    expect(pace.after(null, false)).toBe(60_000);
    expect(pace.after(offline, false)).toBe(5_000);
  });

  it('is soon while something arrives, and when somebody presses', () => {
    for (let n = 0; n < 5; n += 1) pace.after(offline, false);
    expect(pace.after(offline, true)).toBe(5_000);
    for (let n = 0; n < 5; n += 1) pace.after(offline, false);
    pace.forgive();
    expect(pace.after(offline, false)).toBe(5_000);
  });

  it('is held back only by the server, and for a quarter of an hour at most', () => {
    pace.after(offline, false);
    expect(pace.left()).toBe(0);
    pace.after(busy(null), false);
    expect(pace.left()).toBe(0);
    expect(pace.after(busy(30_000), false)).toBe(30_000);
    expect(pace.left()).toBe(30_000);
    steady += 10_000;
    expect(pace.left()).toBe(20_000);
    expect(pace.after(busy(86_400_000), false)).toBe(15 * 60_000);
    expect(pace.left()).toBe(15 * 60_000);
    pace.after(null, false);
    expect(pace.left()).toBe(0);
  });
});
