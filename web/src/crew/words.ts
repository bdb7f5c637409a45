import type { Point } from '../shared/api/wire';

/** A place without address, as people read coordinates aloud: latitude first. */
export function coordinates(point: Point): string {
  const [lon, lat] = point.coordinates;
  return `${lat?.toFixed(5)}, ${lon?.toFixed(5)}`;
}
