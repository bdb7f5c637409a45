// What an answer means. Only JSON of the expected shape counts as Vigie's word; anything else leaves everything as it was.
import type { Problem } from './wire';

export type Failure =
  /** No answer: no network, a cut line; `slow`: none within the time given. */
  | { kind: 'offline'; slow?: boolean }
  /** An answer that is not Vigie's, such as the sign-in page of a public network. */
  | { kind: 'portal'; status: number }
  /** The server is there and cannot now. */
  | { kind: 'busy'; status: number; retryAfterMs: number | null }
  | { kind: 'signed_out'; problem: Problem }
  | { kind: 'revoked'; problem: Problem }
  | { kind: 'forbidden'; problem: Problem }
  | { kind: 'problem'; status: number; problem: Problem }
  /** Nobody's key is at hand: somebody has to type their PIN. */
  | { kind: 'need_pin' }
  /** The tablet cannot read or write what it keeps. */
  | { kind: 'storage' }
  /** The browser no longer finds the bytes of a photo. */
  | { kind: 'unreadable' };

export type Answer<T> = { ok: true; value: T; etag: string | null } | { ok: false; failure: Failure };

export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

function asProblem(type: string, body: string): Problem | null {
  if (!type.includes('json')) return null;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && 'title' in value ? (value as Problem) : null;
  } catch {
    return null;
  }
}

/** Reads a status that is no success. `body` is the text as received. */
export function failureOf(status: number, header: (name: string) => string | null, body: string, now: number): Failure {
  const problem = asProblem(header('content-type') ?? '', body);
  if (status === 429 || status >= 500) return { kind: 'busy', status, retryAfterMs: retryAfterMs(header('retry-after'), now) };
  if (!problem) return { kind: 'portal', status };
  if (status === 401) return { kind: problem.reason === 'device_revoked' ? 'revoked' : 'signed_out', problem };
  if (status === 403) return { kind: 'forbidden', problem };
  return { kind: 'problem', status, problem };
}

export async function readAnswer<T>(response: Response, accept: (value: unknown) => value is T, now: number): Promise<Answer<T>> {
  let body: string;
  try {
    body = await response.text();
  } catch {
    return { ok: false, failure: { kind: 'offline' } };
  }
  if (!response.ok) return { ok: false, failure: failureOf(response.status, (name) => response.headers.get(name), body, now) };
  if ((response.headers.get('content-type') ?? '').includes('json')) {
    try {
      const value: unknown = JSON.parse(body);
      if (accept(value)) return { ok: true, value, etag: response.headers.get('etag') };
    } catch {
      // Cut or not JSON: not Vigie's word, see below.
    }
  }
  return { ok: false, failure: { kind: 'portal', status: response.status } };
}
