// Something new seen on site: what, where, a photo, a few words; the same body as everybody's reports, without contact.
import { useState } from 'preact/hooks';
import type { SiteReport } from '../../shared/api/wire';
import { local, t } from '../../shared/i18n';
import { uuid7 } from '../../shared/uuid7';
import type { OpenDraft } from '../../shared/queue/draft';
import type { DraftPhoto } from '../../shared/queue/items';
import { placeOfAction } from '../act';
import { questions, type Question } from '../answers';
import { useDraft } from '../draft';
import { useRecording } from '../recording';
import { categories, person } from '../state';
import { CategoryPicker, categoryName } from '../parts/category';
import { Area, Photos } from '../parts/fields';
import { Icon } from '../parts/icon';
import { MapPicker } from '../map/picker';
import { Page } from '../parts/page';
import { Wrong } from '../parts/wrong';

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
    const fix = await placeOfAction().catch(() => null);
    setFailed(fix === null);
    if (fix) set({ place: { ...fix, source: 'gps' } });
  };
  return (
    <fieldset class="field" aria-describedby={wrong && 'place-wrong'} data-wrong={wrong && ''}>
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

type Lack = 'category' | 'place';

function lacking(values: Values): Lack[] {
  return [...(values.category ? [] : ['category' as const]), ...(values.place ? [] : ['place' as const])];
}

function What({ draft, values, wrong }: { draft: OpenDraft<Values>; values: Values; wrong: string | undefined }) {
  const { category } = values;
  const choose = (code: string | null) => draft.set({ category: code, answers: {} });
  if (!category) return <CategoryPicker chosen={null} choose={choose} label={t('new.what')} wrong={wrong} reporting />;
  return (
    <div class="chosen">
      <strong>{categoryName(category)}</strong>
      <button type="button" class="button" onClick={() => choose(null)}>{t('new.change')}</button>
    </div>
  );
}

export function NewAlert({ corrects }: { corrects?: Corrects }) {
  const agent = person.value?.id ?? '';
  const key = `${agent}/${corrects ? `correct/${corrects.id}` : 'new'}`;
  const about = { task_id: null, base_version: null, label: { reference: null, category: corrects?.report?.category ?? '', address: null }, proof_required: false };
  const draft = useDraft<Values>({ key, agent_id: agent, kind: 'new_alert', hash: corrects ? `#/correct/${corrects.id}` : '#/new' },
    async () => ({ about, values: valuesOf(corrects?.report), photos: corrects ? await corrects.photos() : [] }));
  const back = corrects ? '#/outbox' : '#/list';
  const { lacks, sending, failed, submit } = useRecording(draft, {
    lacking: (filled) => lacking(filled.values),
    made: (filled) => {
      const report = reportOf(filled.values);
      return {
        kind: 'new_alert',
        about: { ...about, label: { reference: null, category: report.category, address: report.address ?? null } },
        fields: { report },
        draft: key,
        ...(corrects ? { corrects: corrects.id } : {}),
      };
    },
    back,
  });
  if (!draft) return null;
  const { values } = draft.now;
  const set = (change: Partial<Values>) => draft.set(change);
  const asked = values.category ? questions(categories.value.get(values.category)?.questions) : [];
  const wrong = (lack: Lack) => (lacks.includes(lack) && !values[lack] ? t(`lacks.${lack}`) : undefined);
  const said = failed || (['category', 'place'] as const).map(wrong).filter(Boolean).join(' ');
  return (
    <Page title={t('title.new_alert')} back={back} class="form-page"
      foot={<button type="submit" form="new" class="button primary" disabled={sending}><Icon name="check" size={28} /> {t('do.record')}</button>}>
      {corrects?.why && <p class="callout bad">{corrects.why}</p>}
      {said && <p class="callout bad" role="alert">{said}</p>}
      <form id="new" noValidate onSubmit={(event) => void submit(event)}>
        <What draft={draft} values={values} wrong={wrong('category')} />
        <Photos album={draft} photos={draft.now.photos} adding={draft.adding} required={false} />
        <Place values={values} set={set} wrong={wrong('place')} />
        {asked.map((question) => (
          <Asked key={question.name} question={question} value={values.answers[question.name]} change={(value) => {
            const { [question.name]: _, ...others } = draft.now.values.answers;
            set({ answers: value === undefined ? others : { ...others, [question.name]: value } });
          }} />
        ))}
        <Area label={t('new.description')} value={values.description} change={(description) => set({ description })} />
      </form>
    </Page>
  );
}
