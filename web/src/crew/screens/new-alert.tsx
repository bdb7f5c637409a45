// Something new seen on site: what, where, a photo, a few words; the same body as everybody's reports, without contact.
import { useState } from 'preact/hooks';
import type { SiteReport } from '../../shared/api/wire';
import { local, t } from '../../shared/i18n';
import { uuid7 } from '../../shared/uuid7';
import { placeOfAction, record } from '../act';
import { questions, type Question } from '../answers';
import { useDraft, type DraftPhoto } from '../draft';
import { go } from '../router';
import { categories } from '../state';
import { CategoryPicker, categoryName } from '../parts/category';
import { Area, Photos, Wrong } from '../parts/fields';
import { Icon } from '../parts/icon';
import { MapPicker } from '../map/picker';
import { Page } from '../parts/page';

interface Values {
  category: string | null;
  answers: Record<string, unknown>;
  description: string;
  address: string;
  place: { lon: number; lat: number; accuracy: number | null; source: 'gps' | 'map' } | null;
}

function valuesOf(report: SiteReport | undefined): Values {
  const at = report?.position.coordinates;
  return {
    category: report?.category ?? null,
    answers: report?.answers ?? {},
    description: report?.description ?? '',
    address: report?.address ?? '',
    place: at ? { lon: at[0]!, lat: at[1]!, accuracy: report?.accuracy_m ?? null, source: report?.position_source === 'gps' ? 'gps' : 'map' } : null,
  };
}

function reportOf(values: Values): SiteReport {
  const place = values.place!;
  return {
    id: uuid7(),
    category: values.category!,
    position: { type: 'Point', coordinates: [place.lon, place.lat] },
    position_source: place.source,
    observed_at: new Date().toISOString(),
    ...(place.accuracy !== null ? { accuracy_m: place.accuracy } : {}),
    ...(values.address.trim() ? { address: values.address.trim() } : {}),
    ...(values.description.trim() ? { description: values.description.trim() } : {}),
    ...(Object.keys(values.answers).length > 0 ? { answers: values.answers } : {}),
  };
}

