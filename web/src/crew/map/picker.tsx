// A place by a tap on the map, or by moving the map under the cross and pressing a button: no dragging is needed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../shared/i18n';
import { Icon } from '../parts/icon';
import { rows } from '../state';
import { MapCanvas } from './canvas';
import type { TownMap } from './engine';

export function MapPicker({ place, choose }: { place: { lon: number; lat: number } | null; choose: (lon: number, lat: number) => void }) {
  const [map, setMap] = useState<TownMap | null>(null);
  const latest = useRef(choose);
  latest.current = choose;
  const rounded = (degrees: number) => Math.round(degrees * 1e6) / 1e6;
  useEffect(() => {
    map?.onTap((lon, lat) => latest.current(rounded(lon), rounded(lat)));
    if (map && !place) map.fit(rows.value.map(({ task }) => task.alert.position.coordinates as [number, number]));
  }, [map]);
  useEffect(() => {
    if (!map) return;
    if (!place) return map.show([]);
    const element = document.createElement('span');
    element.className = 'picked';
    map.show([{ id: 'place', lon: place.lon, lat: place.lat, element }]);
    map.look(place.lon, place.lat);
  }, [map, place?.lon, place?.lat]);
  return (
    <div class="picker">
      <div class="picker-frame">
        <MapCanvas class="map small" start={place ? [place.lon, place.lat] : null} ready={setMap} />
        <span class="cross" aria-hidden="true" />
      </div>
      <button type="button" class="button" disabled={!map} onClick={() => map && choose(rounded(map.centre()[0]), rounded(map.centre()[1]))}>
        <Icon name="pin" /> {t('map.take_centre')}
      </button>
      <p class="help">{t('map.picker_help')}</p>
    </div>
  );
}
