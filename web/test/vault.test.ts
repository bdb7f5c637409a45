import { describe, expect, it } from 'vitest';
import { accessToken, enter, lock } from '../src/shared/auth/session';
import { iterations, makeVault, openVault, unseal, waitAfter } from '../src/shared/auth/vault';
import { putMeta } from '../src/shared/db/database';
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
