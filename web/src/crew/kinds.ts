// What each kind of action asks for. Pure.
import type { Kind, Material } from '../shared/api/wire';

export type Field = 'photos' | 'minutes' | 'material' | 'reason' | 'review_date' | 'note' | 'public_note' | 'category' | 'crew';

export interface Form {
  fields: Field[];
  required: Field[];
  /** Words ready to be tapped for the reason: keys of the dictionary are `quick.<kind>.<n>`, from 1. */
  quick: number;
}

export const forms: Record<Exclude<Kind, 'new_alert'>, Form> = {
  accept: { fields: [], required: [], quick: 0 },
  start: { fields: [], required: [], quick: 0 },
  pause: { fields: ['reason'], required: ['reason'], quick: 4 },
  done: { fields: ['photos', 'minutes', 'material', 'note', 'public_note'], required: [], quick: 0 },
  made_safe: { fields: ['photos', 'reason', 'minutes', 'material'], required: [], quick: 3 },
  need_material: { fields: ['reason', 'material', 'review_date', 'photos'], required: ['reason', 'review_date'], quick: 3 },
  not_found: { fields: ['reason', 'photos'], required: ['reason'], quick: 3 },
  not_ours: { fields: ['reason', 'photos'], required: ['reason'], quick: 3 },
  dangerous: { fields: ['reason', 'photos'], required: ['reason'], quick: 3 },
  note: { fields: ['note', 'photos'], required: ['note'], quick: 0 },
  requalify: { fields: ['category', 'reason', 'photos'], required: ['category'], quick: 0 },
  hand_over: { fields: ['crew', 'reason'], required: ['crew', 'reason'], quick: 3 },
};

/** Done in one press, without a form. */
export const atOnce: readonly Kind[] = ['accept', 'start'];

export interface MaterialRow {
  name: string;
  quantity: string;
  unit: string;
}

/** A quantity as people write it, with a point or a comma; null for what is none: nobody guesses in the crew's place. */
export function quantityOf(text: string): number | null {
  const plain = text.trim().replace(',', '.');
  const value = /^\d{1,9}(\.\d{1,4})?$/.test(plain) ? Number(plain) : 0;
  return value > 0 ? value : null;
}

/** Named rows as they are sent; a quantity that is none was refused before. */
export function materialOf(rows: MaterialRow[]): Material[] {
  return rows
    .filter((row) => row.name.trim() !== '')
    .flatMap((row) => {
      const quantity = quantityOf(row.quantity);
      return quantity === null ? [] : [{ name: row.name.trim(), quantity, ...(row.unit.trim() ? { unit: row.unit.trim() } : {}) }];
    });
}

/** Whether each named row says how much. */
export const quantitiesFine = (rows: MaterialRow[]) => rows.every((row) => row.name.trim() === '' || quantityOf(row.quantity) !== null);

/** The fields that are still missing; `proof`: this task is done only with a photo. */
export function missing(kind: Exclude<Kind, 'new_alert'>, values: Partial<Record<Field, unknown>>, photos: number, proof: boolean): Field[] {
  const lacks = forms[kind].required.filter((field) => !String(values[field] ?? '').trim());
  if (kind === 'done' && proof && photos === 0) lacks.unshift('photos');
  return lacks;
}
