// What this tablet holds about the person who looks, and on demand what the server does: their own actions, with time and place.
// Nobody else's.
import { useState } from 'preact/hooks';
import { accessToken } from '../../shared/auth/session';
import type { Failure } from '../../shared/api/answer';
import { ownActions } from '../../shared/api/calls';
import type { Action, KeptPage } from '../../shared/api/wire';
import { known, moment, number, t } from '../../shared/i18n';
import { actions, env, online, person, vaults } from '../state';
import { sayStorage } from '../storage';
import { coordinates } from '../words';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';
import { why } from './outbox';

interface Line {
  id: string;
  at: string;
  kind: string;
  state: string;
  on: string | null | undefined;
  place: string | null | undefined;
}

function Lines({ label, lines }: { label: string; lines: Line[] }) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr><th scope="col">{t('data.when')}</th><th scope="col">{t('data.what')}</th><th scope="col">{t('data.on')}</th><th scope="col">{t('data.where')}</th></tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.id}>
              <td>{moment(line.at)}</td>
              <td>{known('kind', line.kind)} · {known('state', line.state)}</td>
              <td>{line.on ?? '–'}</td>
              <td>{line.place ?? t('data.no_place')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function OnServer({ kept, keep }: { kept: KeptPage | null; keep: (page: KeptPage) => void }) {
  const [failed, setFailed] = useState<Failure | null>(null);
  const [asking, setAsking] = useState(false);
  const ask = async () => {
    setAsking(true);
    try {
      const token = await accessToken(env());
      const answer = token.ok ? await ownActions(env(), token.token, kept?.next ?? undefined) : token;
      setFailed(answer.ok ? null : answer.failure);
      if (answer.ok) keep({ ...answer.value, items: [...(kept?.items ?? []), ...answer.value.items] });
    } finally {
      setAsking(false);
    }
  };
  const lines = kept?.items.map((item) => ({ ...item, on: item.alert_reference, place: item.place && coordinates(item.place) })) ?? [];
  return (
    <section class="block on-server">
      <h2>{t('data.server')}</h2>
      <p>{t('data.server_words')}</p>
      {lines.length > 0 && <Lines label={t('data.server')} lines={lines} />}
      {kept && lines.length === 0 && <p>{t('data.none')}</p>}
      <p class="wrong" role="alert">{failed && why(failed)}</p>
      {(!kept || kept.next) && (
        <button type="button" class="button" disabled={asking || !online.value} onClick={() => void ask().catch(sayStorage)}>
          {t(!online.value ? 'net.offline' : kept ? 'data.older' : 'data.ask')}
        </button>
      )}
    </section>
  );
}

export function Data() {
  const [kept, keep] = useState<KeptPage | null>(null);
  const me = person.value;
  const own = actions.value.filter((item) => item.agent_id === me?.id).map((item) => ({ item, action: JSON.parse(item.payload) as Action }));
  const placed = own.filter(({ action }) => action.position);
  const vault = vaults.value.find((each) => each.agent_id === me?.id);
  const lines = own.map(({ item, action }) => ({
    id: item.id, at: item.created_at, kind: item.kind, state: item.state, on: item.label.reference,
    place: action.position && `${coordinates(action.position)} (± ${number(action.accuracy ?? 0)} m)`,
  }));
  const save = () => {
    const held = own.map(({ item, action }) => ({ ...action, state: item.state, receipt: item.receipt }));
    const url = URL.createObjectURL(new Blob([JSON.stringify({ person: me, actions: held, server: kept?.items }, null, 2)], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'vigie.json';
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Page title={t('data.title')} back="#/menu">
      <p>{t('data.words')}</p>
      <ul class="bullets">
        <li>{t('data.name', { name: me?.name ?? '' })}</li>
        <li>{t('data.actions', { n: own.length })}</li>
        <li>{t('data.positions', { n: placed.length })}</li>
        <li>{t('data.pin')}</li>
        {vault && <li>{t('data.session', { at: moment(vault.session_expires_at) })}</li>}
      </ul>
      <p>{t('data.kept')}</p>
      <button type="button" class="button" onClick={save}><Icon name="outbox" /> {t('data.save')}</button>
      {lines.length > 0 && <Lines label={t('data.table')} lines={lines.reverse()} />}
      <OnServer kept={kept} keep={keep} />
    </Page>
  );
}
