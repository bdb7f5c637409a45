// The day on the map. Each marker is a button with a name; the list says the same without a map.
import { useEffect, useState } from 'preact/hooks';
import { render } from 'preact';
import { known, t } from '../../shared/i18n';
import { categoryName, CategoryIcon } from '../parts/category';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';
import { priorityName, Shape } from '../parts/priority';
import { Chips } from '../screens/list';
import { rows, type Row } from '../state';
import { MapCanvas } from './canvas';
import type { Pin, TownMap } from './engine';

function pinOf(row: Row, chosen: boolean, choose: (id: string) => void): Pin {
  const { task, seen } = row;
  const element = document.createElement('button');
  element.type = 'button';
  element.className = `marker${chosen ? ' chosen' : ''}`;
  element.setAttribute('aria-pressed', String(chosen));
  element.setAttribute('aria-label', t('map.marker', { number: row.number, what: categoryName(task.alert.category), priority: priorityName(task.alert.priority), status: known('status', seen.status), address: task.alert.address ?? '' }));
  element.addEventListener('click', (event) => {
    event.stopPropagation();
    choose(task.id);
  });
  render(
    <>
      <Shape priority={task.alert.priority} text={row.number} size={44} done={seen.closed} />
      <span class="marker-icon"><CategoryIcon code={task.alert.category} size={20} /></span>
    </>,
    element,
  );
  const [lon, lat] = task.alert.position.coordinates as [number, number];
  return { lon, lat, element };
}

export function MapView() {
  const [map, setMap] = useState<TownMap | null>(null);
  const [chosen, setChosen] = useState<string | null>(() => {
    const asked = sessionStorage.getItem('vigie-look-at');
    sessionStorage.removeItem('vigie-look-at');
    return asked;
  });
  const all = rows.value;
  const row = all.find((each) => each.task.id === chosen);
  useEffect(() => {
    if (!map) return;
    const focused = document.activeElement?.classList.contains('marker');
    map.show(all.map((each) => pinOf(each, each.task.id === chosen, setChosen)));
    if (focused) document.querySelector<HTMLElement>('.marker.chosen')?.focus();
  }, [map, all, chosen]);
  useEffect(() => {
    if (!map) return;
    const at = row?.task.alert.position.coordinates;
    if (at) map.look(at[0]!, at[1]!);
    else map.fit(all.map((each) => each.task.alert.position.coordinates as [number, number]));
  }, [map]);
  return (
    <Page title={t('map.title')} class="map-page" aside={<a class="button small list-link" href="#/list"><Icon name="list" /> {t('map.as_list')}</a>}>
      <div class="map-frame">
        <MapCanvas class="map" start={null} ready={setMap} />
        {row && (
          <div class="map-card" role="region" aria-live="polite" aria-label={t('map.chosen')}>
            <div>
              <strong>{row.number}. {categoryName(row.task.alert.category)}</strong>
              <p>{row.task.alert.address}</p>
              <Chips row={row} />
            </div>
            <a class="button primary" href={`#/task/${row.task.id}`}>{t('map.open')}</a>
          </div>
        )}
      </div>
    </Page>
  );
}
