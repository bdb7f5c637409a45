// Always there: who works, whether there is a network, how much waits to be sent.
import { t, hour } from '../../shared/i18n';
import { lock } from '../../shared/auth/session';
import { attention, device, env, failure, online, person, pulledAt, toSend, working } from '../state';
import { Icon, type IconName } from './icon';

interface Line {
  icon: IconName;
  text: string;
  tone: 'good' | 'waiting' | 'bad';
}

function line(): Line {
  const what = failure.value;
  if (!online.value || what?.kind === 'offline') return { icon: 'offline', text: t('net.offline'), tone: 'waiting' };
  if (what?.kind === 'storage') return { icon: 'warning', text: t('net.storage'), tone: 'bad' };
  if (working.value) return { icon: 'refresh', text: t('net.working'), tone: 'good' };
  if (what?.kind === 'portal') return { icon: 'warning', text: t('net.portal'), tone: 'bad' };
  if (what?.kind === 'need_pin' || what?.kind === 'signed_out') return { icon: 'lock', text: t('net.need_pin'), tone: 'bad' };
  if (what) return { icon: 'warning', text: t('net.busy'), tone: 'waiting' };
  const at = pulledAt.value;
  return { icon: 'online', text: at ? t('net.online_at', { time: hour(at) }) : t('net.online'), tone: 'good' };
}

/** Only what a person must hear: each exchange of the tablet with the server would be one message a minute. */
function Announced() {
  const offline = !online.value || failure.value?.kind === 'offline';
  const count = toSend.value > 0 ? t('net.to_send', { n: toSend.value }) : t('net.all_sent');
  return <span class="only-heard" role="status">{offline ? `${t('net.offline')}, ${count}` : count}</span>;
}

export function Header() {
  const state = line();
  const waiting = toSend.value;
  return (
    <header class="top">
      <a class="brand" href="#/list">
        <img src="icon.svg" alt="" width="36" height="36" />
        <span>
          <strong>{t('app.name')}</strong>
          <small>{device.value?.name}</small>
        </span>
      </a>
      <a class={`net ${state.tone}`} href="#/outbox">
        <Icon name={state.icon} />
        <span>
          <span class="net-state">{state.text}</span>
          <span class="net-count">{waiting > 0 ? t('net.to_send', { n: waiting }) : t('net.all_sent')}</span>
        </span>
        {attention.value > 0 && (
          <span class="badge bad" aria-label={t('net.attention', { n: attention.value })}>
            {attention.value}
          </span>
        )}
      </a>
      <Announced />
      <button class="who" type="button" onClick={() => void lock(env())}>
        <Icon name="person" />
        <span class="who-name">{person.value?.name}</span>
        <span class="who-do">{t('who.switch')}</span>
      </button>
    </header>
  );
}
