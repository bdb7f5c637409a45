// The element that a map lives in; where it cannot be drawn, words say so and the list remains.
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../shared/i18n';
import { map } from '../state';
import type { TownMap } from './engine';

export function MapCanvas({ start, ready, class: name }: { start: [number, number] | null; ready: (map: TownMap) => void; class: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const town = map.value;
  const key = town ? `${town.base_tiles}${town.style_url ?? ''}` : '';
  useEffect(() => {
    let made: TownMap | undefined;
    let open = true;
    void import('./engine')
      .then(({ TownMap }) => {
        if (!open || !place.current) return;
        made = new TownMap(place.current, town, start);
        ready(made);
      })
      .catch(() => setFailed(true));
    return () => {
      open = false;
      made?.remove();
    };
  }, [key]);
  if (failed) return <p class="callout">{t('map.failed')}</p>;
  return <div ref={place} class={name} />;
}
