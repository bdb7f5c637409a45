// One task: what is wrong, where, what people said of it, what was done, and what may be done now.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { coordinates } from '../words';
import type { Kind, SyncReport, SyncTask } from '../../shared/api/wire';
import { day, known, local, moment, t, type Key } from '../../shared/i18n';
import type { QueuedAction } from '../../shared/queue/items';
import { aboutTask, record } from '../act';
import { inWords } from '../answers';
import { atOnce } from '../kinds';
import { go } from '../router';
import { categories, crews, person, rows } from '../state';
import { categoryName, CategoryIcon } from '../parts/category';
import { Icon, type IconName } from '../parts/icon';
import { Page } from '../parts/page';
import { PhotoButton } from '../parts/photo';
import { Shape } from '../parts/priority';
import { Sheet } from '../parts/sheet';
import { sayStorage } from '../storage';
import { Chips } from './list';

export const kindIcon: Record<Kind, IconName> = {
  accept: 'check', start: 'play', pause: 'pause', done: 'check', made_safe: 'shield', need_material: 'box', not_found: 'question',
  not_ours: 'forward', dangerous: 'warning', note: 'note', requalify: 'tag', hand_over: 'people', new_alert: 'plus',
};

function Said({ report, category }: { report: SyncReport; category: string }) {
  const schema = categories.value.get(category)?.questions;
  const pairs = inWords(schema, report.answers ?? {}, { local, yes: t('yes'), no: t('no') });
  return (
    <li class="said">
      <p class="quiet">{t('task.reported', { at: moment(report.observed_at) })}</p>
      {report.description && <p class="quote">{report.description}</p>}
      {pairs.length > 0 && (
        <dl class="pairs">
          {pairs.map((pair) => (
            <div key={pair.question}>
              <dt>{pair.question}</dt>
              <dd>{pair.answer}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function Pending({ items }: { items: QueuedAction[] }) {
  if (items.length === 0) return null;
  return (
    <section class="block pending-block" aria-labelledby="pending">
      <h2 id="pending">{t('task.yours')}</h2>
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            <Icon name={kindIcon[item.kind]} /> <strong>{t(`kind.${item.kind}`)}</strong> {moment(item.created_at)} · {item.agent_name} ·{' '}
            {t(`state.${item.state}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ task }: { task: SyncTask }) {
  const { alert } = task;
  return (
    <dl class="facts">
      <div>
        <dt>{t('task.address')}</dt>
        <dd>
          <a href={`#/map`} onClick={() => sessionStorage.setItem('vigie-look-at', task.id)}>
            <Icon name="pin" size={20} /> {alert.address ?? coordinates(alert.position)}
          </a>
        </dd>
      </div>
      <div>
        <dt>{t('task.reference')}</dt>
        <dd>{alert.reference}</dd>
      </div>
      <div>
        <dt>{t('task.opened')}</dt>
        <dd>{t('task.opened_by', { date: day(alert.opened_at), n: alert.report_count })}</dd>
      </div>
      <div>
        <dt>{t('task.due_label')}</dt>
        <dd>{moment(alert.due_at)}</dd>
      </div>
      {task.planned_on && (
        <div>
          <dt>{t('task.planned')}</dt>
          <dd>
            {day(task.planned_on)}
            {task.shift ? ` · ${t(`shift.${task.shift}`)}` : ''}
          </dd>
        </div>
      )}
      {alert.review_on && (
        <div>
          <dt>{t('task.review')}</dt>
          <dd>
            {day(alert.review_on)}
            {alert.reason ? ` · ${known('hold', alert.reason)}` : ''}
          </dd>
        </div>
      )}
    </dl>
  );
}

function choose(task: SyncTask, kind: Kind): void {
  if (atOnce.includes(kind)) void record({ kind, agent: person.value, about: aboutTask(task), fields: {}, photos: [] }).catch(sayStorage);
  else go(`#/task/${task.id}/act/${kind}`);
}

/** What comes next stands first: accept, begin, done. */
const leading: readonly Kind[] = ['accept', 'start', 'done', 'pause', 'note'];

const settleMs = 600;

/** A tap meant for the button that stood there a moment ago must not press the one that came: after a change the bar rests. */
function useRest(what: string): boolean {
  const shown = useRef(what);
  const [resting, setResting] = useState(false);
  useLayoutEffect(() => {
    if (shown.current === what) return;
    shown.current = what;
    setResting(true);
    const timer = setTimeout(() => setResting(false), settleMs);
    return () => clearTimeout(timer);
  }, [what]);
  return resting;
}

function ActionBar({ task, offered }: { task: SyncTask; offered: Kind[] }) {
  const [open, setOpen] = useState(false);
  const resting = useRest(offered.join());
  const first = leading.filter((kind) => offered.includes(kind)).slice(0, 2);
  const rest = offered.filter((kind) => !first.includes(kind));
  const button = (kind: Kind, look: string) => (
    <button key={kind} type="button" class={`button ${look} kind-${kind}`} aria-disabled={resting} onClick={() => resting || (setOpen(false), choose(task, kind))}>
      <Icon name={kindIcon[kind]} size={28} />
      {t(`do.${kind}` as Key)}
    </button>
  );
  return (
    <>
      {first.map((kind, index) => button(kind, index === 0 ? 'primary' : 'secondary'))}
      {rest.length > 0 && (
        <button type="button" class="button" aria-haspopup="dialog" aria-disabled={resting} onClick={() => resting || setOpen(true)}>
          <Icon name="menu" size={28} />
          {t('do.more')}
        </button>
      )}
      {open && (
        <Sheet title={t('do.more_title')} close={() => setOpen(false)}>
          <div class="action-grid">{rest.map((kind) => button(kind, 'tile'))}</div>
        </Sheet>
      )}
    </>
  );
}

export function Task({ id }: { id: string }) {
  const row = rows.value.find((each) => each.task.id === id);
  if (!row) {
    return (
      <Page title={t('task.gone')} back="#/list">
        <p>{t('task.gone_words')}</p>
      </Page>
    );
  }
  const { task, seen } = row;
  return (
    <Page title={categoryName(task.alert.category)} back="#/list" class="detail" aside={<CategoryIcon code={task.alert.category} size={40} />} foot={<ActionBar task={task} offered={seen.offered.filter((kind) => kind !== 'hand_over' || crews.value.length > 0)} />}>
      <div class="title-line">
        <Shape priority={task.alert.priority} text={row.number} size={48} done={seen.closed} />
        <Chips row={row} />
      </div>
      {task.alert.severity >= 2 && (
        <p class="callout bad">
          <Icon name="warning" /> {t('task.danger')}
        </p>
      )}
      {task.instructions && (
        <p class="callout">
          <strong>{t('task.instructions')}</strong> {task.instructions}
        </p>
      )}
      <Pending items={seen.pending} />
      {task.photos.length > 0 && (
        <section class="block" aria-labelledby="photos">
          <h2 id="photos">{t('task.photos', { n: task.photos.length })}</h2>
          <div class="photos">
            {task.photos.map((photo, index) => (
              <PhotoButton key={photo.id} photo={photo} alt={t(photo.kind === 'proof' ? 'photo.proof' : 'photo.report', { number: index + 1, what: categoryName(task.alert.category) })} />
            ))}
          </div>
        </section>
      )}
      <Facts task={task} />
      {task.reports.length > 0 && (
        <section class="block" aria-labelledby="reports">
          <h2 id="reports">{t('task.reports', { n: task.reports.length })}</h2>
          <ul class="plain">
            {task.reports.map((report, index) => (
              <Said key={index} report={report} category={task.alert.category} />
            ))}
          </ul>
        </section>
      )}
      {task.notes.length > 0 && (
        <section class="block" aria-labelledby="notes">
          <h2 id="notes">{t('task.notes')}</h2>
          <ol class="plain timeline">
            {task.notes.map((note, index) => (
              <li key={index}>
                <p>
                  <strong>{known('step', note.step, 'step.other')}</strong> <span class="quiet">{moment(note.at)}{note.by ? ` · ${note.by}` : ''}</span>
                </p>
                {note.reason && <p>{known('hold', note.reason)}</p>}
                {note.note && <p>{note.note}</p>}
              </li>
            ))}
          </ol>
        </section>
      )}
      {task.proof_required && (
        <p class="quiet">
          <Icon name="camera" size={20} /> {t('task.proof')}
        </p>
      )}
    </Page>
  );
}
