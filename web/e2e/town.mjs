// What a person does around the tablet: the supervisor announces it, the crew's people sign in. Accounts are the demo town's
// unless the environment names others.
import { setTimeout as wait } from 'node:timers/promises';

export const target = process.env.VIGIE_URL ?? 'http://127.0.0.1:8080';
export const pin = process.env.VIGIE_PIN ?? '739164';
const password = process.env.VIGIE_PASSWORD ?? 'goelands-sur-le-toit';
const supervisor = process.env.VIGIE_SUPERVISOR ?? 'superviseur@ingeville.example';
const crew = process.env.VIGIE_CREW ?? 'voirie-centre.equipe@ingeville.example';
const second = process.env.VIGIE_SECOND ?? 'voirie-centre.equipe2@ingeville.example';

async function call(path, { method = 'GET', token, body, headers: more } = {}) {
  const headers = { ...more, ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body ? { 'content-type': 'application/json' } : {}) };
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
  return { ...device, crewId, agent: worker.staff };
}

/** The other one of the crew. */
export async function colleague() {
  return (await signIn(second)).staff;
}

export async function revokeTablet(id) {
  const boss = await signIn(supervisor);
  await call(`/v1/devices/${id}/revoke`, { method: 'POST', token: boss.access_token });
}

const round = [
  { category: 'nid-de-poule', priority: 4, answers: { size: 'wheel', cycle_lane: true }, address: '14 Rue de la Girouette-Tordue', description: 'Trou profond sur la bande cyclable, on l’évite au dernier moment.' },
  { category: 'panneau', priority: 3, answers: { kind: 'stop' }, address: 'Carrefour des Trois-Mouettes', description: 'Le stop est couché dans la haie.' },
  { category: 'trottoir', priority: 3, answers: { wheelchair: false }, address: '3 Quai du Phare-Penché', description: 'Dalle soulevée par une racine.' },
  { category: 'nid-de-poule', priority: 2, answers: { size: 'plate' }, address: '52 Avenue des Neuf-Bécasseaux', description: 'Nid-de-poule devant le garage.' },
  { category: 'panneau', priority: 1, answers: { kind: 'street_name' }, address: 'Venelle du Vieux-Filet', description: 'Plaque de rue illisible.' },
];

/** Things for the crew to do, reported by residents and dispatched by the supervisor for today; the ids of the tasks. */
export async function giveTasks(crewId, count, pictures = []) {
  const boss = await signIn(supervisor);
  const ids = [];
  for (let n = 0, tried = 0; n < count; tried += 1) {
    if (tried > count * 4) throw new Error('reports join alerts that are open already');
    const { priority, ...what } = round[n % round.length];
    // Chance, so that a second run does not report the same place again.
    const coordinates = [-4.51 + Math.random() * 0.016, 46.493 + Math.random() * 0.012].map((degrees) => Math.round(degrees * 1e6) / 1e6);
    const form = new FormData();
    form.set('report', new Blob([JSON.stringify({ ...what, position: { type: 'Point', coordinates }, position_source: 'map' })], { type: 'application/json' }));
    if (pictures.length > 0) form.set('photo', new Blob([pictures[n % pictures.length].buffer], { type: 'image/jpeg' }), 'photo.jpg');
    const response = await fetch(`${target}/v1/reports`, { method: 'POST', body: form });
    if (!response.ok) throw new Error(`report: ${response.status} ${await response.text()}`);
    const { alert } = await response.json();
    if (alert?.relation !== 'opened') continue;
    // Another service's sector begins somewhere: what the supervisor does not see is another's.
    const seen = await call(`/v1/alerts/${alert.id}`, { method: 'PATCH', token: boss.access_token, body: { priority }, headers: { 'if-match': '*' } }).catch(() => null);
    if (!seen) continue;
    const today = new Date().toISOString().slice(0, 10);
    const body = { crew_id: crewId, planned_on: today, ...(n === 0 ? { instructions: 'Baliser avant de commencer : la piste sert aux écoliers.' } : {}) };
    ids.push((await call(`/v1/alerts/${alert.id}/dispatch`, { method: 'POST', token: boss.access_token, body })).id);
    n += 1;
  }
  return ids;
}

/** The service takes back what a crew was to do. */
export async function takeBack(alert) {
  const boss = await signIn(supervisor);
  await call(`/v1/alerts/${alert}/steps`, { method: 'POST', token: boss.access_token, body: { step: 'take_back', reason: 'Autre priorité' } });
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

/** What crews did and a person should look at, as the supervisor sees it. */
export async function fieldActions() {
  const boss = await signIn(supervisor);
  return (await call('/v1/field-actions', { token: boss.access_token })).items;
}

/** What crews have to do, as the supervisor sees it. */
export async function openTasks() {
  const boss = await signIn(supervisor);
  return (await call('/v1/tasks', { token: boss.access_token })).items;
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
