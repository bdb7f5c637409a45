// The form of an action on a task, and the same for one that the server refused and somebody corrects.
import { useId, useState } from 'preact/hooks';
import type { Action, Kind } from '../../shared/api/wire';
import { day, t, today, type Key } from '../../shared/i18n';
import type { QueuedAction } from '../../shared/queue/items';
import { record } from '../act';
import { useDraft, type DraftPhoto, type Kept } from '../draft';
import { forms, missing, type Field } from '../kinds';
import { go } from '../router';
import { actions, crews, env, rows } from '../state';
import { CategoryPicker, categoryName } from '../parts/category';
import { Area, materialOf, MaterialRows, Minutes, Photos, Wrong, type MaterialRow } from '../parts/fields';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';
import { kindIcon } from './task';
import { NewAlert } from './new-alert';
import { refusal } from './outbox';

type TaskKind = Exclude<Kind, 'new_alert'>;

export interface Values {
  reason: string;
  note: string;
  public_note: string;
  minutes: number | null;
  material: MaterialRow[];
  review_date: string;
  category: string | null;
  crew: string | null;
}

const blank = (): Values => ({ reason: '', note: '', public_note: '', minutes: null, material: [], review_date: today(1), category: null, crew: null });

function valuesOf(action: Action): Values {
  return {
    reason: action.reason ?? '',
    note: action.note ?? '',
    public_note: action.public_note ?? '',
    minutes: action.minutes ?? null,
    material: (action.material ?? []).map((each) => ({ name: each.name, quantity: String(each.quantity), unit: each.unit ?? '' })),
    review_date: action.review_date ?? today(1),
    category: action.category ?? null,
    crew: action.crew_id ?? null,
  };
}

/** Only what the form asks and somebody filled in goes into the action. */
function fieldsOf(kind: TaskKind, values: Values, shown: string | undefined): Parameters<typeof record>[0]['fields'] {
  const asked = new Set<Field>(forms[kind].fields);
  const material = materialOf(values.material);
  return {
    ...(asked.has('reason') && values.reason.trim() ? { reason: values.reason.trim() } : {}),
    ...(asked.has('note') && values.note.trim() ? { note: values.note.trim() } : {}),
    ...(asked.has('public_note') && values.public_note.trim() ? { public_note: values.public_note.trim() } : {}),
    ...(asked.has('minutes') && values.minutes !== null ? { minutes: values.minutes } : {}),
    ...(asked.has('material') && material.length > 0 ? { material } : {}),
    ...(asked.has('review_date') ? { review_date: values.review_date } : {}),
    ...(asked.has('category') && values.category ? { category: values.category, ...(shown ? { from_category: shown } : {}) } : {}),
    ...(asked.has('crew') && values.crew ? { crew_id: values.crew } : {}),
  };
}

function ReviewDate({ value, change }: { value: string; change: (value: string) => void }) {
  const id = useId();
  const days = [1, 2, 3, 7, 14];
  return (
    <div class="field">
      <label for={id}>
        {t('form.review_date')} <span class="must">{t('form.required')}</span>
      </label>
      <div class="quick" role="group" aria-label={t('form.review_quick')}>
        {days.map((plus) => (
          <button key={plus} type="button" class="button small" aria-pressed={value === today(plus)} onClick={() => change(today(plus))}>
            {plus === 1 ? t('form.tomorrow') : day(today(plus))}
          </button>
        ))}
      </div>
      <input id={id} type="date" min={today(1)} value={value} required onInput={(event) => change(event.currentTarget.value)} />
    </div>
  );
}

