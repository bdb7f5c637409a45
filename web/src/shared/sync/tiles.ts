// Which tiles of the base map a shift needs. Pure.

export interface Tile {
  z: number;
  x: number;
  y: number;
}

const mostTiles = 1500;

export function tileAt(lon: number, lat: number, z: number): Tile {
  const n = 2 ** z;
  const rad = (lat * Math.PI) / 180;
  const clamp = (value: number) => Math.min(n - 1, Math.max(0, Math.floor(value)));
  return { z, x: clamp(((lon + 180) / 360) * n), y: clamp(((1 - Math.asinh(Math.tan(rad)) / Math.PI) / 2) * n) };
}

/**
 * The whole town from far, and around each point the tile it lies in and its eight neighbours; at most 1500, far ones first.
 */
export function tilesAround(points: [number, number][], map: { bounds: [number, number, number, number]; min_zoom: number; max_zoom: number }): Tile[] {
  const tiles = new Map<string, Tile>();
  const add = (tile: Tile) => {
    if (tiles.size < mostTiles) tiles.set(`${tile.z}/${tile.x}/${tile.y}`, tile);
  };
  const [west, south, east, north] = map.bounds;
  for (let z = map.min_zoom; z <= map.max_zoom; z += 1) {
    const [first, last] = [tileAt(west, north, z), tileAt(east, south, z)];
    const whole = (last.x - first.x + 1) * (last.y - first.y + 1) <= 64;
    if (whole) {
      for (let x = first.x; x <= last.x; x += 1) for (let y = first.y; y <= last.y; y += 1) add({ z, x, y });
      continue;
    }
    for (const [lon, lat] of points) {
      const centre = tileAt(lon, lat, z);
      for (let dx = -1; dx <= 1; dx += 1) for (let dy = -1; dy <= 1; dy += 1) add({ z, x: centre.x + dx, y: centre.y + dy });
    }
  }
  return [...tiles.values()];
}
