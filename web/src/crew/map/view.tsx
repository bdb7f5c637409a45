// The day on the map. Each marker is a button with a name; the list says the same without a map.
import { useEffect, useRef, useState } from 'preact/hooks';
import { render } from 'preact';
import { known, t } from '../../shared/i18n';
import { categoryName, CategoryIcon } from '../parts/category';
import { Icon } from '../parts/icon';
import { Page } from '../parts/page';
import { priorityName, Shape } from '../parts/priority';
import { Chips } from '../screens/list';
import { ownAlerts, rows, type OwnAlert, type Row } from '../state';
import { MapCanvas } from './canvas';
import type { Pin, TownMap } from './engine';

/** Draws a task's marker anew into its element, which stays the same for as long as the task is on the map. */
function draw(element: HTMLButtonElement, row: Row, chosen: boolean): void {
  const { task, seen } = row;
  element.classList.toggle('chosen', chosen);
  element.setAttribute('aria-pressed', String(chosen));
  element.setAttribute('aria-label', t('map.marker', { number: row.number, what: categoryName(task.alert.category), priority: priorityName(task.alert.priority), status: known('status', seen.status), address: task.alert.address ?? '' }));
  render(
    <>
      <Shape priority={task.alert.priority} text={row.number} size={44} done={seen.closed} />
      <span class="marker-icon"><CategoryIcon code={task.alert.category} size={20} /></span>
    </>,
    element,
  );
}

function make(id: string, choose: (id: string) => void): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'marker';
  element.addEventListener('click', (event) => {
    event.stopPropagation();
    choose(id);
  });
  return element;
}

/** Something that a crew reported and nobody has planned yet. */
function ownPin({ item, report }: OwnAlert): Pin {
  const element = document.createElement('span');
  element.className = 'own-marker';
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', t('map.own', { what: categoryName(report.category), state: t(`state.${item.state}`) }));
  render(<CategoryIcon code={report.category} size={20} />, element);
  const [lon, lat] = report.position.coordinates as [number, number];
  return { id: item.id, lon, lat, element };
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
  const elements = useRef(new Map<string, HTMLButtonElement>());
  const own = ownAlerts.value;
  useEffect(() => elements.current.clear(), [map]);
  useEffect(() => {
    if (!map) return;
    const kept = new Map<string, HTMLButtonElement>();
    const pins = all.map((each) => {
      const { id, alert } = each.task;
      const element = elements.current.get(id) ?? make(id, setChosen);
      kept.set(id, element);
      draw(element, each, id === chosen);
      const [lon, lat] = alert.position.coordinates as [number, number];
      return { id, lon, lat, element };
    });
    elements.current = kept;
    map.show([...pins, ...own.map(ownPin)]);
  }, [map, all, own, chosen]);
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
