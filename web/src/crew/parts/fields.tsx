// The fields of the forms: large, and filled in by taps where that is possible.
import { useId, useState } from 'preact/hooks';
import { t } from '../../shared/i18n';
import type { DraftPhoto } from '../../shared/queue/items';
import { quantityOf, type MaterialRow } from '../kinds';
import { shrink } from '../shrink';
import { photoLimit } from '../state';
import { Icon } from './icon';
import { useBlobUrl } from './photo';
import { Wrong } from './wrong';

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
      <textarea id={id} rows={3} maxLength={4000} value={given.value} required={given.required} aria-invalid={given.wrong ? 'true' : undefined} data-wrong={given.wrong && ''}
        aria-describedby={[given.help && `${id}-help`, given.wrong && `${id}-wrong`].filter(Boolean).join(' ') || undefined}
        onInput={(event) => given.change(event.currentTarget.value)} />
      <Wrong id={id} words={given.wrong} />
    </div>
  );
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

/** Small enough for the server, or null. */
async function prepared(file: Blob): Promise<Blob | null> {
  if (file.size > photoLimit.value * 4) return null;
  const small = await shrink(file);
  return small.size <= photoLimit.value ? small : null;
}

interface Album {
  addPhotos: (files: Blob[], prepare: (file: Blob) => Promise<Blob | null>) => Promise<number>;
  removePhoto: (id: string) => void;
}

export function Photos(given: { album: Album; photos: DraftPhoto[]; adding: number; required: boolean; wrong?: string | undefined }) {
  const id = useId();
  const { album } = given;
  const [tooLarge, setTooLarge] = useState(false);
  const busy = given.adding > 0;
  const taken = async (input: HTMLInputElement) => {
    const files = [...(input.files ?? [])];
    input.value = '';
    setTooLarge((await album.addPhotos(files, prepared)) > 0);
  };
  return (
    <div class="field">
      <p class="label" id={`${id}-label`}>
        {t('photo.field')} {given.required && <span class="must">{t('form.required')}</span>}
      </p>
      <ul class="taken">
        {given.photos.map((photo, index) => (
          <Taken key={photo.id} photo={photo} number={index + 1} remove={() => album.removePhoto(photo.id)} />
        ))}
      </ul>
      <div class="row-buttons">
        <label class="button secondary">
          <Icon name="camera" size={28} />
          {t(busy ? 'photo.preparing' : 'photo.take')}
          <input class="file" type="file" accept="image/*" capture="environment" aria-describedby={given.wrong ? `${id}-wrong` : undefined} data-wrong={given.wrong && ''} onChange={(event) => void taken(event.currentTarget)} />
        </label>
        <label class="button">
          {t('photo.choose')}
          <input class="file" type="file" accept="image/*" multiple onChange={(event) => void taken(event.currentTarget)} />
        </label>
      </div>
      {tooLarge && <p class="wrong" role="alert">{t('photo.too_large')}</p>}
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
      <input id={id} type="number" inputMode="numeric" min={0} max={100000} step={1} value={value ?? ''} onInput={(event) => change(Number.isNaN(event.currentTarget.valueAsNumber) ? null : Math.min(100_000, Math.max(0, Math.round(event.currentTarget.valueAsNumber))))} />
    </div>
  );
}

export function MaterialRows({ rows, change, needed, wrong }: { rows: MaterialRow[]; change: (rows: MaterialRow[]) => void; needed: boolean; wrong?: string | undefined }) {
  const id = useId();
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
            <input type="text" inputMode="decimal" value={row.quantity} aria-invalid={wrong && row.name.trim() && quantityOf(row.quantity) === null ? 'true' : undefined} aria-describedby={wrong ? `${id}-wrong` : undefined} data-wrong={wrong && row.name.trim() && quantityOf(row.quantity) === null ? '' : undefined}
              onInput={(event) => set(index, { quantity: event.currentTarget.value })} />
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
      <Wrong id={id} words={wrong} />
    </fieldset>
  );
}
