import { describe, expect, it, vi } from 'vitest';
import { accessToken, enter, lock } from '../src/shared/auth/session';
import { iterations, makeVault, openVault, unseal, waitAfter } from '../src/shared/auth/vault';
import { clearDatabase, putMeta } from '../src/shared/db/database';
import { enqueue } from '../src/shared/queue/enqueue';
import { action, agent, json, tablet } from './environment';

const tokens = { access_token: 'a1', refresh_token: 'r1', expires_in: 900, session_expires_at: '2026-11-26T08:00:00Z', staff: { ...agent, locale: 'fr' } };

async function signedIn() {
  const one = await tablet();
  await putMeta(one.db, 'device', { device_id: 'd', name: 'n', crew_id: null, device_secret: 's' });
  one.answer = () => json(tokens);
  await enter(one, agent, '739164');
  one.answer = () => Promise.reject(new TypeError('offline'));
  return one;
}

describe('the PIN on the tablet', () => {
  it('opens the key that opens the refresh token, and nothing else does', async () => {
    const { vault } = await makeVault(agent, '739164', tokens, 1000);
    const key = await openVault(vault, '739164');
    expect(await unseal(key!, vault.refresh!)).toBe('r1');
    expect(await openVault(vault, '739165')).toBeNull();
    expect(key!.extractable).toBe(false);
  });

  it('is hard to guess from the disk', async () => {
    const [a, b] = [await makeVault(agent, '739164', tokens, 1000), await makeVault(agent, '739164', tokens, 1000)];
    expect(a.vault.salt).not.toEqual(b.vault.salt);
    expect(iterations).toBeGreaterThanOrEqual(300_000);
    expect(JSON.stringify(a.vault)).not.toContain('739164');
  });

  it('opens the tablet without network in less than 5 s', async () => {
    const one = await signedIn();
    await lock(one);
    expect(await one.db.get('session', 'current')).toBeUndefined();
    const before = performance.now();
    expect((await enter(one, agent, '739164')).in).toBe(true);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('slows down who guesses, also after the page was opened anew', async () => {
    const one = await signedIn();
    expect(await enter(one, agent, '000000')).toMatchObject({ why: 'wrong', waitMs: 0 });
    await enter(one, agent, '000001');
    expect(await enter(one, agent, '000002')).toMatchObject({ why: 'wrong', waitMs: 5_000 });
    expect(await enter(one, agent, '739164')).toMatchObject({ in: false, why: 'wait' });
    one.clock.now += 5_001;
    expect((await enter(one, agent, '739164')).in).toBe(true);
    expect((await one.db.get('vaults', agent.id))?.wrong).toBe(0);
    expect([3, 4, 5, 99].map(waitAfter)).toEqual([5_000, 10_000, 20_000, 600_000]);
  });

  it('needs the network the first time', async () => {
    const one = await tablet();
    await putMeta(one.db, 'device', { device_id: 'd', name: 'n', crew_id: null, device_secret: 's' });
    one.answer = () => Promise.reject(new TypeError('offline'));
    expect(await enter(one, agent, '739164')).toMatchObject({ in: false, why: 'first_needs_network' });
  });
});

describe('the session', () => {
  it('is refreshed before it ends, by one at a time, and the new token is kept sealed', async () => {
    const one = await signedIn();
    let refreshed = 0;
    one.clock.now += 3600_000;
    one.answer = () => json({ ...tokens, access_token: `a${(refreshed += 1) + 1}`, refresh_token: 'r2' });
    const got = await Promise.all([accessToken(one), accessToken(one)]);
    expect(got).toEqual([{ ok: true, token: 'a2' }, { ok: true, token: 'a2' }]);
    expect(refreshed).toBe(1);
    const session = await one.db.get('session', 'current');
    expect(await unseal(session!.key, (await one.db.get('vaults', agent.id))!.refresh!)).toBe('r2');
  });

  it('keeps its key after locking only while something waits to be sent', async () => {
    const one = await signedIn();
    await enqueue(one, action());
    await lock(one);
    expect((await one.db.get('session', 'current'))?.locked).toBe(true);
    const item = (await one.db.getAll('actions'))[0]!;
    await one.db.put('actions', { ...item, state: 'applied' });
    await lock(one);
    expect(await one.db.get('session', 'current')).toBeUndefined();
  });
});

describe('what comes while the network takes its time', () => {
  const other = { id: '01a2032b-287d-75b1-8f7c-a701e09961df', name: 'Odile Treuil' };

  /** A refresh whose answer comes when the test says so, once it was asked for. */
  async function slowRefresh() {
    const one = await signedIn();
    await enqueue(one, action());
    one.clock.now += 3600_000;
    let arrive: (answer: Response) => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      one.answer = () => (resolve(), new Promise<Response>((answer) => (arrive = answer)));
    });
    const token = accessToken(one);
    await asked;
    return { one, token, arrive: (answer: Response) => arrive(answer) };
  }
  const renewed = () => json({ ...tokens, access_token: 'a2', refresh_token: 'r2' });

  it('a refresh leaves the tablet locked', async () => {
    const { one, token, arrive } = await slowRefresh();
    await lock(one);
    arrive(renewed());
    expect(await token).toEqual({ ok: true, token: 'a2' });
    expect(await one.db.get('session', 'current')).toMatchObject({ locked: true, access: { token: 'a2' } });
  });

  it('a refresh does not put the person before back, and keeps their new token for when they return', async () => {
    const { one, token, arrive } = await slowRefresh();
    const slow = one.answer;
    one.answer = () => json({ ...tokens, access_token: 'b1', refresh_token: 's1', staff: { ...other, locale: 'fr' } });
    await enter(one, other, '112233');
    one.answer = slow;
    arrive(renewed());
    await token;
    expect(await one.db.get('session', 'current')).toMatchObject({ agent_id: other.id, access: { token: 'b1' } });
    one.answer = () => Promise.reject(new TypeError('offline'));
    await enter(one, agent, '739164');
    const session = await one.db.get('session', 'current');
    expect(await unseal(session!.key, (await one.db.get('vaults', agent.id))!.refresh!)).toBe('r2');
  });

  it('a PIN typed during a refresh does not bring the token before back', async () => {
    const { one, token, arrive } = await slowRefresh();
    const entering = enter(one, agent, '739164');
    arrive(renewed());
    await Promise.all([token, entering]);
    const session = await one.db.get('session', 'current');
    expect(await unseal(session!.key, (await one.db.get('vaults', agent.id))!.refresh!)).toBe('r2');
  });

  it('a refused refresh does not end the session that somebody began meanwhile', async () => {
    const { one, token, arrive } = await slowRefresh();
    const { vault, key } = await makeVault(agent, '739164', { ...tokens, refresh_token: 'r9' }, 1000);
    await one.db.put('vaults', vault);
    await one.db.put('session', { ...(await one.db.get('session', 'current'))!, key, access: { token: 'a9', until: one.clock.now + 900_000 } });
    one.answer = () => json({ agents: [agent] });
    arrive(json({ title: 'Over', status: 401 }, 401));
    expect(await token).toEqual({ ok: true, token: 'a9' });
    expect((await one.db.get('vaults', agent.id))!.refresh).not.toBeNull();
  });

  it('a session renewed in the background unlocks nothing', async () => {
    const one = await signedIn();
    await enqueue(one, action());
    one.clock.now += 4 * 86_400_000;
    let arrive: (answer: Response) => void = () => undefined;
    one.answer = () => new Promise<Response>((answer) => (arrive = answer));
    const entry = await enter(one, agent, '739164');
    await lock(one);
    await vi.waitFor(() => expect(one.asked.at(-1)?.path).toBe('/v1/auth/pin'));
    arrive(json({ ...tokens, access_token: 'a3', session_expires_at: '2026-12-26T08:00:00Z' }));
    expect(entry.in && (await entry.renewal)).toMatchObject({ in: true });
    expect(await one.db.get('session', 'current')).toMatchObject({ locked: true, access: { token: 'a3' } });
  });

  it('nobody is in on a tablet that was wiped', async () => {
    const { one, token, arrive } = await slowRefresh();
    await clearDatabase(one.db, '2026-11-23T09:00:00Z');
    arrive(renewed());
    await token;
    expect(await one.db.count('session')).toBe(0);
    expect(await one.db.count('vaults')).toBe(0);
  });
});

