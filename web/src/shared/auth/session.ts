// Who uses the tablet, and the access token that sends what they did. The page and the service worker both come here. Whatever
// takes time (the network, a PIN) ends with reading the rows again: a lock, another person or a wipe that came meanwhile counts.
import { agentsOf, refresh, signIn } from '../api/calls';
import type { Answer, Failure } from '../api/answer';
import { getMeta, isEnrolled } from '../db/database';
import type { Environment } from '../environment';
import { afterWrong, makeVault, openVault, seal, unseal, waitAfter, type Sealed, type Session, type Vault } from './vault';

export type Entry =
  /** `renewal`: the session had ended; with network the PIN just typed makes a new one, and nobody waits for that. */
  | { in: true; renewal: Promise<Entry> | null }
  | { in: false; why: 'wrong'; waitMs: number }
  | { in: false; why: 'wait'; waitMs: number }
  | { in: false; why: 'first_needs_network' }
  | { in: false; why: 'refused'; failure: Failure };

const marginMs = 60_000;

const same = (a: Sealed | null, b: Sealed | null) => a !== null && b !== null && a.iv.every((byte, at) => byte === b.iv[at]);

/** Somebody is in. `signedIn`: the vault is a new one; otherwise the kept one may hold a younger refresh token by now. */
async function begin(env: Environment, vault: Vault, key: CryptoKey, signedIn: Session['access']): Promise<void> {
  const tx = env.db.transaction(['vaults', 'session', 'meta'], 'readwrite');
  if (!(await isEnrolled(tx.objectStore('meta')))) return tx.done;
  const kept = signedIn ? undefined : await tx.objectStore('vaults').get(vault.agent_id);
  await tx.objectStore('vaults').put({ ...(kept ?? vault), wrong: 0, wait_until: 0 });
  const { agent_id, name } = vault;
  await tx.objectStore('session').put({ id: 'current', agent_id, name, key, access: signedIn, locked: false, active_at: env.now() });
  await tx.done;
  env.changed();
}

/** Signs in with the server and keeps what opens the tablet offline from now on. `renews`: in the background, for who is in already. */
async function enterOnline(env: Environment, agent: { id: string; name: string }, pin: string, renews = false): Promise<Entry> {
  const device = await getMeta(env.db, 'device');
  if (!device) return { in: false, why: 'first_needs_network' };
  const answer = await signIn(env, device, agent.id, pin);
  if (!answer.ok) return { in: false, why: 'refused', failure: answer.failure };
  const { vault, key } = await makeVault({ id: agent.id, name: answer.value.staff.name }, pin, answer.value);
  const access = { token: answer.value.access_token, until: env.now() + answer.value.expires_in * 1000 };
  if (renews) await renew(env, vault, key, access);
  else await begin(env, vault, key, access);
  return { in: true, renewal: null };
}

/** A session made in the background takes the place of the one that had ended, and neither unlocks nor puts anybody back. */
async function renew(env: Environment, vault: Vault, key: CryptoKey, access: Session['access']): Promise<void> {
  const tx = env.db.transaction(['vaults', 'session', 'meta'], 'readwrite');
  if (!(await isEnrolled(tx.objectStore('meta')))) return tx.done;
  await tx.objectStore('vaults').put(vault);
  const session = await tx.objectStore('session').get('current');
  if (session?.agent_id === vault.agent_id) await tx.objectStore('session').put({ ...session, key, access });
  await tx.done;
  env.changed();
}

async function countWrong(env: Environment, agentId: string): Promise<Entry> {
  const tx = env.db.transaction('vaults', 'readwrite');
  const vault = await tx.store.get(agentId);
  const next = vault && afterWrong(vault, env.now());
  if (next) await tx.store.put(next);
  await tx.done;
  return { in: false, why: 'wrong', waitMs: Math.max(0, (next?.wait_until ?? 0) - env.now()) };
}

/** How long somebody has to wait who guessed wrong. A clock that was put back makes it no longer. */
async function waitOf(env: Environment, vault: Vault): Promise<number> {
  const left = vault.wait_until - env.now();
  const most = waitAfter(vault.wrong);
  if (left <= most) return left;
  const tx = env.db.transaction('vaults', 'readwrite');
  const kept = await tx.store.get(vault.agent_id);
  if (kept) await tx.store.put({ ...kept, wait_until: env.now() + most });
  await tx.done;
  return most;
}

