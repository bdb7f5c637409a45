import { describe, expect, it } from 'vitest';
import { day, fill, moment } from '../src/shared/i18n';
import { en } from '../src/shared/i18n/en';
import { fr } from '../src/shared/i18n/fr';
import { forms } from '../src/crew/kinds';

const sources = import.meta.glob<string>(['../src/**/*.ts', '../src/**/*.tsx', '!../src/shared/api/schema.d.ts'], { query: '?raw', import: 'default', eager: true });
const code = new Map(Object.entries(sources).filter(([name]) => !/i18n\/(fr|en)\.ts$/.test(name)));

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe('the two dictionaries', () => {
  it('have the same keys, words in each, and the same names to fill in', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(fr).sort());
    for (const [key, text] of Object.entries(fr)) {
      const other = en[key as keyof typeof fr];
      expect(text.trim(), key).not.toBe('');
      expect(other.trim(), key).not.toBe('');
      expect(new Set(names(text)), key).toEqual(new Set(names(other)));
      expect(text.split('|').length, key).toBe(other.split('|').length);
    }
  });

  it('have no key that nothing uses', () => {
    const all = [...code.values()].join('\n');
    const prefixes = [...all.matchAll(/[`'"]([a-z_.]+)\.\$\{/g)].map((match) => `${match[1]}.`);
    const known = [...all.matchAll(/known\('(\w+)'/g)].map((match) => `${match[1]}.`);
    for (const key of Object.keys(fr)) {
      const used = all.includes(`'${key}'`) || [...prefixes, ...known].some((prefix) => key.startsWith(prefix));
      expect(used, `${key} is not used`).toBe(true);
    }
  });

  it('have the ready answers that the forms count', () => {
    for (const [kind, form] of Object.entries(forms)) {
      for (let n = 1; n <= form.quick; n += 1) expect(fr).toHaveProperty([`quick.${kind}.${n}`]);
    }
  });

  it('pick one or several as the language counts', () => {
    const text = '{n} photo|{n} photos';
    expect([0, 1, 2].map((n) => fill(text, { n }, 'fr'))).toEqual(['0 photo', '1 photo', '2 photos']);
    expect([0, 1, 2].map((n) => fill(text, { n }, 'en'))).toEqual(['0 photos', '1 photo', '2 photos']);
  });
});

describe('the code', () => {
  it('has no words for people outside the dictionaries', () => {
    for (const [name, text] of code) {
      if (!name.endsWith('.tsx')) continue;
      const between = [...text.matchAll(/>\s*([^<>{}=;()]*\p{L}{2,}[^<>{}=;()]*)\s*<\//gu)].map((match) => match[1]!.trim());
      expect(between, name).toEqual([]);
      const attributes = [...text.matchAll(/\s(?:aria-label|title|alt|placeholder)="([^"]*\p{L}[^"]*)"/gu)].map((match) => match[1]);
      expect(attributes, name).toEqual([]);
    }
  });
});

describe('a day', () => {
  it('is "1er" in French when it is the first of a month, and only then', () => {
    expect(day('2026-05-01')).toContain('1er mai');
    expect(moment('2026-05-01T10:11:00')).toContain('1er mai');
    for (const other of [11, 21, 31]) expect(day(`2026-05-${other}`)).toContain(`${other} mai`);
  });
});
