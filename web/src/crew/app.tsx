// Which screen is shown: enrolment, then whose turn it is, then the day.
import { effect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { lock } from '../shared/auth/session';
import { language, t } from '../shared/i18n';
import { MapView } from './map/view';
import { closeQuestions } from './act';
import { Header } from './parts/header';
import { Nav } from './parts/nav';
import { PositionDialogs } from './parts/position-dialogs';
import { Toast } from './parts/toast';
import { route } from './router';
import { Act, Correct } from './screens/act';
import { Data } from './screens/data';
import { Enrol } from './screens/enrol';
import { List } from './screens/list';
import { Menu } from './screens/menu';
import { NewAlert } from './screens/new-alert';
import { Outbox } from './screens/outbox';
import { Task } from './screens/task';
import { Who } from './screens/who';
import { device, env, person, ready } from './state';

effect(() => {
  document.documentElement.lang = language.value;
});

const wideEnough = matchMedia('(min-width: 1100px)');

function useWide(): boolean {
  const [wide, setWide] = useState(wideEnough.matches);
  useEffect(() => {
    const look = () => setWide(wideEnough.matches);
    wideEnough.addEventListener('change', look);
    return () => wideEnough.removeEventListener('change', look);
  }, []);
  return wide;
}

function Screen({ wide }: { wide: boolean }) {
  const where = route.value;
  switch (where.screen) {
    case 'list':
      return wide ? <MapView /> : <List />;
    case 'map':
      return <MapView />;
    case 'task':
      return <Task key={where.id} id={where.id} />;
    case 'act':
      return <Act key={`${where.id}/${where.kind}`} id={where.id} kind={where.kind} />;
    case 'new':
      return <NewAlert />;
    case 'correct':
      return <Correct key={where.id} id={where.id} />;
    case 'outbox':
      return <Outbox />;
    case 'menu':
      return <Menu />;
    case 'data':
      return <Data />;
  }
}

const idleMs = 15 * 60_000;

async function keepActive(active_at: number): Promise<void> {
  const tx = env().db.transaction('session', 'readwrite');
  const session = await tx.store.get('current');
  if (session && !session.locked) await tx.store.put({ ...session, active_at });
  await tx.done;
}

/** A tablet left on the dashboard locks itself; what waits is sent all the same. */
function useIdleLock(): void {
  useEffect(() => {
    let active = Date.now();
    let written = 0;
    const touch = () => {
      active = Date.now();
      if (active - written < 30_000) return;
      written = active;
      void keepActive(active).catch(() => undefined);
    };
    touch();
    const timer = setInterval(() => Date.now() - active > idleMs && void lock(env()).catch(() => undefined), 20_000);
    const events = ['pointerdown', 'keydown'] as const;
    for (const event of events) addEventListener(event, touch);
    return () => {
      clearInterval(timer);
      for (const event of events) removeEventListener(event, touch);
    };
  }, []);
}

export async function lockIfIdle(): Promise<void> {
  const session = await env().db.get('session', 'current');
  if (session && !session.locked && Date.now() - session.active_at > idleMs) await lock(env());
}

function Shift() {
  useIdleLock();
  useEffect(() => closeQuestions, []);
  const wide = useWide();
  const screen = route.value.screen;
  const beside = wide && ['list', 'map', 'task', 'act'].includes(screen);
  return (
    <div class={`shift${beside ? ' beside' : ''}`}>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), document.querySelector<HTMLElement>('#content h1')?.focus())}>
        {t('nav.skip')}
      </a>
      <Header />
      <Nav />
      {beside && <List secondary />}
      <main id="content">
        <Screen wide={wide} />
      </main>
      <Toast />
      <PositionDialogs />
    </div>
  );
}

export function App() {
  if (!ready.value) return null;
  if (!device.value) return <Enrol />;
  return person.value ? <Shift /> : <Who />;
}
