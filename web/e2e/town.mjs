// What a person does around the tablet: the supervisor announces it, the crew's people sign in. Accounts are the demo town's
// unless the environment names others.
import { setTimeout as wait } from 'node:timers/promises';

export const target = process.env.VIGIE_URL ?? 'http://127.0.0.1:8080';
export const pin = process.env.VIGIE_PIN ?? '739164';
const password = process.env.VIGIE_PASSWORD ?? 'goelands-sur-le-toit';
const supervisor = process.env.VIGIE_SUPERVISOR ?? 'superviseur@ingeville.example';
const crew = process.env.VIGIE_CREW ?? 'voirie-centre.equipe@ingeville.example';

async function call(path, { method = 'GET', token, body } = {}) {
  const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body ? { 'content-type': 'application/json' } : {}) };
  const response = await fetch(target + path, { method, headers, body: body ? JSON.stringify(body) : undefined });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

export const signIn = (email) => call('/v1/auth/sign-in', { method: 'POST', body: { email, password } });

export async function announceTablet(name) {
  const boss = await signIn(supervisor);
  const worker = await signIn(crew);
  const crewId = worker.grants.find((grant) => grant.role === 'crew').crew_id;
  const device = await call('/v1/devices', { method: 'POST', token: boss.access_token, body: { name, crew_id: crewId } });
  return { ...device, agent: worker.staff };
}

export async function revokeTablet(id) {
  const boss = await signIn(supervisor);
  await call(`/v1/devices/${id}/revoke`, { method: 'POST', token: boss.access_token });
}

/** An alert as the supervisor sees it. */
export async function alertOf(id) {
  const boss = await signIn(supervisor);
  return call(`/v1/alerts/${id}`, { token: boss.access_token });
}

export async function photoOf(id) {
  const boss = await signIn(supervisor);
  return call(`/v1/photos/${id}`, { token: boss.access_token });
}

/** Looks again until what is asked is there. */
export async function until(what, check, limitMs = 60_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not in ${limitMs / 1000} s: ${what}`);
    await wait(100);
  }
}
