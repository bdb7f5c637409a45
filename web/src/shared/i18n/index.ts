// Words for people. French is the measure: English must have the same keys, held by the compiler and by a test.
import { signal } from '@preact/signals';
import { fr } from './fr';

export type Language = 'fr' | 'en';
export type Key = keyof typeof fr;
export type Words = Record<Key, string>;

const dictionaries: Record<Language, Words> = { fr, en: fr };
export const language = signal<Language>('fr');

/** English is a file of its own, fetched by whoever reads English. */
export async function speak(lang: Language): Promise<void> {
  if (lang === 'en') dictionaries.en = (await import('./en')).en;
  language.value = lang;
}

/** A text, with {names} filled in. `n` picks between the two forms around "|": one | several. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(dictionaries[language.value][key], values, language.value);
}

export function fill(text: string, values: Record<string, string | number>, lang: Language): string {
  const forms = text.split('|');
  const n = values['n'];
  // French says "0 photo", English "0 photos".
  const single = typeof n === 'number' && new Intl.PluralRules(lang).select(n) === 'one';
  const chosen = forms.length > 1 ? (single ? forms[0]! : forms[1]!) : text;
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The words for a code of the server's; for one of a later version `otherwise`, or the code itself. */
export function known(prefix: string, code: string, otherwise?: Key): string {
  const key = `${prefix}.${code}`;
  if (key in fr) return t(key as Key);
  return otherwise ? t(otherwise) : code;
}

export function local(text: { fr?: string; en?: string } | null | undefined): string {
  return (language.value === 'en' && text?.en) || text?.fr || text?.en || '';
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language.value + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language.value === 'fr' ? 'fr-FR' : 'en-GB', options);
  formats.set(key, made);
  return made;
}

/** The first of a month is "1er" in French, which Intl does not know. */
const ordinal = (text: string) => (language.value === 'fr' ? text.replace(/(^|\D)1(?=\s\p{L})/u, (_, before: string) => `${before}1er`) : text);

export const day = (at: string) => ordinal(format({ weekday: 'short', day: 'numeric', month: 'short' }).format(new Date(at.length === 10 ? `${at}T12:00` : at)));
export const moment = (at: string) => ordinal(format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(at)));
export const hour = (at: string) => format({ hour: '2-digit', minute: '2-digit' }).format(new Date(at));
export const number = (value: number) => new Intl.NumberFormat(language.value === 'fr' ? 'fr-FR' : 'en-GB').format(value);

const two = (value: number) => String(value).padStart(2, '0');
const asDay = (date: Date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** The day of a moment on the tablet's clock and calendar, as YYYY-MM-DD. */
export const dayOf = (at: string) => asDay(new Date(at));

/** Today there. */
export function today(plusDays = 0): string {
  const date = new Date();
  date.setDate(date.getDate() + plusDays);
  return asDay(date);
}
