// The form that is open on a screen, read back from the tablet when somebody returns to it.
import { useEffect, useState } from 'preact/hooks';
import { OpenDraft, type Filled, type Heading } from '../shared/queue/draft';
import { env } from './state';
import { sayStorage } from './storage';

/** Forms whose photos are still being prepared when somebody leaves the screen and comes back. */
const open = new Map<string, OpenDraft<object>>();

async function found<Values extends object>(heading: Heading, initial: () => Promise<Filled<Values>>): Promise<OpenDraft<Values>> {
  const going = open.get(heading.key) as OpenDraft<Values> | undefined;
  if (going && going.adding > 0) return going;
  await going?.settled();
  const kept = await env().db.get('drafts', heading.key);
  const first = kept ? { about: kept.about, values: kept.values as Values, photos: kept.photos } : await initial();
  const made = new OpenDraft<Values>(env(), heading, first, sayStorage);
  open.set(heading.key, made as unknown as OpenDraft<object>);
  return made;
}

/** null until the kept draft was read. */
export function useDraft<Values extends object>(heading: Heading, initial: () => Promise<Filled<Values>>): OpenDraft<Values> | null {
  const [draft, setDraft] = useState<OpenDraft<Values> | null>(null);
  const [, draw] = useState(0);
  useEffect(() => {
    let here = true;
    let mine: OpenDraft<Values> | undefined;
    void found(heading, initial)
      .then((read) => {
        if (!here) return;
        mine = read;
        read.shown = () => draw((n) => n + 1);
        setDraft(read);
      })
      .catch(sayStorage);
    return () => {
      here = false;
      if (!mine) return;
      mine.shown = null;
      if (mine.adding === 0) open.delete(heading.key);
    };
  }, [heading.key]);
  return draft;
}
