// Everything that was done on this tablet and where it stands. Nothing that needs a person ever leaves this list by itself.
import { useEffect, useState } from 'preact/hooks';
import type { Failure } from '../../shared/api/answer';
import type { Receipt } from '../../shared/api/wire';
import { hour, known, moment, t } from '../../shared/i18n';
import { discardDraft } from '../../shared/queue/draft';
import { discard, discardPhoto, markSeen, retryHeld, retryPhoto } from '../../shared/queue/enqueue';
import { finalStates, needsAttention, toBeRead, tookAnotherWay, type Draft, type QueuedAction, type QueuedPhoto } from '../../shared/queue/items';
import { actions, drafts, env, failure, nextTry, person, photos, reload, renewalRefused, toSend, working } from '../state';
import { sayStorage } from '../storage';
import { runNow } from '../sync-loop';
import { categoryName } from '../parts/category';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';
import { useBlobUrl } from '../parts/photo';
import { PinPad, refusedWords } from './pin';
import { Sheet } from '../parts/sheet';
import { kindIcon } from './task';

export function why(what: Failure): string {
  if (what.kind === 'busy') return t('why.busy', { status: what.status });
  if (what.kind === 'problem' || what.kind === 'forbidden') return what.problem.detail ?? what.problem.title ?? t('why.problem');
  return t(`why.${what.kind}`);
}

/** The server's words, and which fields it means. */
export function refusal(receipt: Receipt | null): string {
  const fields = receipt?.problem?.errors?.map((each) => known('field', each.field.split('.')[0]!)) ?? [];
  return [receipt?.message, fields.length > 0 ? t('why.fields', { fields: [...new Set(fields)].join(', ') }) : ''].filter(Boolean).join(' ');
}

function reasonOf(item: QueuedAction): string | null {
  if (item.held) return item.held.detail ?? item.held.title ?? t('why.problem');
  const receipt = item.receipt;
  if (item.state === 'refused' || item.state === 'waiting' || item.state === 'superseded' || item.state === 'dismissed') {
    return refusal(receipt) || t(`why.${item.state}`);
  }
  if (tookAnotherWay(item)) return receipt?.message ?? t('why.review');
  if (item.state === 'applied' && receipt?.review) return t('why.review');
  // What holds up everything is said once, at the top.
  const own = item.last_failure?.kind === 'problem' || item.last_failure?.kind === 'forbidden';
  return item.state === 'queued' && own && item.last_failure ? why(item.last_failure) : null;
}

function Discard({ what, discard: gone, close }: { what: string; discard: () => Promise<void>; close: () => void }) {
  return (
    <Sheet title={t('discard.title')} close={close}>
      <p>{t('discard.words', { what })}</p>
      <div class="row-buttons">
        <button type="button" class="button danger" onClick={() => void gone().then(close, sayStorage)}>
          <Icon name="trash" /> {t('discard.yes')}
        </button>
        <button type="button" class="button" onClick={close}>{t('discard.no')}</button>
      </div>
    </Sheet>
  );
}

function Item({ item, pictures }: { item: QueuedAction; pictures: QueuedPhoto[] }) {
  const [discarding, setDiscarding] = useState(false);
  const reason = reasonOf(item);
  const unsent = pictures.filter((photo) => photo.state === 'queued').length;
  return (
    <li class={`item ${needsAttention(item) ? 'attention' : ''} state-${item.state}`}>
      <span class="item-icon"><Icon name={kindIcon[item.kind]} size={28} /></span>
      <div class="item-words">
        <p class="item-title"><strong>{t(`kind.${item.kind}`)}</strong> · {categoryName(item.label.category)}</p>
        <p class="quiet">
          {[item.label.reference, item.label.address?.split(',')[0], item.agent_name, moment(item.created_at)].filter(Boolean).join(' · ')}
        </p>
        <p class="chips">
          <span class={`chip state ${item.state}`}>{t(item.held ? 'state.held' : `state.${item.state}`)}</span>
          {pictures.length > 0 && <span class="chip"><Icon name="camera" size={18} /> {unsent > 0 ? t('outbox.photos_left', { n: unsent }) : t('outbox.photos_sent', { n: pictures.length })}</span>}
        </p>
        {reason && <p class="reason">{reason}</p>}
        {(item.state === 'refused' || item.held) && (
          <div class="row-buttons">
            <a class="button primary" href={`#/correct/${item.id}`}>{t('outbox.correct')}</a>
            {item.held && <button type="button" class="button" onClick={() => void retryHeld(env(), item.id).then(runNow, sayStorage)}>{t('outbox.retry')}</button>}
            <button type="button" class="button" onClick={() => setDiscarding(true)}>{t('outbox.discard')}</button>
          </div>
        )}
        {toBeRead(item) && (
          <button type="button" class="button" onClick={() => void markSeen(env(), item.id).catch(sayStorage)}>{t('do.understood')}</button>
        )}
      </div>
      {discarding && <Discard what={t(`kind.${item.kind}`)} discard={() => discard(env(), item.id)} close={() => setDiscarding(false)} />}
    </li>
  );
}