/** A PIN was typed. What is on the tablet decides; the server is asked when that knows nothing, or has another PIN. */
export async function enter(env: Environment, agent: { id: string; name: string }, pin: string): Promise<Entry> {
  const vault = await env.db.get('vaults', agent.id);
  if (!vault) {
    const entry = await enterOnline(env, agent, pin);
    return !entry.in && entry.why === 'refused' && entry.failure.kind === 'offline' ? { in: false, why: 'first_needs_network' } : entry;
  }
  const waitMs = await waitOf(env, vault);
  if (waitMs > 0) return { in: false, why: 'wait', waitMs };
  const key = await openVault(vault, pin);
  if (key) {
    await begin(env, vault, key, null);
    const ended = vault.refresh === null || Date.parse(vault.session_expires_at) <= env.now();
    return { in: true, renewal: ended ? enterOnline(env, agent, pin, true) : null };
  }
  // The PIN may have been changed elsewhere; the server counts wrong ones too, and says how long to wait.
  const online = await enterOnline(env, agent, pin);
  if (online.in || (online.why === 'refused' && online.failure.kind === 'revoked')) return online;
  const wrong = await countWrong(env, agent.id);
  return online.why === 'refused' && online.failure.kind === 'busy' && online.failure.status === 429 ? online : wrong;
}

export type Token = { ok: true; token: string } | { ok: false; failure: Failure };

/** An access token of whoever uses the tablet; refreshed when it is about to end, by one at a time. */
export function accessToken(env: Environment): Promise<Token> {
  return env.lock('vigie-token', () => tokenNow(env));
}

const needPin: Token = { ok: false, failure: { kind: 'need_pin' } };

async function tokenNow(env: Environment): Promise<Token> {
  const session = await env.db.get('session', 'current');
  if (!session) return needPin;
  if (session.access && session.access.until - marginMs > env.now()) return { ok: true, token: session.access.token };
  const vault = await env.db.get('vaults', session.agent_id);
  if (!vault?.refresh) return needPin;
  const shown = await unseal(session.key, vault.refresh).catch(() => null);
  if (shown === null) return needPin;
  const answer = await refresh(env, shown, (await getMeta(env.db, 'device'))?.device_secret);
  if (!answer.ok) return refused(env, vault, answer);
  const pair = answer.value;
  const sealed = await seal(session.key, pair.refresh_token);
  const tx = env.db.transaction(['vaults', 'session'], 'readwrite');
  const [vaults, sessions] = [tx.objectStore('vaults'), tx.objectStore('session')];
  const [kept, current] = [await vaults.get(vault.agent_id), await sessions.get('current')];
  // Who signed in anew meanwhile has other tokens, which these must not replace.
  if (kept && same(kept.refresh, vault.refresh)) {
    await vaults.put({ ...kept, refresh: sealed, session_expires_at: pair.session_expires_at });
    if (current?.agent_id === vault.agent_id) {
      await sessions.put({ ...current, access: { token: pair.access_token, until: env.now() + pair.expires_in * 1000 } });
    }
  }
  await tx.done;
  return { ok: true, token: pair.access_token };
}

async function refused(env: Environment, vault: Vault, answer: Answer<unknown> & { ok: false }): Promise<Token> {
  if (answer.failure.kind !== 'signed_out') return answer;
  // The session may have ended because the tablet was revoked; the tablet's own secret brings the answer.
  const device = await getMeta(env.db, 'device');
  const standing = device && (await agentsOf(env, device.device_secret));
  if (standing && !standing.ok && standing.failure.kind === 'revoked') return standing;
  const tx = env.db.transaction('vaults', 'readwrite');
  const kept = await tx.store.get(vault.agent_id);
  const still = kept !== undefined && same(kept.refresh, vault.refresh);
  if (still) await tx.store.put({ ...kept, refresh: null });
  await tx.done;
  if (!still) return tokenNow(env);
  env.changed();
  return needPin;
}

/** The server did not take the token although its time was not over. */
export async function dropAccess(env: Environment, token: string): Promise<void> {
  const tx = env.db.transaction('session', 'readwrite');
  const session = await tx.store.get('current');
  if (session?.access?.token === token) await tx.store.put({ ...session, access: null });
  await tx.done;
}

/** Nobody may look any more; the key stays for as long as something waits to be sent. */
export async function lock(env: Environment): Promise<void> {
  const tx = env.db.transaction('session', 'readwrite');
  const session = await tx.store.get('current');
  if (session) await tx.store.put({ ...session, locked: true });
  await tx.done;
  await forgetIdleKey(env);
  env.changed();
}

export async function forgetIdleKey(env: Environment): Promise<void> {
  const tx = env.db.transaction(['session', 'actions', 'photos'], 'readwrite');
  const session = await tx.objectStore('session').get('current');
  if (session?.locked) {
    const [actions, photos] = await Promise.all([tx.objectStore('actions').getAll(), tx.objectStore('photos').getAll()]);
    const waiting = actions.some((item) => item.state === 'queued') || photos.some((item) => item.state === 'queued');
    if (!waiting) await tx.objectStore('session').delete('current');
  }
  await tx.done;
}
