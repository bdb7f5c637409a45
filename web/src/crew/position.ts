// Where the crew stands, at the moment of an action and never else: asked once per press, with a limit, not watched.

export interface Fix {
  lon: number;
  lat: number;
  accuracy: number;
}

const limitMs = 6_000;

export function currentPosition(signal?: AbortSignal): Promise<Fix | null> {
  if (!('geolocation' in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(null), limitMs);
    const end = (fix: Fix | null) => {
      clearTimeout(limit);
      resolve(fix);
    };
    signal?.addEventListener('abort', () => end(null));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => end({ lon: round(coords.longitude), lat: round(coords.latitude), accuracy: Math.round(coords.accuracy) }),
      () => end(null),
      { enableHighAccuracy: true, timeout: limitMs, maximumAge: 15_000 },
    );
  });
}

/** Six decimals are a decimetre: more is noise. */
const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6;
