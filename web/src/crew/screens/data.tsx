// What this tablet holds about the person who looks: their own actions, with time and place. Nobody else's.
import type { Action } from '../../shared/api/wire';
import { moment, number, t } from '../../shared/i18n';
import { actions, person, vaults } from '../state';
import { coordinates } from '../words';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';

export function Data() {
  const me = person.value;
  const own = actions.value.filter((item) => item.agent_id === me?.id).map((item) => ({ item, action: JSON.parse(item.payload) as Action }));
  const placed = own.filter(({ action }) => action.position);
  const vault = vaults.value.find((each) => each.agent_id === me?.id);
  const save = () => {
    const held = own.map(({ item, action }) => ({ ...action, state: item.state, receipt: item.receipt }));
    const url = URL.createObjectURL(new Blob([JSON.stringify({ person: me, actions: held }, null, 2)], { type: 'application/json' }));
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
      {own.length > 0 && (
        <div class="table-scroll" tabIndex={0} role="region" aria-label={t('data.table')}>
          <table>
            <thead>
              <tr><th scope="col">{t('data.when')}</th><th scope="col">{t('data.what')}</th><th scope="col">{t('data.on')}</th><th scope="col">{t('data.where')}</th></tr>
            </thead>
            <tbody>
              {[...own].reverse().map(({ item, action }) => (
                <tr key={item.id}>
                  <td>{moment(item.created_at)}</td>
                  <td>{t(`kind.${item.kind}`)}</td>
                  <td>{item.label.reference ?? '–'}</td>
                  <td>{action.position ? `${coordinates(action.position)} (± ${number(action.accuracy ?? 0)} m)` : t('data.no_place')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  );
}
