// Addresses after the "#": the service worker serves one page for all of them. Pure.
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
