// Drawings of the app itself; those of categories come from the town's catalogue.
const paths = {
  list: 'M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01',
  map: 'M9 4 3 6.5v13.5l6-2.5 6 2.5 6-2.5V4l-6 2.5L9 4zM9 4v13.5M15 6.5V20',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  outbox: 'M12 15V4M7.5 8.5 12 4l4.5 4.5M4 15v4a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-4',
  menu: 'M4 6h16M4 12h16M4 18h16',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20.5c1-4 4-5.5 8-5.5s7 1.5 8 5.5',
  swap: 'M4 8h14l-4-4M20 16H6l4 4',
  online: 'M5 12.5a10 10 0 0 1 14 0M8 15.7a5.7 5.7 0 0 1 8 0M2 9.3a14.5 14.5 0 0 1 20 0M12 19.5h.01',
  offline: 'M3 3l18 18M8 15.7a5.7 5.7 0 0 1 6-1.2M5 12.5a10 10 0 0 1 4.5-2.6M2 9.3a14.5 14.5 0 0 1 4.6-3M13 9.5a10 10 0 0 1 6 3M11 6.5c4-.2 8 .9 11 2.8M12 19.5h.01',
  check: 'M4.5 12.5l5 5L20 7',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
  camera: 'M4 8h3l2-3h6l2 3h3a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z',
  pin: 'M12 21s7-6.5 7-11.5A7 7 0 0 0 5 9.5C5 14.5 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6 6 18',
  warning: 'M12 3.5 2.5 20h19L12 3.5zM12 10v4.5M12 17.3h.01',
  play: 'M7 4.5v15l12-7.5L7 4.5z',
  pause: 'M8 5v14M16 5v14',
  shield: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6l8-3z',
  box: 'M3.5 7.5 12 3l8.5 4.5v9L12 21l-8.5-4.5v-9zM3.5 7.5 12 12l8.5-4.5M12 12v9',
  question: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5h.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  forward: 'M4 12h15M13 6l6 6-6 6',
  note: 'M5 4h14v11l-5 5H5V4zM14 20v-5h5M8.5 8.5h7M8.5 12h4',
  tag: 'M4 4h8l8 8-8 8-8-8V4zM8 8h.01',
  lock: 'M6 11h12v9H6v-9zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  refresh: 'M20 11a8 8 0 0 0-14.5-4L3 9.5M3 4v5.5h5.5M4 13a8 8 0 0 0 14.5 4l2.5-2.5M21 20v-5.5h-5.5',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  erase: 'M9 6h12v12H9l-6-6 6-6zM12.5 9.5l5 5M17.5 9.5l-5 5',
  target: 'M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM12 2v4M12 18v4M2 12h4M18 12h4',
  people: 'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c.7-3.5 3-5 6.5-5s5.8 1.5 6.5 5M15.5 5a3.3 3.3 0 0 1 0 6.3M18 14.8c2 .7 3.1 2.2 3.5 4.7',
  phone: 'M5 3.5h4l1.5 5-2.5 2c1 2.2 3.3 4.5 5.5 5.5l2-2.5 5 1.5v4c0 1-1 2-2 2C11 20.5 3.5 13 3.5 5.5c0-1 .5-2 1.5-2z',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 24 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
