// The town's own map, drawn from its own tiles. Letters are drawn by the browser: no font is fetched from anywhere.
import type { StyleSpecification } from 'maplibre-gl';
import type { MapInfo } from '../../shared/api/wire';
import { ownPath } from '../../shared/api/calls';

const kindIs = (...kinds: string[]) => ['in', ['get', 'kind'], ['literal', kinds]] as never;

const large = kindIs('motorway', 'trunk', 'primary', 'secondary', 'avenue', 'boulevard', 'main');

/** Widths in pixels by zoom. */
const width = (far: number, near: number) => ['interpolate', ['exponential', 1.6], ['zoom'], 12, far, 18, near] as never;

export function ownStyle(map: MapInfo | null): StyleSpecification {
  const background = { id: 'background', type: 'background' as const, paint: { 'background-color': '#f1efe9' } };
  if (!map) return { version: 8, sources: {}, layers: [background] };
  const tiles = location.origin + decodeURI(ownPath(map.base_tiles, location.href));
  const base = { source: 'base' } as const;
  return {
    version: 8,
    sources: {
      base: { type: 'vector', tiles: [tiles], minzoom: map.min_zoom, maxzoom: map.max_zoom, bounds: map.bounds },
    },
    layers: [
      background,
      { id: 'land', type: 'fill', ...base, 'source-layer': 'land', paint: { 'fill-color': ['match', ['get', 'kind'], 'park', '#cfe6c3', 'wood', '#b9d9ad', 'water', '#a9d2ec', 'built', '#e4dfd5', '#e9e5dc'] } },
      { id: 'river-area', type: 'fill', ...base, 'source-layer': 'river', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': '#a9d2ec' } },
      { id: 'river-line', type: 'line', ...base, 'source-layer': 'river', filter: ['==', ['geometry-type'], 'LineString'], layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': '#8fc3e4', 'line-width': width(3, 28) } },
      { id: 'street-edge', type: 'line', ...base, 'source-layer': 'street', layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': '#9d9586', 'line-width': ['case', large, 1, 1] as never, 'line-gap-width': ['interpolate', ['exponential', 1.6], ['zoom'], 12, ['case', large, 2, 0.6], 18, ['case', large, 22, 13]] as never } },
      { id: 'street', type: 'line', ...base, 'source-layer': 'street', layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': ['case', large, '#ffe9a8', '#ffffff'] as never, 'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 12, ['case', large, 2, 0.6], 18, ['case', large, 22, 13]] as never } },
      { id: 'boundary', type: 'line', ...base, 'source-layer': 'boundary', paint: { 'line-color': '#5b5f66', 'line-width': 2, 'line-dasharray': [3, 2] } },
      {
        id: 'street-name', type: 'symbol', ...base, 'source-layer': 'street', minzoom: 14.5,
        layout: { 'symbol-placement': 'line', 'text-field': ['get', 'name'], 'text-font': ['sans-serif'], 'text-size': ['interpolate', ['linear'], ['zoom'], 14.5, 11, 18, 15], 'text-padding': 8, 'symbol-spacing': 320 },
        paint: { 'text-color': '#2b2b2b', 'text-halo-color': '#ffffff', 'text-halo-width': 1.6 },
      },
      {
        id: 'land-name', type: 'symbol', ...base, 'source-layer': 'land', minzoom: 14, filter: ['has', 'name'],
        layout: { 'text-field': ['get', 'name'], 'text-font': ['sans-serif'], 'text-size': 12, 'text-max-width': 8 },
        paint: { 'text-color': '#1d4d1f', 'text-halo-color': '#ffffff', 'text-halo-width': 1.4 },
      },
    ],
  };
}

/** The style that the town prefers, or the app's own: without network always, for of the town's nothing is kept on the tablet. */
export function firstStyle(map: MapInfo | null, online: boolean): string | StyleSpecification {
  return map?.style_url && online ? new URL(ownPath(map.style_url, location.href), location.origin).href : ownStyle(map);
}

/**
 * Where the town's style does not come, the map is drawn by the app's own, from the tiles that the tablet keeps. `loaded` and
 * `failed` are told what happens to the map; `show` is called at most once.
 */
export function standIn(map: MapInfo | null, first: string | StyleSpecification, show: (own: StyleSpecification) => void) {
  let awaited = typeof first === 'string';
  return {
    loaded: (): void => {
      awaited = false;
    },
    failed: (why: string): void => {
      console.warn('map:', why);
      // A tile that is not on the tablet leaves a hole in the map, nothing more.
      if (awaited) show(ownStyle(map));
      awaited = false;
    },
  };
}
