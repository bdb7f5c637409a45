// Whose turn: the crew's people, then the PIN. Works without network for whoever signed in here once.
import { useEffect, useState } from 'preact/hooks';
import { t } from '../../shared/i18n';
import { agents, device, online, toSend, vaults } from '../state';
import { refreshAgents } from '../sync-loop';
import { Icon } from '../parts/icon';
import { LanguageSwitch } from '../parts/language';
import { PinPad } from './pin';
import type { Failure } from '../../shared/api/answer';
import { why } from './outbox';

export function Who() {
  const [chosen, setChosen] = useState<{ id: string; name: string } | null>(null);
  const [what, setWhat] = useState<Failure | null>(null);
  useEffect(() => {
    void refreshAgents().then(setWhat, () => setWhat({ kind: 'storage' }));
    document.title = `${t('who.title')} – ${t('app.name')}`;
  }, [online.value]);
  const here = new Set(vaults.value.map((vault) => vault.agent_id));
  return (
    <main class="door">
      <div class="door-head">
        <img src="icon.svg" alt="" width="56" height="56" />
        <div>
          <p class="door-name">{t('app.name')}</p>
          <p class="quiet">{device.value?.name}</p>
        </div>
        <LanguageSwitch />
      </div>
      <div class="door-card">
        {chosen ? (
          <div class="door-pin">
            <button type="button" class="button" onClick={() => setChosen(null)}><Icon name="back" /> {t('who.other')}</button>
            <h1>{chosen.name}</h1>
            <PinPad agent={chosen} done={() => undefined} />
          </div>
        ) : (
          <>
            <h1>{t('who.title')}</h1>
            {agents.value.length === 0 && <p class="callout">{what ? why(what) : t('who.nobody')}</p>}
            <ul class="people">
              {agents.value.map((agent) => (
                <li key={agent.id}>
                  <button type="button" class="person" onClick={() => setChosen(agent)}>
                    <Icon name="person" size={40} />
                    <span>
                      <strong>{agent.name}</strong>
                      <small>{t(here.has(agent.id) ? 'who.offline_too' : 'who.needs_network')}</small>
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      <p class="door-foot quiet">{toSend.value > 0 ? t('net.to_send', { n: toSend.value }) : t('net.all_sent')}</p>
    </main>
  );
}
