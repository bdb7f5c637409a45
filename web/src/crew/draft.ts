// A form being filled in is kept at each change: the camera app may push the page out of memory at any time.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Draft } from '../shared/queue/items';
import { uuid7 } from '../shared/uuid7';
import { shrink } from './shrink';
import { env } from './state';

export type DraftPhoto = Draft['photos'][number];

export interface Kept<Values> {
  values: Values;
  photos: DraftPhoto[];
  set: (change: Partial<Values>) => void;
  addPhotos: (files: Iterable<Blob>) => Promise<void>;
  removePhoto: (id: string) => void;
  drop: () => Promise<void>;
}

/** null until the kept draft was read. */
export function useDraft<Values extends object>(key: string, initial: () => Promise<{ values: Values; photos: DraftPhoto[] }>): Kept<Values> | null {
  const [state, setState] = useState<{ values: Values; photos: DraftPhoto[] } | null>(null);
  const latest = useRef(state);
  const put = (next: { values: Values; photos: DraftPhoto[] }) => {
    latest.current = next;
    setState(next);
    void env().db.put('drafts', { key, values: next.values as Record<string, unknown>, photos: next.photos, at: Date.now() });
  };
  useEffect(() => {
    let open = true;
    void (async () => {
      const kept = await env().db.get('drafts', key);
      const first = kept ? { values: kept.values as Values, photos: kept.photos } : await initial();
      latest.current = first;
      if (open) setState(first);
    })();
    return () => {
      open = false;
    };
  }, [key]);
  if (!state) return null;
  const now = () => latest.current ?? state;
  return {
    ...state,
    set: (change) => put({ ...now(), values: { ...now().values, ...change } }),
    addPhotos: async (files) => {
      for (const file of files) {
        const blob = await shrink(file);
        put({ ...now(), photos: [...now().photos, { id: uuid7(), blob }] });
      }
    },
    removePhoto: (id) => put({ ...now(), photos: now().photos.filter((photo) => photo.id !== id) }),
    drop: () => env().db.delete('drafts', key),
  };
}
