// The keys for a PIN: large for gloves, and an ordinary field for a keyboard.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { enter, type Entry } from '../../shared/auth/session';
import { t } from '../../shared/i18n';
import { env, failure } from '../state';
import { revoked, runNow } from '../sync-loop';
import { Icon } from '../parts/icon';
import { why } from './outbox';

const digits = 6;

function words(entry: Entry & { in: false }): string {
  if (entry.why === 'wrong') return entry.waitMs > 0 ? t('pin.wrong_wait', { seconds: Math.ceil(entry.waitMs / 1000) }) : t('pin.wrong');
  if (entry.why === 'wait') return t('pin.wait', { seconds: Math.ceil(entry.waitMs / 1000) });
  if (entry.why === 'first_needs_network') return t('pin.first');
  if (entry.failure.kind === 'signed_out') return t('pin.wrong');
  return why(entry.failure);
}

export function PinPad({ agent, done, inline = false }: { agent: { id: string; name: string }; done: () => void; inline?: boolean }) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [pin, setPin] = useState('');
  const [message, setMessage] = useState('');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!inline) field.current?.focus();
  }, []);
  const attempt = async (code: string) => {
    setBusy(true);
    const entry = await enter(env(), agent, code);
    setBusy(false);
    setPin('');
    if (entry.in) {
      // A new session makes what failed for want of one worth trying again.
      void entry.renewal?.then((renewed) => (!renewed.in && renewed.why === 'refused' && renewed.failure.kind === 'revoked' ? revoked() : runNow()));
      failure.value = null;
      void runNow();
      return done();
    }
    if (entry.why === 'refused' && entry.failure.kind === 'revoked') return revoked();
    setMessage(words(entry));
    field.current?.focus();
  };
  const put = (next: string) => {
    const code = next.replace(/\D/g, '').slice(0, digits);
    setPin(code);
    setMessage('');
    if (code.length === digits && !busy) void attempt(code);
  };
  return (
    <div class="pin" role="group" aria-labelledby={id}>
      <label id={id} for={`${id}-field`}>{inline ? t('pin.of', { name: agent.name }) : t('pin.field')}</label>
      <input ref={field} id={`${id}-field`} class="pin-field" type="password" inputMode="none" autoComplete="off" maxLength={digits} value={pin} readOnly={busy}
        aria-describedby={`${id}-said`} aria-invalid={message ? 'true' : undefined} onInput={(event) => put(event.currentTarget.value)} />
      <p class="pin-said" id={`${id}-said`} role="alert">{busy ? t('pin.checking') : message}</p>
      <div class="keys">
        {['1', '2', '3', '4', '5', '6', '7', '8', '9'].map((key) => (
          <button key={key} type="button" class="key" disabled={busy} onClick={() => put(pin + key)}>{key}</button>
        ))}
        <span />
        <button type="button" class="key" disabled={busy} onClick={() => put(pin + '0')}>0</button>
        <button type="button" class="key" disabled={busy} aria-label={t('pin.erase')} onClick={() => put(pin.slice(0, -1))}><Icon name="erase" size={32} /></button>
      </div>
    </div>
  );
}