function Asked({ question, value, change }: { question: Question; value: unknown; change: (value: unknown) => void }) {
  const title = local(question.title);
  const choices =
    question.kind === 'yes_no'
      ? [{ value: true as unknown, label: t('yes') }, { value: false as unknown, label: t('no') }]
      : question.options.map((option) => ({ value: option.value as unknown, label: local(option.label) }));
  if (choices.length === 0) {
    const shown = value === undefined ? '' : String(value);
    return (
      <label class="field">
        <span class="label">{title}</span>
        {question.kind === 'number' ? (
          <input type="number" value={shown} onInput={(event) => change(event.currentTarget.value === '' ? undefined : event.currentTarget.valueAsNumber)} />
        ) : (
          <input type="text" value={shown} onInput={(event) => change(event.currentTarget.value || undefined)} />
        )}
      </label>
    );
  }
  const some = Array.isArray(value) ? (value as unknown[]) : [];
  const on = (each: unknown) => (question.kind === 'some_of' ? some.includes(each) : value === each);
  const toggle = (each: unknown) => {
    if (question.kind !== 'some_of') return change(on(each) ? undefined : each);
    const next = on(each) ? some.filter((other) => other !== each) : [...some, each];
    return change(next.length > 0 ? next : undefined);
  };
  return (
    <fieldset class="field">
      <legend>{title}</legend>
      <div class="quick">
        {choices.map((choice) => (
          <button key={String(choice.value)} type="button" class="button small" aria-pressed={on(choice.value)} onClick={() => toggle(choice.value)}>
            {choice.label}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

function Place({ values, set, wrong }: { values: Values; set: (change: Partial<Values>) => void; wrong: string | undefined }) {
  const [failed, setFailed] = useState(false);
  const locate = async () => {
    const fix = await placeOfAction();
    setFailed(fix === null);
    if (fix) set({ place: { ...fix, source: 'gps' } });
  };
  return (
    <fieldset class="field">
      <legend>
        {t('new.where')} <span class="must">{t('form.required')}</span>
      </legend>
      <div class="row-buttons">
        <button type="button" class="button secondary" onClick={() => void locate()}>
          <Icon name="target" size={28} /> {t('new.here')}
        </button>
      </div>
      {failed && <p class="wrong">{t('new.no_position')}</p>}
      <MapPicker place={values.place} choose={(lon, lat) => set({ place: { lon, lat, accuracy: null, source: 'map' } })} />
      <p class="place-words" role="status">
        <Icon name="pin" size={20} />{' '}
        {values.place
          ? t(values.place.source === 'gps' ? 'new.place_gps' : 'new.place_map', { lat: values.place.lat.toFixed(5), lon: values.place.lon.toFixed(5), metres: Math.round(values.place.accuracy ?? 0) })
          : t('new.no_place')}
      </p>
      <label class="label" for="address">{t('new.address')}</label>
      <input id="address" type="text" maxLength={300} autoComplete="off" value={values.address} onInput={(event) => set({ address: event.currentTarget.value })} />
      <Wrong id="place" words={wrong} />
    </fieldset>
  );
}

export interface Corrects {
  id: string;
  report: SiteReport | undefined;
  photos: () => Promise<DraftPhoto[]>;
  why: string | undefined;
}

export function NewAlert({ corrects }: { corrects?: Corrects }) {
  const key = corrects ? `correct/${corrects.id}` : 'new';
  const kept = useDraft<Values>(key, async () => ({ values: valuesOf(corrects?.report), photos: corrects ? await corrects.photos() : [] }));
  const [tried, setTried] = useState(false);
  const [sending, setSending] = useState(false);
  if (!kept) return null;
  const { values, set } = kept;
  const asked = values.category ? questions(categories.value.get(values.category)?.questions) : [];
  const back = corrects ? '#/outbox' : '#/list';
  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!values.category || !values.place) return;
    setSending(true);
    const report = reportOf(values);
    await record({ kind: 'new_alert', task: null, fields: { report }, photos: kept.photos, draft: key,
      label: { reference: null, category: report.category, address: report.address ?? null }, ...(corrects ? { corrects: corrects.id } : {}) });
    go(corrects ? '#/outbox' : '#/list', true);
  };
  return (
    <Page title={t('title.new_alert')} back={back} class="form-page"
      foot={<button type="submit" form="new" class="button primary" disabled={sending}><Icon name="check" size={28} /> {t('do.record')}</button>}>
      {corrects?.why && <p class="callout bad">{corrects.why}</p>}
      {tried && (!values.category || !values.place) && (
        <p class="callout bad" role="alert">
          {!values.category && t('lacks.category')} {!values.place && t('lacks.place')}
        </p>
      )}
      <form id="new" noValidate onSubmit={(event) => void submit(event)}>
        {values.category ? (
          <div class="chosen">
            <strong>{categoryName(values.category)}</strong>
            <button type="button" class="button" onClick={() => set({ category: null, answers: {} })}>{t('new.change')}</button>
          </div>
        ) : (
          <>
            <p class="label">{t('new.what')} <span class="must">{t('form.required')}</span></p>
            <CategoryPicker chosen={null} choose={(category) => set({ category, answers: {} })} />
          </>
        )}
        <Photos photos={kept.photos} add={kept.addPhotos} remove={kept.removePhoto} required={false} />
        <Place values={values} set={set} wrong={tried && !values.place ? t('lacks.place') : undefined} />
        {asked.map((question) => (
          <Asked key={question.name} question={question} value={values.answers[question.name]} change={(value) => {
            const { [question.name]: _, ...others } = values.answers;
            set({ answers: value === undefined ? others : { ...others, [question.name]: value } });
          }} />
        ))}
        <Area label={t('new.description')} value={values.description} change={(description) => set({ description })} />
      </form>
    </Page>
  );
}
