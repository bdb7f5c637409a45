import { describe, expect, it } from 'vitest';
import { questions, inWords } from '../src/crew/answers';
import { codeOf } from '../src/crew/enrolment';
import { forms, materialOf, missing, quantitiesFine, quantityOf } from '../src/crew/kinds';
import { parse } from '../src/crew/route';
import type { Kind } from '../src/shared/api/wire';
import { enqueue } from '../src/shared/queue/enqueue';
import { groupOf, inOrder, seen } from '../src/shared/queue/overlay';
import { tileAt, tilesAround } from '../src/shared/sync/tiles';
import { action, tablet, task } from './environment';

async function queue(...names: Kind[]) {
  const one = await tablet();
  const made = [];
  for (const kind of names) made.push(await enqueue(one, action({ kind })));
  return made;
}

describe('the order of the day', () => {
  const ids = (all: ReturnType<typeof task>[]) => all.sort(inOrder('2026-11-23')).map((each) => each.id);
  const alert = task().alert;

  it('is the round’s: by rank, whenever each stop was planned for; later days after it', () => {
    const all = [
      task({ id: 'e', planned_on: '2026-11-25', rank: 1 }),
      task({ id: 'd', planned_on: '2026-11-24', rank: 2 }),
      task({ id: 'c', planned_on: '2026-11-21', rank: 3 }),
      task({ id: 'b', planned_on: null, rank: 2 }),
      task({ id: 'a', planned_on: '2026-11-23', rank: 1 }),
    ];
    expect(ids(all)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('without a round is by day, priority, due date; urgent things without a day first, others last', () => {
    const all = [
      task({ id: 'd', rank: 0, alert: { ...alert, priority: 2, due_at: '2026-11-24T10:00:00Z' } }),
      task({ id: 'b', rank: 0, alert: { ...alert, priority: 4 } }),
      task({ id: 'a', rank: 0, planned_on: '2026-11-20' }),
      task({ id: 'c', rank: 0, alert: { ...alert, priority: 2, due_at: '2026-11-23T10:00:00Z' } }),
    ];
    all.push(task({ id: 'z', planned_on: null, rank: 0 }), task({ id: 'urgent', planned_on: null, rank: 0, alert: { ...alert, priority: 4 } }));
    expect(ids(all)).toEqual(['urgent', 'a', 'b', 'c', 'd', 'z']);
  });

  it('keeps what is left over and unplanned in today, tomorrow later, and the closed at the end', () => {
    expect(groupOf(task({ planned_on: '2026-11-22' }), false, '2026-11-23')).toBe('now');
    expect(groupOf(task({ planned_on: null }), false, '2026-11-23')).toBe('now');
    expect(groupOf(task({ planned_on: '2026-11-24' }), false, '2026-11-23')).toBe('later');
    expect(groupOf(task(), true, '2026-11-23')).toBe('closed');
  });
});

describe('what the crew sees before the server knows', () => {
  it('is the server’s word when nothing waits', () => {
    expect(seen(task(), [])).toMatchObject({ status: 'dispatched', accepted: false, closed: false });
    expect(seen(task(), []).offered.slice(0, 3)).toEqual(['accept', 'start', 'done']);
  });

  it('follows the crew’s own actions', async () => {
    expect(seen(task(), await queue('start'))).toMatchObject({ status: 'in_progress', accepted: true });
    expect(seen(task(), await queue('start')).offered).toContain('pause');
    expect(seen(task(), await queue('start', 'pause')).offered).toContain('start');
    expect(seen(task(), await queue('start', 'pause')).status).toBe('dispatched');
    expect(seen(task(), await queue('start', 'done'))).toMatchObject({ status: 'done', closed: true, offered: ['note'] });
    expect(seen(task(), await queue('need_material')).status).toBe('on_hold');
  });

  it('leaves out what the server has shown, refused, or what is of another task', async () => {
    const [done] = await queue('done');
    expect(seen(task(), [{ ...done!, state: 'applied', settled: true }]).closed).toBe(false);
    expect(seen(task(), [{ ...done!, state: 'applied' }]).closed).toBe(true);
    expect(seen(task(), [{ ...done!, state: 'refused' }]).closed).toBe(false);
    expect(seen(task({ id: 'other' }), [done!]).closed).toBe(false);
  });

  it('offers only what the alert’s state allows', () => {
    expect(seen(task({ allowed: ['start'], state: 'accepted' }), []).offered).toEqual(['start', 'note', 'requalify', 'hand_over']);
  });
});

describe('forms', () => {
  it('ask for what the server asks for', () => {
    expect(missing('done', {}, 0, true)).toEqual(['photos']);
    expect(missing('done', {}, 0, false)).toEqual([]);
    expect(missing('need_material', { reason: '' }, 0, false)).toEqual(['reason', 'review_date']);
    expect(missing('hand_over', {}, 0, false)).toEqual(['crew', 'reason']);
    for (const kind of ['pause', 'not_found', 'not_ours', 'dangerous'] as const) expect(missing(kind, { reason: ' ' }, 0, false)).toEqual(['reason']);
    expect(missing('requalify', {}, 0, false)).toEqual(['category']);
    expect(missing('note', {}, 0, false)).toEqual(['note']);
  });

  it('take a quantity as it is written, and guess none', () => {
    expect(['2', '2,5', ' 0.25 ', '120'].map(quantityOf)).toEqual([2, 2.5, 0.25, 120]);
    expect(['', '0', '-1', '2 sacs', '1e3', '1,2,3', 'NaN'].map(quantityOf)).toEqual([null, null, null, null, null, null, null]);
    const row = { name: 'Enrobé', quantity: '2,5', unit: 't' };
    expect(materialOf([row, { name: ' ', quantity: 'x', unit: '' }])).toEqual([{ name: 'Enrobé', quantity: 2.5, unit: 't' }]);
    expect(quantitiesFine([row, { name: '', quantity: 'x', unit: '' }])).toBe(true);
    expect(quantitiesFine([{ ...row, quantity: '2 sacs' }])).toBe(false);
  });

  it('require nothing that they do not ask', () => {
    for (const form of Object.values(forms)) for (const field of form.required) expect(form.fields).toContain(field);
  });
});

describe('questions and answers', () => {
  const schema = {
    properties: {
      deep: { type: 'boolean', 'x-order': 2, 'x-title': { fr: 'Profond ?', en: 'Deep?' } },
      size: { enum: ['hand', 'wheel'], 'x-order': 1, 'x-title': { fr: 'Taille', en: 'Size' }, 'x-enum-labels': { wheel: { fr: 'Une roue y entre', en: 'A wheel fits' } } },
    },
  };
  it('come in the catalogue’s order and words', () => {
    expect(questions(schema).map((question) => [question.name, question.kind])).toEqual([['size', 'one_of'], ['deep', 'yes_no']]);
    const say = { local: (text: { fr?: string }) => text.fr ?? '', yes: 'Oui', no: 'Non' };
    expect(inWords(schema, { deep: false, size: 'wheel', odd: 3 }, say)).toEqual([
      { question: 'Taille', answer: 'Une roue y entre' },
      { question: 'Profond ?', answer: 'Non' },
      { question: 'odd', answer: '3' },
    ]);
    expect(inWords(undefined, {}, say)).toEqual([]);
  });
});

describe('the rest that is pure', () => {
  it('finds the code in what was scanned, pasted or typed', () => {
    expect(codeOf('{"url":"https://v.example","code":"1-K7QA-M2XP"}')).toBe('1-K7QA-M2XP');
    expect(codeOf(' 1-k7qa-m2xp ')).toBe('1-K7QA-M2XP');
  });

  it('reads addresses', () => {
    expect(parse('#/task/t1/act/done')).toEqual({ screen: 'act', id: 't1', kind: 'done' });
    expect(parse('#/task/t1')).toEqual({ screen: 'task', id: 't1' });
    expect(parse('#/outbox')).toEqual({ screen: 'outbox' });
    expect(parse('#/nonsense')).toEqual({ screen: 'list' });
    expect(parse('')).toEqual({ screen: 'list' });
  });

  it('knows which tiles a shift needs', () => {
    expect(tileAt(0, 0, 1)).toEqual({ z: 1, x: 1, y: 1 });
    const map = { bounds: [-4.54, 46.47, -4.46, 46.53] as [number, number, number, number], min_zoom: 11, max_zoom: 17 };
    const tiles = tilesAround([[-4.5, 46.5]], map);
    expect(tiles.some(({ z }) => z === 11)).toBe(true);
    const near = tileAt(-4.5, 46.5, 17);
    expect(tiles).toContainEqual(near);
    expect(tiles).toContainEqual({ ...near, x: near.x + 1 });
    expect(tilesAround(Array.from({ length: 4000 }, (_, n) => [-4.54 + n * 2e-5, 46.5]), map).length).toBeLessThanOrEqual(1500);
  });
});
