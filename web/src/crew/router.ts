// Addresses after the "#": the service worker serves one page for all of them.
import { signal } from '@preact/signals';

export type Route =
  | { screen: 'list' }
  | { screen: 'map' }
  | { screen: 'task'; id: string }
  | { screen: 'act'; id: string; kind: string }
  | { screen: 'new' }
  | { screen: 'correct'; id: string }
  | { screen: 'outbox' }
  | { screen: 'menu' }
  | { screen: 'data' };

export function parse(hash: string): Route {
  const [first, second, third, fourth] = hash.replace(/^#\/?/, '').split('/');
  if (first === 'task' && second && third === 'act' && fourth) return { screen: 'act', id: second, kind: fourth };
  if (first === 'task' && second) return { screen: 'task', id: second };
  if (first === 'correct' && second) return { screen: 'correct', id: second };
  if (first === 'map' || first === 'new' || first === 'outbox' || first === 'menu' || first === 'data') return { screen: first };
  return { screen: 'list' };
}

export const route = signal<Route>(parse(location.hash));
addEventListener('hashchange', () => {
  route.value = parse(location.hash);
});

export function go(hash: string, replace = false): void {
  if (replace) {
    history.replaceState(null, '', hash);
    route.value = parse(hash);
  } else {
    location.hash = hash;
  }
}
