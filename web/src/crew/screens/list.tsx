// The crew's day. It says everything that the map says.
import type { SyncTask } from '../../shared/api/wire';
import { day, hour, known, language, moment, t } from '../../shared/i18n';
import { dayNow, env, left, ownAlerts, pulledAt, rows, type Row } from '../state';
import { putMeta } from '../../shared/db/database';
import { route } from '../router';
import { categoryName, CategoryIcon } from '../parts/category';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';
import { priorityName, Shape } from '../parts/priority';
import { Thumb } from '../parts/photo';
import type { Group } from '../../shared/queue/overlay';

function Due({ at, closed }: { at: string; closed: boolean }) {
  if (closed) return null;
  const late = Date.parse(at) < Date.now();
  return (
    <span class={`chip ${late ? 'late' : ''}`}>
      <Icon name="clock" size={18} />
      {t(late ? 'task.late_since' : 'task.due', { date: day(at) })}
    </span>
  );
}

export function Chips({ row }: { row: Row }) {
  const { task, seen } = row;
  return (
    <span class="chips">
      <span class={`chip strong${task.alert.priority >= 4 ? ' urgent' : ''}`}>{priorityName(task.alert.priority)}</span>
      <span class={`chip status-${seen.status}`}>{known('status', seen.status)}</span>
      <Due at={task.alert.due_at} closed={seen.closed} />
      {seen.pending.some((item) => item.state === 'queued') && (
        <span class="chip pending">
          <Icon name="outbox" size={18} />
          {t('task.to_send')}
        </span>
      )}
      {seen.pending.some((item) => item.state === 'waiting') && <span class="chip pending">{t('task.waiting')}</span>}
    </span>
  );
}

/** The street is enough within one town; without one, what people wrote helps to find it. */
function place(task: SyncTask): string {
  const words = task.reports.find((report) => report.description)?.description;
  return task.alert.address?.split(',')[0] ?? (words ? t('task.quote', { words: words.slice(0, 80) }) : t('task.no_address'));
}

function Card({ row }: { row: Row }) {
  const { task, seen } = row;
  const shown = task.photos.find((each) => each.kind === 'report' && each.state === 'ready');
  const current = route.value.screen === 'task' && route.value.id === task.id;
  return (
    <li>
      <a class={`card${seen.closed ? ' closed' : ''}`} href={`#/task/${task.id}`} aria-current={current ? 'true' : undefined}>
        <Shape priority={task.alert.priority} text={row.number} size={52} done={seen.closed} />
        <span class="card-words">
          <span class="card-title">
            <CategoryIcon code={task.alert.category} size={24} />
            {categoryName(task.alert.category)}
          </span>
          <span class="card-address">{place(task)}</span>
          <Chips row={row} />
        </span>
        {shown && <Thumb photo={shown} alt="" />}
      </a>
    </li>
  );
}

function Left() {
  if (left.value.length === 0) return null;
  return (
    <div class="notice" role="note">
      <p>
        <strong>{t('left.title', { n: left.value.length })}</strong>
      </p>
      <ul>
        {left.value.map((each) => (
          <li key={each.task_id}>{t(`left.${each.reason}`, { what: categoryName(each.category), reference: each.reference })}</li>
        ))}
      </ul>
      <button type="button" class="button" onClick={() => void putMeta(env().db, 'left', []).then(env().changed)}>
        {t('do.understood')}
      </button>
    </div>
  );
}

/** What the crew reported on its way: it is somewhere, although no task of theirs. */
function Own() {
  if (ownAlerts.value.length === 0) return null;
  return (
    <section aria-labelledby="group-own">
      <h2 class="group" id="group-own">
        {t('list.own')} <span class="count">{ownAlerts.value.length}</span>
      </h2>
      <ul class="plain own">
        {ownAlerts.value.map(({ item, report }) => (
          <li key={item.id}>
            <CategoryIcon code={report.category} size={24} /> <strong>{categoryName(report.category)}</strong>{' '}
            {[report.address, hour(item.created_at), t(`state.${item.state}`)].filter(Boolean).join(' · ')}
          </li>
        ))}
      </ul>
    </section>
  );
}

const titles = { now: 'list.now', later: 'list.later', closed: 'list.closed' } as const;

export function List({ secondary = false }: { secondary?: boolean }) {
  const groups: Group[] = ['now', 'later', 'closed'];
  const title = t('list.title', { date: day(dayNow.value) });
  const body = (
    <div lang={language.value}>
      <Left />
      {rows.value.length === 0 && (
        <div class="empty-state">
          <Icon name="check" size={64} />
          <p>{t(pulledAt.value ? 'list.empty' : 'list.not_yet')}</p>
        </div>
      )}
      {groups.map((group) => {
        const of = rows.value.filter((row) => row.group === group);
        if (of.length === 0) return null;
        return (
          <section key={group} aria-labelledby={`group-${group}`}>
            <h2 class="group" id={`group-${group}`}>
              {t(titles[group])} <span class="count">{of.length}</span>
            </h2>
            <ul class="cards">
              {of.map((row) => (
                <Card key={row.task.id} row={row} />
              ))}
            </ul>
          </section>
        );
      })}
      <Own />
      {pulledAt.value && <p class="quiet">{t('list.as_of', { at: moment(pulledAt.value) })}</p>}
    </div>
  );
  if (secondary) {
    return (
      <aside class="page list-pane" aria-label={title}>
        <div class="page-scroll">
          <p class="pane-title">{title}</p>
          {body}
        </div>
      </aside>
    );
  }
  return (
    <Page title={title} class="list-pane">
      {body}
    </Page>
  );
}
