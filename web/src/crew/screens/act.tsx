// The form of an action on a task, and the same for one that the server refused and somebody corrects.
import { useId } from 'preact/hooks';
import type { Action, Kind } from '../../shared/api/wire';
import { day, t, today, type Key } from '../../shared/i18n';
import type { Filled, OpenDraft } from '../../shared/queue/draft';
import type { DraftPhoto, QueuedAction } from '../../shared/queue/items';
import { aboutTaskId, type Recorded } from '../act';
import { useDraft } from '../draft';
import { forms, materialOf, missing, quantitiesFine, type Field, type MaterialRow } from '../kinds';
import { useRecording } from '../recording';
import { actions, crews, env, person, rows } from '../state';
import { CategoryPicker, categoryName } from '../parts/category';
import { Area, MaterialRows, Minutes, Photos } from '../parts/fields';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';
import { Wrong } from '../parts/wrong';
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
function fieldsOf(kind: TaskKind, values: Values, shown: string | undefined): Recorded['fields'] {
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

function ReviewDate({ value, change, wrong }: { value: string; change: (value: string) => void; wrong: string | undefined }) {
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
      <input id={id} type="date" min={today(1)} value={value} required aria-invalid={wrong ? 'true' : undefined} aria-describedby={wrong && `${id}-wrong`} data-wrong={wrong && ''}
        onInput={(event) => change(event.currentTarget.value)} />
      <Wrong id={id} words={wrong} />
    </div>
  );
}

/** `now` and `adding` are of the draft: a part is drawn again when what it is given changes, and the draft itself stays the same. */
function Fields({ kind, draft, now, adding, lacks }: { kind: TaskKind; draft: OpenDraft<Values>; now: Filled<Values>; adding: number; lacks: Field[] }) {
  const { values, about } = now;
  const set = (change: Partial<Values>) => draft.set(change);
  const form = forms[kind];
  const quick = Array.from({ length: form.quick }, (_, index) => t(`quick.${kind}.${index + 1}` as Key));
  const wrong = (field: Field) => (lacks.includes(field) ? t(`lacks.${field}` as Key) : undefined);
  const fields: Partial<Record<Field, () => preact.JSX.Element>> = {
    photos: () => <Photos album={draft} photos={now.photos} adding={adding} required={kind === 'done' && about.proof_required} wrong={wrong('photos')} />,
    minutes: () => <Minutes value={values.minutes} change={(minutes) => set({ minutes })} />,
    material: () => <MaterialRows rows={values.material} change={(material) => set({ material })} needed={kind === 'need_material'} wrong={wrong('material')} />,
    reason: () => <Area label={t(`reason.${kind}` as Key)} value={values.reason} change={(reason) => set({ reason })} required={form.required.includes('reason')} quick={quick} wrong={wrong('reason')} />,
    review_date: () => <ReviewDate value={values.review_date} change={(review_date) => set({ review_date })} wrong={wrong('review_date')} />,
    note: () => <Area label={t('form.note')} help={t('form.note_help')} value={values.note} change={(note) => set({ note })} required={form.required.includes('note')} wrong={wrong('note')} />,
    public_note: () => <Area label={t('form.public_note')} help={t('form.public_note_help')} value={values.public_note} change={(public_note) => set({ public_note })} />,
    crew: () => (
      <fieldset class="field" role="radiogroup" aria-required="true" aria-invalid={wrong('crew') ? 'true' : undefined} aria-describedby={wrong('crew') && 'crew-wrong'} data-wrong={wrong('crew') && ''}>
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
    category: () => <CategoryPicker chosen={values.category} choose={(category) => set({ category })} label={t('title.requalify')} wrong={wrong('category')} />,
  };
  return <>{form.fields.map((field) => <div key={field}>{fields[field]?.()}</div>)}</>;
}

interface Given {
  kind: TaskKind;
  taskId: string | null;
  draft: string;
  /** Where the form is opened again. */
  hash: string;
  back: string;
  initial: () => Promise<Filled<Values>>;
  corrects?: string;
  why?: string | undefined;
}

function lacking(kind: TaskKind, { values, photos, about }: Filled<Values>): Field[] {
  const lacks = missing(kind, values, photos.length, about.proof_required);
  if (kind === 'need_material' && values.review_date < today(1) && !lacks.includes('review_date')) lacks.push('review_date');
  if (forms[kind].fields.includes('material') && !quantitiesFine(values.material)) lacks.push('material');
  return lacks;
}

function Form(given: Given) {
  const agent = person.value?.id ?? '';
  const draft = useDraft<Values>({ key: `${agent}/${given.draft}`, agent_id: agent, kind: given.kind, hash: given.hash }, given.initial);
  const { lacks, sending, failed, submit } = useRecording(draft, {
    lacking: (filled) => lacking(given.kind, filled),
    made: ({ values, about }) => ({
      kind: given.kind,
      // The task may have left the list while the form was open: what was done there counts all the same.
      about: { ...about, task_id: given.taskId ?? about.task_id },
      fields: fieldsOf(given.kind, values, about.label.category || undefined),
      draft: `${agent}/${given.draft}`,
      ...(given.corrects ? { corrects: given.corrects } : {}),
    }),
    back: given.back,
  });
  if (!draft) return null;
  const { about } = draft.now;
  const here = rows.value.some((each) => each.task.id === given.taskId);
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
      <p class="about">
        <strong>{categoryName(about.label.category)}</strong> {[about.label.address, about.label.reference].filter(Boolean).join(' · ')}
      </p>
      {!here && <p class="callout">{t('form.gone')}</p>}
      {given.why && <p class="callout bad">{given.why}</p>}
      <form id="act" noValidate onSubmit={(event) => void submit(event)}>
        {(lacks.length > 0 || failed) && (
          <p class="callout bad" role="alert">
            {failed || lacks.map((field) => t(`lacks.${field}` as Key)).join(' ')}
          </p>
        )}
        <Fields kind={given.kind} draft={draft} now={draft.now} adding={draft.adding} lacks={lacks} />
      </form>
    </Page>
  );
}

