import { describe, expect, it } from 'vitest';
import { ownActions } from '../src/shared/api/calls';
import { html, json, tablet } from './environment';

describe('what the server keeps of a person', () => {
  it('is asked page by page, and a network’s sign-in page is no part of it', async () => {
    const one = await tablet();
    const pages = [json({ items: [], next: 'a/b' }), json({ items: [], next: null }), html(200)];
    one.answer = () => pages.shift()!;
    const first = await ownActions(one, 'a1', undefined);
    expect(first).toMatchObject({ ok: true, value: { next: 'a/b' } });
    expect(await ownActions(one, 'a1', 'a/b')).toMatchObject({ ok: true, value: { items: [] } });
    expect(await ownActions(one, 'a1', undefined)).toMatchObject({ ok: false, failure: { kind: 'portal' } });
    expect(one.asked.map(({ path }) => path)).toEqual(['/v1/me/field-actions', '/v1/me/field-actions?cursor=a%2Fb', '/v1/me/field-actions']);
  });
});
