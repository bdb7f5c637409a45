// A person's PIN on the tablet. It opens, without network, a key of the person's own (AES-GCM fails for a wrong PIN, so no other
// trace of the PIN is kept), and that key opens the refresh token. Six digits are guessable by whoever takes the tablet's disk
// apart: the iterations make that slow, and revoking the tablet makes it worthless.

export const iterations = 600_000;

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

export interface Vault {
  agent_id: string;
  name: string;
  salt: Uint8Array<ArrayBuffer>;
  iterations: number;
  key: Sealed;
  /** None: the session ended, the next sign-in needs the network. */
  refresh: Sealed | null;
  session_expires_at: string;
  wrong: number;
  wait_until: number;
}

/** Whoever uses the tablet now. The key cannot be exported; it goes when they leave and nothing waits to be sent. */
export interface Session {
  id: 'current';
  agent_id: string;
  name: string;
  key: CryptoKey;
  access: { token: string; until: number } | null;
  locked: boolean;
  active_at: number;
}

const text = new TextEncoder();

async function pinKey(pin: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', text.encode(pin), 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

async function sealBytes(key: CryptoKey, bytes: Uint8Array<ArrayBuffer>): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, bytes) };
}

function ownKey(raw: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

export function seal(key: CryptoKey, words: string): Promise<Sealed> {
  return sealBytes(key, text.encode(words));
}

export async function unseal(key: CryptoKey, sealed: Sealed): Promise<string> {
  return new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.iv }, key, sealed.data));
}

export async function makeVault(
  agent: { id: string; name: string },
  pin: string,
  tokens: { refresh_token: string; session_expires_at: string },
  rounds = iterations,
): Promise<{ vault: Vault; key: CryptoKey }> {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await ownKey(raw);
  const vault: Vault = {
    agent_id: agent.id,
    name: agent.name,
    salt,
    iterations: rounds,
    key: await sealBytes(await pinKey(pin, salt, rounds), raw),
    refresh: await seal(key, tokens.refresh_token),
    session_expires_at: tokens.session_expires_at,
    wrong: 0,
    wait_until: 0,
  };
  raw.fill(0);
  return { vault, key };
}

/** The person's key, or null when the PIN is wrong. */
export async function openVault(vault: Vault, pin: string): Promise<CryptoKey | null> {
  const opener = await pinKey(pin, vault.salt, vault.iterations);
  try {
    return await ownKey(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: vault.key.iv }, opener, vault.key.data));
  } catch {
    return null;
  }
}

const freeTries = 3;
const longestWaitMs = 10 * 60_000;

/** Three tries are free, then each doubles the wait: 5 s, 10 s, ... 10 minutes; never a lock for good. */
export function waitAfter(wrong: number): number {
  return wrong < freeTries ? 0 : Math.min(longestWaitMs, 5_000 * 2 ** (wrong - freeTries));
}

export function afterWrong(vault: Vault, now: number): Vault {
  const wrong = vault.wrong + 1;
  return { ...vault, wrong, wait_until: now + waitAfter(wrong) };
}
