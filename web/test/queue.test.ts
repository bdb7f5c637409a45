import { describe, expect, it } from 'vitest';
import { enqueue } from '../src/shared/queue/enqueue';
import { mayBeForgotten, needsAttention, photoMayGo, settle, waitBeforeRetry, withReceipt, type ActionState } from '../src/shared/queue/items';
import { uuid7 } from '../src/shared/uuid7';
import { action, receipt, tablet } from './environment';

async function item(state: ActionState = 'queued') {
  const made = await enqueue(await tablet(), action());
  return { ...made, state };
}

describe('receipts', () => {
  it.each(['applied', 'superseded', 'waiting', 'refused'] as const)('move a queued item to %s', async (outcome) => {
    const queued = await item();
    expect(withReceipt(queued, receipt(queued.id, { outcome }), 5)).toMatchObject({ state: outcome, receipt_at: 5 });
  });

  it('of another item change nothing', async () => {
    const queued = await item();
    expect(withReceipt(queued, receipt('other'), 5)).toBe(queued);
  });

  it('decide later what waited', async () => {
    const waiting = await item('waiting');
    expect(withReceipt(waiting, receipt(waiting.id, { outcome: 'waiting' }), 5)).toBe(waiting);
    expect(withReceipt(waiting, receipt(waiting.id, { outcome: 'refused' }), 5).state).toBe('refused');
    expect(withReceipt(waiting, receipt(waiting.id), 5).state).toBe('applied');
  });

  it.each(['applied', 'superseded', 'corrected', 'discarded'] as const)('do not reopen what is %s', async (state) => {
    const final = await item(state);
    expect(withReceipt(final, receipt(final.id, { outcome: 'refused' }), 5)).toBe(final);
  });

  it('are shown on top until a pull that began later', async () => {
    const queued = await item();
    const applied = withReceipt(queued, receipt(queued.id), 100);
    expect(settle(applied, 100).settled).toBe(false);
    expect(settle(applied, 101).settled).toBe(true);
    expect(settle(queued, 101).settled).toBe(false);
  });

  it('what was refused or overtaken asks for eyes, and is not forgotten', async () => {
    const late = Date.parse('2026-12-30T00:00:00Z');
    for (const state of ['refused', 'superseded', 'waiting', 'queued'] as const) expect(mayBeForgotten(await item(state), late, [])).toBe(false);
    expect(needsAttention(await item('refused'))).toBe(true);
    expect(needsAttention({ ...(await item('superseded')), seen: true })).toBe(false);
    expect(mayBeForgotten(await item('applied'), late, [])).toBe(true);
    expect(mayBeForgotten(await item('applied'), Date.parse('2026-11-24T00:00:00Z'), [])).toBe(false);
  });
});

describe('what became of an action', () => {
  it('is told when it took effect otherwise than the crew thinks, until somebody has read it', async () => {
    for (const reason of ['reassigned', 'merged', 'reported_since'] as const) {
      const told = { ...(await item('applied')), receipt: receipt('x', { reason }) };
      expect(needsAttention(told)).toBe(true);
      expect(needsAttention({ ...told, seen: true })).toBe(false);
    }
    expect(needsAttention({ ...(await item('applied')), receipt: receipt('x') })).toBe(false);
  });

  it('is kept for as long as a photo of it waits or was refused', async () => {
    const late = Date.parse('2026-12-30T00:00:00Z');
    const one = await tablet();
    const made = { ...(await enqueue(one, action({ photos: [{ id: 'p', blob: new Blob(['x']) }] }))), state: 'applied' as const };
    const photo = (await one.db.get('photos', 'p'))!;
    expect(mayBeForgotten(made, late, [photo])).toBe(false);
    expect(mayBeForgotten(made, late, [{ ...photo, state: 'refused' }])).toBe(false);
    expect(mayBeForgotten(made, late, [{ ...photo, state: 'sent' }])).toBe(true);
  });

  it('decides when its photos may go: a report that waits for a decision is no report yet', async () => {
    const one = await tablet();
    const made = await enqueue(one, action({ photos: [{ id: 'p', blob: new Blob(['x']) }] }));
    const photo = (await one.db.get('photos', 'p'))!;
    expect(photoMayGo(photo, { ...made, state: 'waiting' })).toBe(true);
    expect(photoMayGo(photo, { ...made, kind: 'new_alert', state: 'waiting' })).toBe(false);
    expect(photoMayGo(photo, { ...made, kind: 'new_alert', state: 'applied' })).toBe(true);
  });
});

describe('the queue', () => {
  it('numbers without gaps, also when two enter at once, and freezes what is sent', async () => {
    const one = await tablet();
    const made = await Promise.all([enqueue(one, action()), enqueue(one, action()), enqueue(one, action())]);
    expect(made.map((each) => each.seq).sort()).toEqual([1, 2, 3]);
    const sent = JSON.parse(made[0]!.payload) as Record<string, unknown>;
    expect(sent).toEqual({ id: made[0]!.id, seq: 1, agent_id: made[0]!.agent_id, kind: 'note', task_id: 'task-1', base_version: 3, client_at: '2026-11-23T08:00:00.000Z', position: null, accuracy: null, note: 'Vu' });
  });

  it('freezes no half of an emoji and no NUL: no server reads a message with those', async () => {
    const made = await enqueue(await tablet(), action({ fields: { note: 'Trou \ud83d', reason: '\ude00 a\0b 🚧' } }));
    expect(JSON.parse(made.payload)).toMatchObject({ note: 'Trou ', reason: ' ab 🚧' });
    expect(made.payload).not.toMatch(/\\ud|\\u0000/);
  });

  it('takes the draft out in the same breath', async () => {
    const one = await tablet();
    const about = { task_id: 'task-1', base_version: 3, label: action().label, proof_required: false };
    await one.db.put('drafts', { key: 'k', agent_id: action().agent.id, kind: 'note', hash: '#/task/task-1/act/note', about, values: {}, photos: [], at: 0 });
    await enqueue(one, action({ draft: 'k', photos: [{ id: 'p', blob: new Blob(['x']) }] }));
    expect(await one.db.get('drafts', 'k')).toBeUndefined();
    expect(await one.db.get('photos', 'p')).toMatchObject({ state: 'queued', task_id: 'task-1' });
  });
});

describe('waits', () => {
  it('double with each failure up to a quarter of an hour, with chance, and obey the server', () => {
    expect(waitBeforeRetry(1, 1, null)).toBe(5_000);
    expect(waitBeforeRetry(1, 0, null)).toBe(2_500);
    expect(waitBeforeRetry(4, 1, null)).toBe(40_000);
    expect(waitBeforeRetry(50, 1, null)).toBe(900_000);
    expect(waitBeforeRetry(1, 0, 30_000)).toBe(30_000);
  });
});

describe('ids', () => {
  it('are UUIDv7 in the order they were made', () => {
    const ids = Array.from({ length: 5000 }, () => uuid7(1_700_000_000_000));
    expect(new Set(ids).size).toBe(5000);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
