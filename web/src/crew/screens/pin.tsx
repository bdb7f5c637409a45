// The keys for a PIN: large for gloves, and an ordinary field for a keyboard.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { enter, type Entry } from '../../shared/auth/session';
import { t } from '../../shared/i18n';
import type { Failure } from '../../shared/api/answer';
import { env, failure, renewalRefused } from '../state';
import { storageWords } from '../storage';
import { revoked, runNow } from '../sync-loop';
import { Icon } from '../parts/icon';
import { why } from './outbox';

const digits = 6;

/** Why the server made no session. `opened`: the PIN is that of this tablet, and no longer that of the server. */
export function refusedWords(what: Failure, opened: boolean): string {
  if (what.kind === 'signed_out') return t(opened ? 'pin.changed' : 'pin.wrong');
  if (what.kind === 'busy' && what.status === 429 && what.retryAfterMs !== null) return t('pin.wait', { seconds: Math.ceil(what.retryAfterMs / 1000) });
  return why(what);
}

function words(entry: Entry & { in: false }, opened = false): string {
  if (entry.why === 'wrong') return entry.waitMs > 0 ? t('pin.wrong_wait', { seconds: Math.ceil(entry.waitMs / 1000) }) : t('pin.wrong');
  if (entry.why === 'wait') return t('pin.wait', { seconds: Math.ceil(entry.waitMs / 1000) });
  if (entry.why === 'first_needs_network') return t('pin.first');
  return refusedWords(entry.failure, opened);
}

/** What came of a new session made in the background: without one nothing is sent, and somebody should know why. */
function renewed(entry: Entry): void {
  const refusal = !entry.in && entry.why === 'refused' ? entry.failure : null;
  if (refusal?.kind === 'revoked') return void revoked();
  renewalRefused.value = refusal?.kind === 'signed_out' || (refusal?.kind === 'busy' && refusal.status === 429) ? refusal : null;
  void runNow();
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
    try {
      const entry = await enter(env(), agent, code);
      if (!entry.in) return refuse(entry);
      renewalRefused.value = null;
      if (!entry.renewal) {
        failure.value = null;
        void runNow();
      } else if (inline) {
        // Whoever is asked for the PIN on behalf of the server waits for the server's word.
        const answer = await entry.renewal;
        renewed(answer);
        if (!answer.in) return refuse(answer, true);
      } else {
        void entry.renewal.then(renewed);
      }
      done();
    } catch (error) {
      setMessage(storageWords(error));
    } finally {
      setBusy(false);
      setPin('');
    }
  };
  const refuse = (entry: Entry & { in: false }, opened = false): void => {
    if (entry.why === 'refused' && entry.failure.kind === 'revoked') return void revoked();
    setMessage(words(entry, opened));
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
