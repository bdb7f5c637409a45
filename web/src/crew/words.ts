import type { Point } from '../shared/api/wire';

/** The address that calls a number, however it is written. */
export const dial = (phone: string) => `tel:${phone.replace(/[^+\d]/g, '')}`;

/** A place without address, as people read coordinates aloud: latitude first. */
export function coordinates(point: Point): string {
  const [lon, lat] = point.coordinates;
  return `${lat?.toFixed(5)}, ${lon?.toFixed(5)}`;
}
