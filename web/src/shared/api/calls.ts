// The calls of the API that the crew's app makes. Types come from openapi.yaml.
import type { Device } from '../db/database';
import { readAnswer, type Answer } from './answer';
import { Deadline } from './deadline';
import type { Agent, Catalogue, KeptPage, MapInfo, PhotoView, Receipt, SignedIn, SyncPage, TokenPair } from './wire';

export interface Caller {
  fetch: typeof fetch;
  now: () => number;
  language: () => Promise<string>;
}

interface Request {
  method?: 'GET' | 'POST';
  token?: string;
  /** Sent as it is: actions are frozen text. */
  json?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

const has =
  <T>(...names: string[]) =>
  (value: unknown): value is T =>
    typeof value === 'object' && value !== null && names.every((name) => name in value);

async function call<T>(caller: Caller, path: string, request: Request, accept: (value: unknown) => value is T): Promise<Answer<T>> {
  const headers: Record<string, string> = { accept: 'application/json', 'accept-language': await caller.language(), ...request.headers };
  if (request.token) headers['authorization'] = `Bearer ${request.token}`;
  if (request.json !== undefined) headers['content-type'] = 'application/json';
  const deadline = new Deadline(request.timeoutMs ?? 20_000);
  try {
    const response = await caller.fetch(path, {
      method: request.method ?? 'GET',
      headers,
      body: request.json ?? null,
      cache: 'no-store',
      credentials: 'omit',
      signal: deadline.signal,
    });
    const answer = await readAnswer(response, accept, caller.now());
    return deadline.passed && !answer.ok ? slow : answer;
  } catch {
    return deadline.passed ? slow : { ok: false, failure: { kind: 'offline' } };
  } finally {
    deadline.end();
  }
}

const slow: Answer<never> = { ok: false, failure: { kind: 'offline', slow: true } };

export function enrol(caller: Caller, code: string): Promise<Answer<Device>> {
  return call(caller, '/v1/devices/enrol', { method: 'POST', json: JSON.stringify({ code }) }, has('device_id', 'device_secret'));
}

export function agentsOf(caller: Caller, secret: string): Promise<Answer<{ agents: Agent[] }>> {
  return call(caller, '/v1/devices/agents', { headers: { 'x-device-secret': secret } }, has('agents'));
}

export function signIn(caller: Caller, device: Device, agentId: string, pin: string): Promise<Answer<SignedIn>> {
  const json = JSON.stringify({ device_id: device.device_id, device_secret: device.device_secret, staff_user_id: agentId, pin });
  return call(caller, '/v1/auth/pin', { method: 'POST', json }, has('access_token', 'refresh_token', 'staff'));
}

/** With the tablet's secret an answer that got lost is given again, however late. */
export function refresh(caller: Caller, token: string, secret: string | undefined): Promise<Answer<TokenPair>> {
  const json = JSON.stringify({ refresh_token: token });
  const headers: Record<string, string> = secret ? { 'x-device-secret': secret } : {};
  return call(caller, '/v1/auth/refresh', { method: 'POST', json, headers }, has('access_token', 'refresh_token'));
}

const from = (cursor: string | undefined) => (cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`);

export function syncPage(caller: Caller, token: string, cursor: string | undefined): Promise<Answer<SyncPage>> {
  return call(caller, `/v1/sync${from(cursor)}`, { token, timeoutMs: 60_000 }, has('cursor', 'tasks', 'gone', 'receipts'));
}

export function sendActions(caller: Caller, token: string, payloads: string[]): Promise<Answer<{ receipts: Receipt[] }>> {
  const json = `{"actions":[${payloads.join(',')}]}`;
  return call(caller, '/v1/sync/actions', { method: 'POST', token, json, timeoutMs: 60_000 }, has('receipts'));
}

export function ownActions(caller: Caller, token: string, cursor: string | undefined): Promise<Answer<KeptPage>> {
  return call(caller, `/v1/me/field-actions${from(cursor)}`, { token }, has('items'));
}

/** With a token of the staff's it has the categories too that residents do not see. */
export function catalogue(caller: Caller, token: string, town: string, etag: string | null): Promise<Answer<Catalogue>> {
  const headers: Record<string, string> = etag ? { 'if-none-match': etag } : {};
  return call(caller, `/v1/catalogue?jurisdiction=${encodeURIComponent(town)}`, { token, headers }, has('categories', 'jurisdiction'));
}

export function mapInfo(caller: Caller, token: string): Promise<Answer<MapInfo>> {
  return call(caller, '/v1/map', { token }, has('bounds', 'base_tiles'));
}

export function photo(caller: Caller, token: string, id: string): Promise<Answer<PhotoView>> {
  return call(caller, `/v1/photos/${id}`, { token }, has('id', 'state'));
}

/** The address of something of the server's at the address by which this page reached it: names of hosts may differ. */
export function ownPath(address: string, base: string): string {
  const url = new URL(address, base);
  return url.pathname + url.search;
}
