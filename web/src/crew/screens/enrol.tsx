// A new tablet: the code that the supervisor shows, typed, pasted or seen by the camera.
import { useEffect, useRef, useState } from 'preact/hooks';
import { enrol } from '../../shared/api/calls';
import { t } from '../../shared/i18n';
import { codeOf } from '../enrolment';
import { env, wipedAt } from '../state';
import { Icon } from '../parts/icon';
import { LanguageSwitch } from '../parts/language';
import { Sheet } from '../parts/sheet';
import { refreshAgents } from '../sync-loop';
import { why } from './outbox';

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
const makeDetector = (): Detector | null => {
  const Made = (globalThis as { BarcodeDetector?: new (options: { formats: string[] }) => Detector }).BarcodeDetector;
  return Made && navigator.mediaDevices ? new Made({ formats: ['qr_code'] }) : null;
};

function Scanner({ found, close }: { found: (text: string) => void; close: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setInterval> | undefined;
    const detector = makeDetector();
    void (async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
        if (!video.current || !detector) return;
        video.current.srcObject = stream;
        await video.current.play();
        timer = setInterval(() => void detector.detect(video.current!).then(([code]) => code && found(code.rawValue)).catch(() => undefined), 250);
      } catch {
        setFailed(true);
      }
    })();
    return () => {
      clearInterval(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return (
    <Sheet title={t('enrol.scan')} close={close}>
      {failed ? <p class="wrong">{t('enrol.no_camera')}</p> : <video ref={video} class="scanner" muted playsInline />}
    </Sheet>
  );
}

export function Enrol() {
  const [text, setText] = useState('');
  const [message, setMessage] = useState('');
  const [busy, setBusy] = useState(false);
  const [scanning, setScanning] = useState(false);
  useEffect(() => {
    document.title = `${t('enrol.title')} – ${t('app.name')}`;
  });
  const submit = async (words: string) => {
    setScanning(false);
    const code = codeOf(words);
    setText(code);
    if (code === '') return setMessage(t('enrol.empty'));
    setBusy(true);
    const answer = await enrol(env(), code);
    setBusy(false);
    if (!answer.ok) return setMessage(answer.failure.kind === 'signed_out' ? t('enrol.wrong') : why(answer.failure));
    const { device_id, name, device_secret, crew_id } = answer.value;
    const tx = env().db.transaction('meta', 'readwrite');
    await tx.store.put({ device_id, name, device_secret, crew_id: crew_id ?? null }, 'device');
    await tx.store.delete('wiped_at');
    await tx.done;
    env().changed();
    await refreshAgents();
  };
  return (
    <main class="door">
      <div class="door-head">
        <img src="icon.svg" alt="" width="56" height="56" />
        <p class="door-name">{t('app.name')}</p>
        <LanguageSwitch />
      </div>
      {wipedAt.value && (
        <p class="callout bad" role="alert">
          <Icon name="warning" /> <strong>{t('wiped.title')}</strong> {t('wiped.words')}
        </p>
      )}
      <div class="door-card">
        <h1>{t('enrol.title')}</h1>
        <p>{t('enrol.words')}</p>
        <form noValidate onSubmit={(event) => (event.preventDefault(), void submit(text))}>
          <label for="code">{t('enrol.code')}</label>
          <input id="code" class="code-field" type="text" autoComplete="off" autoCapitalize="characters" spellcheck={false} value={text} aria-invalid={message ? 'true' : undefined} aria-describedby="code-said"
            onInput={(event) => (setMessage(''), setText(event.currentTarget.value))} />
          <p class="wrong" id="code-said" role="alert">{message}</p>
          <div class="row-buttons">
            <button type="submit" class="button primary" disabled={busy}>{t(busy ? 'pin.checking' : 'enrol.do')}</button>
            {makeDetector() && (
              <button type="button" class="button" onClick={() => setScanning(true)}><Icon name="camera" /> {t('enrol.scan')}</button>
            )}
          </div>
        </form>
      </div>
      {scanning && <Scanner found={(found) => void submit(found)} close={() => setScanning(false)} />}
    </main>
  );
}
