// MapLibre, fetched only when a map is shown; its worker comes from our own address.
import { LngLatBounds, Map as LibreMap, Marker, NavigationControl, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { MapInfo } from '../../shared/api/wire';
import { t } from '../../shared/i18n';
import { firstStyle, standIn } from './style';

setWorkerUrl(new URL(workerUrl, location.href).href);

export interface Pin {
  id: string;
  lon: number;
  lat: number;
  element: HTMLElement;
}

export class TownMap {
  readonly #map: LibreMap;
  readonly #markers = new Map<string, Marker>();

  constructor(container: HTMLElement, town: MapInfo | null, start: [number, number] | null) {
    const bounds = town?.bounds;
    const style = firstStyle(town, navigator.onLine);
    this.#map = new LibreMap({
      container,
      style,
      ...(start ? { center: start, zoom: 16 } : bounds ? { bounds } : { center: [0, 0] as [number, number], zoom: 1 }),
      maxZoom: 19,
      attributionControl: town?.style_url ? { compact: true } : false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      locale: { 'Map.Title': t('map.title'), 'NavigationControl.ZoomIn': t('map.zoom_in'), 'NavigationControl.ZoomOut': t('map.zoom_out'), 'AttributionControl.ToggleAttribution': t('map.attribution') },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
    this.#map.on('idle', () => (container.dataset['drawn'] = ''));
    const { loaded, failed } = standIn(town, style, (own) => this.#map.setStyle(own, { diff: false }));
    this.#map.on('style.load', loaded);
    this.#map.on('error', ({ error }) => failed(error.message));
  }

  /** What is shown already keeps its element, and with it the focus. */
  show(pins: Pin[]): void {
    const wanted = new Set<HTMLElement>(pins.map((pin) => pin.element));
    for (const [id, marker] of this.#markers) {
      if (wanted.has(marker.getElement())) continue;
      marker.remove();
      this.#markers.delete(id);
    }
    for (const [index, pin] of pins.entries()) {
      const known = this.#markers.get(pin.id);
      if (known) known.setLngLat([pin.lon, pin.lat]);
      else this.#markers.set(pin.id, new Marker({ element: pin.element, anchor: 'center' }).setLngLat([pin.lon, pin.lat]).addTo(this.#map));
      // Where markers lie on each other, the first of the day is on top.
      pin.element.style.zIndex = String(pins.length - index);
      // The marker makes its element an image to screen readers; ours are buttons with a name.
      if (pin.element instanceof HTMLButtonElement) pin.element.removeAttribute('role');
    }
    this.#inOrder(pins.map((pin) => pin.element));
  }

  /** The Tab key follows the day's order. */
  #inOrder(elements: HTMLElement[]): void {
    const follows = (element: HTMLElement, index: number) =>
      index === 0 || (elements[index - 1]!.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
    if (elements.every(follows)) return;
    const focused = elements.find((element) => element === document.activeElement);
    for (const element of elements) element.parentElement?.append(element);
    focused?.focus();
  }

  fit(points: [number, number][]): void {
    if (points.length === 0) return;
    const bounds = points.reduce((all, point) => all.extend(point), new LngLatBounds(points[0], points[0]));
    this.#map.fitBounds(bounds, { padding: 70, maxZoom: 16.5, animate: false });
  }

  look(lon: number, lat: number, zoom = 17): void {
    this.#map.jumpTo({ center: [lon, lat], zoom });
  }

  centre(): [number, number] {
    const { lng, lat } = this.#map.getCenter();
    return [lng, lat];
  }

  onTap(tap: (lon: number, lat: number) => void): void {
    this.#map.on('click', (event) => tap(event.lngLat.lng, event.lngLat.lat));
  }

  remove(): void {
    this.#map.remove();
  }
}