export function Act({ id, kind }: { id: string; kind: string }) {
  if (!(kind in forms)) return null;
  return (
    <Form kind={kind as TaskKind} taskId={id} draft={`${id}/${kind}`} hash={`#/task/${id}/act/${kind}`} back={`#/task/${id}`}
      initial={async () => ({ about: aboutTaskId(id), values: blank(), photos: [] })} />
  );
}

async function photosOf(item: QueuedAction): Promise<DraftPhoto[]> {
  const kept = await env().db.getAllFromIndex('photos', 'action', item.id);
  return kept.map(({ id, blob }) => ({ id, blob }));
}

/** What the corrected action was about; its category is the one that was shown then. */
function aboutItem(item: QueuedAction, action: Action): Filled<Values>['about'] {
  const row = rows.value.find((each) => each.task.id === item.task_id);
  return {
    task_id: item.task_id,
    base_version: action.base_version ?? null,
    label: { ...item.label, category: action.from_category ?? item.label.category },
    proof_required: row?.task.proof_required ?? false,
  };
}

export function Correct({ id }: { id: string }) {
  const item = actions.value.find((each) => each.id === id);
  if (!item) return null;
  const action = JSON.parse(item.payload) as Action;
  const why = (item.held ? item.held.detail ?? item.held.title : refusal(item.receipt)) || undefined;
  if (item.kind === 'new_alert') return <NewAlert corrects={{ id, report: action.report, photos: () => photosOf(item), why }} />;
  return (
    <Form kind={item.kind} taskId={item.task_id} draft={`correct/${id}`} hash={`#/correct/${id}`} back="#/outbox" corrects={id} why={why}
      initial={async () => ({ about: aboutItem(item, action), values: valuesOf(action), photos: await photosOf(item) })} />
  );
}