/** A form that was begun and not recorded: work that nobody else knows of. */
function Unfinished({ draft }: { draft: Draft }) {
  const [discarding, setDiscarding] = useState(false);
  const { label } = draft.about;
  const what = t(`kind.${draft.kind}`);
  return (
    <li class="item">
      <span class="item-icon"><Icon name={kindIcon[draft.kind]} size={28} /></span>
      <div class="item-words">
        <p class="item-title"><strong>{what}</strong>{label.category && ` · ${categoryName(label.category)}`}</p>
        <p class="quiet">{[label.reference, label.address?.split(',')[0], moment(new Date(draft.at).toISOString())].filter(Boolean).join(' · ')}</p>
        {draft.photos.length > 0 && <p class="chips"><span class="chip"><Icon name="camera" size={18} /> {t('task.photos', { n: draft.photos.length })}</span></p>}
        <div class="row-buttons">
          <a class="button primary" href={draft.hash}>{t('outbox.resume')}</a>
          <button type="button" class="button" onClick={() => setDiscarding(true)}>{t('outbox.discard')}</button>
        </div>
      </div>
      {discarding && <Discard what={what} discard={() => discardDraft(env(), draft.key)} close={() => setDiscarding(false)} />}
    </li>
  );
}

function RefusedPhoto({ photo }: { photo: QueuedPhoto }) {
  const url = useBlobUrl(photo.blob);
  return (
    <li class="item attention">
      <img class="thumb" src={url} alt={t('photo.refused')} />
      <div class="item-words">
        <p class="item-title"><strong>{t('outbox.photo_refused')}</strong></p>
        <p class="reason">{photo.last_failure ? why(photo.last_failure) : t('why.problem')}</p>
        <div class="row-buttons">
          {photo.task_id && <a class="button primary" href={`#/task/${photo.task_id}/act/note`}>{t('outbox.new_photo')}</a>}
          {photo.last_failure?.kind !== 'unreadable' && <button type="button" class="button" onClick={() => void retryPhoto(env(), photo.id).then(runNow, sayStorage)}>{t('outbox.retry')}</button>}
          <button type="button" class="button" onClick={() => void discardPhoto(env(), photo.id).catch(sayStorage)}>{t('outbox.discard')}</button>
        </div>
      </div>
    </li>
  );
}

function Again() {
  const agent = person.value;
  if (!agent || (failure.value?.kind !== 'need_pin' && failure.value?.kind !== 'signed_out')) return null;
  return (
    <div class="notice" role="note">
      <p>{renewalRefused.value ? refusedWords(renewalRefused.value, true) : t('outbox.need_pin')}</p>
      <PinPad agent={agent} done={() => void runNow()} inline />
    </div>
  );
}

export function Outbox() {
  // Forms write themselves without a word to the screens.
  useEffect(() => void reload().catch(sayStorage), []);
  const of = (item: QueuedAction) => photos.value.filter((photo) => photo.action_id === item.id);
  const newest = [...actions.value].reverse();
  const photosToGo = (item: QueuedAction) => of(item).some((photo) => photo.state === 'queued');
  const groups = [
    { key: 'attention' as const, items: newest.filter(needsAttention) },
    { key: 'queued' as const, items: newest.filter((item) => !needsAttention(item) && (item.state === 'queued' || photosToGo(item))) },
    { key: 'waiting' as const, items: newest.filter((item) => item.state === 'waiting' && !photosToGo(item)) },
    { key: 'sent' as const, items: newest.filter((item) => finalStates.includes(item.state) && !needsAttention(item) && !photosToGo(item)).slice(0, 50) },
  ];
  const waiting = {
    actions: t('outbox.left_actions', { n: actions.value.filter((item) => item.state === 'queued').length }),
    photos: t('outbox.left_photos', { n: photos.value.filter((photo) => photo.state === 'queued').length }),
  };
  const refusedPhotos = photos.value.filter((photo) => photo.state === 'refused');
  return (
    <Page title={t('outbox.title')}>
      <div class="summary">
        <p class="big">{toSend.value > 0 ? t('outbox.left', { actions: waiting.actions, photos: waiting.photos }) : t('net.all_sent')}</p>
        {failure.value && toSend.value > 0 && <p>{why(failure.value)}{nextTry.value && ` ${t('outbox.next_try', { time: hour(new Date(nextTry.value).toISOString()) })}`}</p>}
        <p class="quiet">{t('outbox.promise')}</p>
        <button type="button" class="button secondary" disabled={working.value} onClick={() => void runNow()}>
          <Icon name="refresh" /> {t(working.value ? 'net.working' : 'outbox.now')}
        </button>
      </div>
      <Again />
      {drafts.value.length > 0 && (
        <section aria-labelledby="outbox-drafts">
          <h2 class="group" id="outbox-drafts">{t('outbox.drafts')} <span class="count">{drafts.value.length}</span></h2>
          <ul class="items">
            {drafts.value.map((draft) => <Unfinished key={draft.key} draft={draft} />)}
          </ul>
        </section>
      )}
      {groups.map(({ key, items }) => {
        const extra = key === 'attention' ? refusedPhotos : [];
        if (items.length + extra.length === 0) return null;
        return (
          <section key={key} aria-labelledby={`outbox-${key}`}>
            <h2 class="group" id={`outbox-${key}`}>{t(`outbox.${key}`)} <span class="count">{items.length + extra.length}</span></h2>
            <ul class="items">
              {extra.map((photo) => <RefusedPhoto key={photo.id} photo={photo} />)}
              {items.map((item) => <Item key={item.id} item={item} pictures={of(item)} />)}
            </ul>
          </section>
        );
      })}
    </Page>
  );
}