describe('the tablet’s secret', () => {
  it('goes with a refresh, so that an answer that got lost is given again', async () => {
    const one = await signedIn();
    one.clock.now += 3600_000;
    const fetched: Record<string, string>[] = [];
    const plain = one.fetch;
    one.fetch = (input, init) => (fetched.push(init?.headers as Record<string, string>), plain(input, init));
    one.answer = () => json(tokens);
    await accessToken(one);
    expect(fetched.at(-1)).toMatchObject({ 'x-device-secret': 's' });
  });
});

describe('a PIN that the server no longer takes', () => {
  it('opens the tablet, and the renewal says why no session comes of it', async () => {
    const one = await signedIn();
    one.clock.now += 4 * 86_400_000;
    one.answer = () => json({ title: 'Wrong', status: 401 }, 401);
    const entry = await enter(one, agent, '739164');
    expect(entry.in && (await entry.renewal)).toMatchObject({ in: false, why: 'refused', failure: { kind: 'signed_out' } });
  });

  it('gives way to the new one, and the server’s wait is told as its own', async () => {
    const one = await signedIn();
    one.answer = () => json({ title: 'Slow' }, 429, { 'retry-after': '40' });
    expect(await enter(one, agent, '112233')).toMatchObject({ why: 'refused', failure: { kind: 'busy', retryAfterMs: 40_000 } });
    one.answer = () => json(tokens);
    expect((await enter(one, agent, '112233')).in).toBe(true);
    expect(await openVault((await one.db.get('vaults', agent.id))!, '739164')).toBeNull();
  });

  it('a clock that is put back makes nobody wait for days', async () => {
    const one = await signedIn();
    for (const guess of ['000000', '000001', '000002']) await enter(one, agent, guess);
    one.clock.now -= 3 * 86_400_000;
    expect(await enter(one, agent, '739164')).toMatchObject({ why: 'wait', waitMs: 5_000 });
    one.clock.now += 5_001;
    expect((await enter(one, agent, '739164')).in).toBe(true);
  });
});
