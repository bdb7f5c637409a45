// From a filled form to an action in the queue: once nothing lacks, and with the form going on where the tablet could not keep it.
import { useEffect, useState } from 'preact/hooks';
import type { Filled, OpenDraft } from '../shared/queue/draft';
import { record, type Recorded } from './act';
import { go } from './router';
import { person } from './state';
import { storageWords } from './storage';

/** After a try to record: the first field that lacks something has the focus, once the words about it stand there. */
function useFocusWrong(tries: number): void {
  useEffect(() => {
    if (tries === 0) return;
    const first = document.querySelector<HTMLElement>('form [data-wrong]');
    const field = first?.matches('input, textarea') ? first : first?.querySelector<HTMLElement>('input, textarea, button');
    field?.focus();
  }, [tries]);
}

interface Form<Values, Lack> {
  lacking: (filled: Filled<Values>) => Lack[];
  made: (filled: Filled<Values>) => Omit<Recorded, 'agent' | 'photos'>;
  /** Where to go once it is recorded. */
  back: string;
}

/** `lacks`: what the last try found missing; `failed`: why the tablet could not keep it, in words. */
export function useRecording<Values extends object, Lack>(draft: OpenDraft<Values> | null, form: Form<Values, Lack>) {
  const [lacks, setLacks] = useState<Lack[]>([]);
  const [tries, setTries] = useState(0);
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState('');
  useFocusWrong(tries);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!draft || sending) return;
    const who = person.value;
    setSending(true);
    setFailed('');
    try {
      const filled = await draft.settled();
      const now = form.lacking(filled);
      setLacks(now);
      if (now.length > 0) return setTries((n) => n + 1);
      draft.end();
      await record({ ...form.made(filled), agent: who, photos: filled.photos });
      go(form.back, true);
    } catch (error) {
      draft.goOn();
      setFailed(storageWords(error));
    } finally {
      setSending(false);
    }
  };
  return { lacks, sending, failed, submit };
}