function Fields({ kind, kept, lacks, proof }: { kind: TaskKind; kept: Kept<Values>; lacks: Field[]; proof: boolean }) {
  const { values, set } = kept;
  const form = forms[kind];
  const quick = Array.from({ length: form.quick }, (_, index) => t(`quick.${kind}.${index + 1}` as Key));
  const wrong = (field: Field) => (lacks.includes(field) ? t(`lacks.${field}` as Key) : undefined);
  const fields: Partial<Record<Field, () => preact.JSX.Element>> = {
    photos: () => <Photos photos={kept.photos} add={kept.addPhotos} remove={kept.removePhoto} required={kind === 'done' && proof} wrong={wrong('photos')} />,
    minutes: () => <Minutes value={values.minutes} change={(minutes) => set({ minutes })} />,
    material: () => <MaterialRows rows={values.material} change={(material) => set({ material })} needed={kind === 'need_material'} />,
    reason: () => <Area label={t(`reason.${kind}` as Key)} value={values.reason} change={(reason) => set({ reason })} required={form.required.includes('reason')} quick={quick} wrong={wrong('reason')} />,
    review_date: () => <ReviewDate value={values.review_date} change={(review_date) => set({ review_date })} />,
    note: () => <Area label={t('form.note')} help={t('form.note_help')} value={values.note} change={(note) => set({ note })} required={form.required.includes('note')} wrong={wrong('note')} />,
    public_note: () => <Area label={t('form.public_note')} help={t('form.public_note_help')} value={values.public_note} change={(public_note) => set({ public_note })} />,
    crew: () => (
      <fieldset class="field">
        <legend>
          {t('form.crew')} <span class="must">{t('form.required')}</span>
        </legend>
        <div class="choices">
          {crews.value.map((crew) => (
            <label class="choice" key={crew.id}>
              <input type="radio" name="crew" value={crew.id} checked={values.crew === crew.id} onChange={() => set({ crew: crew.id })} />
              <span>{crew.name}</span>
            </label>
          ))}
        </div>
        <Wrong id="crew" words={wrong('crew')} />
      </fieldset>
    ),
    category: () => (
      <div>
        <CategoryPicker chosen={values.category} choose={(category) => set({ category })} />
        <Wrong id="category" words={wrong('category')} />
      </div>
    ),
  };
  return <>{form.fields.map((field) => <div key={field}>{fields[field]?.()}</div>)}</>;
}

interface Given {
  kind: TaskKind;
  taskId: string | null;
  draft: string;
  back: string;
  initial: () => Promise<{ values: Values; photos: DraftPhoto[] }>;
  corrects?: string;
  why?: string | undefined;
}

function Form(given: Given) {
  const kept = useDraft<Values>(given.draft, given.initial);
  const [lacks, setLacks] = useState<Field[]>([]);
  const [sending, setSending] = useState(false);
  const row = rows.value.find((each) => each.task.id === given.taskId);
  const proof = row?.task.proof_required ?? false;
  if (!kept) return null;
  const submit = async (event: Event) => {
    event.preventDefault();
    const lacking = missing(given.kind, kept.values, kept.photos.length, proof);
    if (given.kind === 'need_material' && kept.values.review_date < today(1)) lacking.push('review_date');
    setLacks(lacking);
    if (lacking.length > 0) return void document.querySelector<HTMLElement>('form [aria-invalid], form .file, form input')?.focus();
    setSending(true);
    const corrects = given.corrects ? { corrects: given.corrects } : {};
    await record({ kind: given.kind, task: row?.task ?? null, fields: fieldsOf(given.kind, kept.values, row?.task.alert.category), photos: kept.photos, draft: given.draft, ...corrects });
    go(given.back, true);
  };
  return (
    <Page
      title={t(`title.${given.kind}` as Key)}
      back={given.back}
      class="form-page"
      foot={
        <button type="submit" form="act" class="button primary" disabled={sending}>
          <Icon name={kindIcon[given.kind]} size={28} /> {t('do.record')}
        </button>
      }
    >
      {row && (
        <p class="about">
          <strong>{categoryName(row.task.alert.category)}</strong> {row.task.alert.address} · {row.task.alert.reference}
        </p>
      )}
      {given.why && <p class="callout bad">{given.why}</p>}
      <form id="act" noValidate onSubmit={(event) => void submit(event)}>
        {lacks.length > 0 && (
          <p class="callout bad" role="alert">
            {lacks.map((field) => t(`lacks.${field}` as Key)).join(' ')}
          </p>
        )}
        <Fields kind={given.kind} kept={kept} lacks={lacks} proof={proof} />
      </form>
    </Page>
  );
}

export function Act({ id, kind }: { id: string; kind: string }) {
  if (!(kind in forms)) return null;
  return <Form kind={kind as TaskKind} taskId={id} draft={`${id}/${kind}`} back={`#/task/${id}`} initial={async () => ({ values: blank(), photos: [] })} />;
}

async function photosOf(item: QueuedAction): Promise<DraftPhoto[]> {
  const kept = await env().db.getAllFromIndex('photos', 'action', item.id);
  return kept.map(({ id, blob }) => ({ id, blob }));
}

export function Correct({ id }: { id: string }) {
  const item = actions.value.find((each) => each.id === id);
  if (!item) return null;
  const action = JSON.parse(item.payload) as Action;
  const why = refusal(item.receipt) || undefined;
  if (item.kind === 'new_alert') return <NewAlert corrects={{ id, report: action.report, photos: () => photosOf(item), why }} />;
  return (
    <Form kind={item.kind} taskId={item.task_id} draft={`correct/${id}`} back="#/outbox" corrects={id} why={why}
      initial={async () => ({ values: valuesOf(action), photos: await photosOf(item) })} />
  );
}
