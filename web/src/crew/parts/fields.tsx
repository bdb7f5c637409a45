// The fields of the forms: large, and filled in by taps where that is possible.
import { useId, useState } from 'preact/hooks';
import type { Material } from '../../shared/api/wire';
import { t } from '../../shared/i18n';
import type { DraftPhoto } from '../draft';
import { photoLimit } from '../state';
import { Icon } from './icon';
import { useBlobUrl } from './photo';

export function Area(given: { label: string; help?: string; value: string; change: (value: string) => void; required?: boolean; quick?: string[]; wrong?: string | undefined }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {given.label} {given.required && <span class="must">{t('form.required')}</span>}
      </label>
      {given.help && <p class="help" id={`${id}-help`}>{given.help}</p>}
      {given.quick && given.quick.length > 0 && (
        <div class="quick" role="group" aria-label={t('form.quick')}>
          {given.quick.map((words) => (
            <button key={words} type="button" class="button small" aria-pressed={given.value === words} onClick={() => given.change(words)}>
              {words}
            </button>
          ))}
        </div>
      )}
      <textarea id={id} rows={3} maxLength={4000} value={given.value} required={given.required} aria-invalid={given.wrong ? 'true' : undefined}
        aria-describedby={[given.help && `${id}-help`, given.wrong && `${id}-wrong`].filter(Boolean).join(' ') || undefined}
        onInput={(event) => given.change(event.currentTarget.value)} />
      <Wrong id={id} words={given.wrong} />
    </div>
  );
}

export function Wrong({ id, words }: { id: string; words: string | undefined }) {
  return words ? (
    <p class="wrong" id={`${id}-wrong`}>
      <Icon name="warning" size={20} /> {words}
    </p>
  ) : null;
}

function Taken({ photo, number, remove }: { photo: DraftPhoto; number: number; remove: () => void }) {
  const url = useBlobUrl(photo.blob);
  return (
    <li>
      <img class="thumb" src={url} alt={t('photo.own', { number })} />
      <button type="button" class="icon-button remove" aria-label={t('photo.remove', { number })} onClick={remove}>
        <Icon name="trash" />
      </button>
    </li>
  );
}

export function Photos(given: { photos: DraftPhoto[]; add: (files: Iterable<Blob>) => Promise<void>; remove: (id: string) => void; required: boolean; wrong?: string | undefined }) {
  const id = useId();
  const [tooLarge, setTooLarge] = useState(false);
  const [busy, setBusy] = useState(false);
  const taken = async (input: HTMLInputElement) => {
    const files = [...(input.files ?? [])];
    input.value = '';
    setBusy(true);
    const fine = files.filter((file) => file.size <= photoLimit.value * 4);
    setTooLarge(fine.length < files.length);
    await given.add(fine);
    setBusy(false);
  };
  return (
    <div class="field">
      <p class="label" id={`${id}-label`}>
        {t('photo.field')} {given.required && <span class="must">{t('form.required')}</span>}
      </p>
      <ul class="taken">
        {given.photos.map((photo, index) => (
          <Taken key={photo.id} photo={photo} number={index + 1} remove={() => given.remove(photo.id)} />
        ))}
      </ul>
      <div class="row-buttons">
        <label class="button secondary">
          <Icon name="camera" size={28} />
          {t(busy ? 'photo.preparing' : 'photo.take')}
          <input class="file" type="file" accept="image/*" capture="environment" aria-describedby={given.wrong ? `${id}-wrong` : undefined} onChange={(event) => void taken(event.currentTarget)} />
        </label>
        <label class="button">
          {t('photo.choose')}
          <input class="file" type="file" accept="image/*" multiple onChange={(event) => void taken(event.currentTarget)} />
        </label>
      </div>
      {tooLarge && <p class="wrong">{t('photo.too_large')}</p>}
      <Wrong id={id} words={given.wrong} />
    </div>
  );
}

const commonMinutes = [15, 30, 45, 60, 90, 120];

export function Minutes({ value, change }: { value: number | null; change: (value: number | null) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{t('form.minutes')}</label>
      <div class="quick" role="group" aria-label={t('form.minutes_quick')}>
        {commonMinutes.map((minutes) => (
          <button key={minutes} type="button" class="button small" aria-pressed={value === minutes} onClick={() => change(minutes)}>
            {t('form.min', { minutes })}
          </button>
        ))}
      </div>
      <input id={id} type="number" inputMode="numeric" min={0} max={100000} step={1} value={value ?? ''} onInput={(event) => change(event.currentTarget.value === '' ? null : Math.max(0, Math.round(event.currentTarget.valueAsNumber)))} />
    </div>
  );
}

export interface MaterialRow {
  name: string;
  quantity: string;
  unit: string;
}

export function materialOf(rows: MaterialRow[]): Material[] {
  return rows
    .filter((row) => row.name.trim() !== '')
    .map((row) => ({ name: row.name.trim(), quantity: Number(row.quantity.replace(',', '.')) || 1, ...(row.unit.trim() ? { unit: row.unit.trim() } : {}) }));
}

export function MaterialRows({ rows, change, needed }: { rows: MaterialRow[]; change: (rows: MaterialRow[]) => void; needed: boolean }) {
  const set = (index: number, part: Partial<MaterialRow>) => change(rows.map((row, at) => (at === index ? { ...row, ...part } : row)));
  return (
    <fieldset class="field">
      <legend>{t(needed ? 'form.material_needed' : 'form.material_used')}</legend>
      {rows.map((row, index) => (
        <div class="material" key={index}>
          <label class="grow">
            <span>{t('form.material_name')}</span>
            <input type="text" maxLength={200} value={row.name} onInput={(event) => set(index, { name: event.currentTarget.value })} />
          </label>
          <label>
            <span>{t('form.quantity')}</span>
            <input type="text" inputMode="decimal" value={row.quantity} onInput={(event) => set(index, { quantity: event.currentTarget.value })} />
          </label>
          <label>
            <span>{t('form.unit')}</span>
            <input type="text" maxLength={40} list="units" value={row.unit} onInput={(event) => set(index, { unit: event.currentTarget.value })} />
          </label>
          <button type="button" class="icon-button" aria-label={t('form.material_remove', { number: index + 1 })} onClick={() => change(rows.filter((_, at) => at !== index))}>
            <Icon name="trash" />
          </button>
        </div>
      ))}
      <datalist id="units">
        {t('form.units').split(',').map((unit) => <option key={unit} value={unit} />)}
      </datalist>
      <button type="button" class="button" onClick={() => change([...rows, { name: '', quantity: '1', unit: '' }])}>
        <Icon name="plus" /> {t('form.material_add')}
      </button>
    </fieldset>
  );
}
