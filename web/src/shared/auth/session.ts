// Who uses the tablet, and the access token that sends what they did. The page and the service worker both come here.
import { agentsOf, refresh, signIn } from '../api/calls';
import type { Answer, Failure } from '../api/answer';
import { getMeta } from '../db/database';
import type { Environment } from '../environment';
import { afterWrong, makeVault, openVault, seal, unseal, type Session, type Vault } from './vault';

export type Entry =
  /** `renewal`: the session had ended; with network the PIN just typed makes a new one, and nobody waits for that. */
  | { in: true; renewal: Promise<Entry> | null }
  | { in: false; why: 'wrong'; waitMs: number }
  | { in: false; why: 'wait'; waitMs: number }
  | { in: false; why: 'first_needs_network' }
  | { in: false; why: 'refused'; failure: Failure };

const marginMs = 60_000;

async function begin(env: Environment, vault: Vault, key: CryptoKey, access: Session['access']): Promise<void> {
  const tx = env.db.transaction(['vaults', 'session'], 'readwrite');
  await tx.objectStore('vaults').put({ ...vault, wrong: 0, wait_until: 0 });
  const { agent_id, name } = vault;
  await tx.objectStore('session').put({ id: 'current', agent_id, name, key, access, locked: false, active_at: env.now() });
  await tx.done;
  env.changed();
}

/** Signs in with the server and keeps what opens the tablet offline from now on. */
async function enterOnline(env: Environment, agent: { id: string; name: string }, pin: string): Promise<Entry> {
  const device = await getMeta(env.db, 'device');
  if (!device) return { in: false, why: 'first_needs_network' };
  const answer = await signIn(env, device, agent.id, pin);
  if (!answer.ok) return { in: false, why: 'refused', failure: answer.failure };
  const { vault, key } = await makeVault({ id: agent.id, name: answer.value.staff.name }, pin, answer.value);
  await begin(env, vault, key, { token: answer.value.access_token, until: env.now() + answer.value.expires_in * 1000 });
  return { in: true, renewal: null };
}

async function countWrong(env: Environment, vault: Vault): Promise<Entry> {
  const next = afterWrong(vault, env.now());
  await env.db.put('vaults', next);
  return { in: false, why: 'wrong', waitMs: Math.max(0, next.wait_until - env.now()) };
}

/** A PIN was typed. What is on the tablet decides; the server is asked when that knows nothing, or has another PIN. */
export async function enter(env: Environment, agent: { id: string; name: string }, pin: string): Promise<Entry> {
  const vault = await env.db.get('vaults', agent.id);
  if (!vault) {
    const entry = await enterOnline(env, agent, pin);
    return !entry.in && entry.why === 'refused' && entry.failure.kind === 'offline' ? { in: false, why: 'first_needs_network' } : entry;
  }
  if (vault.wait_until > env.now()) return { in: false, why: 'wait', waitMs: vault.wait_until - env.now() };
  const key = await openVault(vault, pin);
  if (key) {
    await begin(env, vault, key, null);
    const ended = vault.refresh === null || Date.parse(vault.session_expires_at) <= env.now();
    return { in: true, renewal: ended ? enterOnline(env, agent, pin) : null };
  }
  // The PIN may have been changed elsewhere; the server counts wrong ones too.
  const online = await enterOnline(env, agent, pin);
  if (online.in || (online.why === 'refused' && online.failure.kind === 'revoked')) return online;
  return countWrong(env, vault);
}

export type Token = { ok: true; token: string } | { ok: false; failure: Failure };

/** An access token of whoever uses the tablet; refreshed when it is about to end, by one at a time. */
export function accessToken(env: Environment): Promise<Token> {
  return env.lock('vigie-token', async () => {
    const session = await env.db.get('session', 'current');
    if (!session) return { ok: false, failure: { kind: 'need_pin' } };
    if (session.access && session.access.until - marginMs > env.now()) return { ok: true, token: session.access.token };
    const vault = await env.db.get('vaults', session.agent_id);
    if (!vault?.refresh) return { ok: false, failure: { kind: 'need_pin' } };
    const answer = await refresh(env, await unseal(session.key, vault.refresh));
    if (!answer.ok) return refused(env, vault, answer);
    const pair = answer.value;
    const sealed = await seal(session.key, pair.refresh_token);
    const access = { token: pair.access_token, until: env.now() + pair.expires_in * 1000 };
    const tx = env.db.transaction(['vaults', 'session'], 'readwrite');
    await tx.objectStore('vaults').put({ ...vault, refresh: sealed, session_expires_at: pair.session_expires_at });
    await tx.objectStore('session').put({ ...session, access });
    await tx.done;
    return { ok: true, token: pair.access_token };
  });
}

async function refused(env: Environment, vault: Vault, answer: Answer<unknown> & { ok: false }): Promise<Token> {
  if (answer.failure.kind !== 'signed_out') return answer;
  // The session may have ended because the tablet was revoked; the tablet's own secret brings the answer.
  const device = await getMeta(env.db, 'device');
  const standing = device && (await agentsOf(env, device.device_secret));
  if (standing && !standing.ok && standing.failure.kind === 'revoked') return standing;
  await env.db.put('vaults', { ...vault, refresh: null });
  env.changed();
  return { ok: false, failure: { kind: 'need_pin' } };
}

/** The server did not take the token although its time was not over. */
export async function dropAccess(env: Environment, token: string): Promise<void> {
  const session = await env.db.get('session', 'current');
  if (session?.access?.token === token) await env.db.put('session', { ...session, access: null });
}

/** Nobody may look any more; the key stays for as long as something waits to be sent. */
export async function lock(env: Environment): Promise<void> {
  const session = await env.db.get('session', 'current');
  if (session) await env.db.put('session', { ...session, locked: true });
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
