// Stands before Vigie as a bad network would: passes everything on, the app's own files too, or answers in its place.
import { createServer, request as ask } from 'node:http';

const portalPage = '<!doctype html><html><title>Wi-Fi</title><body><form action="/login"><input name="room"></form></body></html>';

/** Answers in place of the server. */
const faults = {
  broken: (response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error'),
  signedOut: (response) => response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ type: '/problems/signed_out', title: 'Signed out', status: 401, detail: 'Sign in again.' })),
  gateway401: (response) => response.writeHead(401, { 'content-type': 'text/html' }).end('<html>401</html>'),
  forbidden: (response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<html>403</html>'),
  busy: (response) => response.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '1' }).end('slow down'),
  portal: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(portalPage),
  cut: (response) => response.destroy(),
};

function passOn(target, incoming, response, lost) {
  const { host: _, ...headers } = incoming.headers;
  const url = new URL(incoming.url, target);
  const outgoing = ask(url, { method: incoming.method, headers: { ...headers, host: url.host } }, (answer) => {
    if (lost) {
      // The server did it, and nobody hears of it.
      answer.resume();
      answer.on('end', () => response.destroy());
      return;
    }
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.on('error', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

export async function openFront({ target, port = 0 }) {
  /** One fault for each of the next requests that send actions, that send photos, and that ask for new tokens; then everything passes. */
  const none = { actions: [], photos: [], refresh: [] };
  let plan = none;
  let down = null;
  const seen = [];
  const server = createServer((incoming, response) => {
    const path = new URL(incoming.url, 'http://front').pathname;
    const sends = path === '/v1/sync/actions' ? 'actions' : path.startsWith('/v1/uploads') ? 'photos' : path === '/v1/auth/refresh' ? 'refresh' : null;
    const fault = down ?? (sends && plan[sends].length > 0 ? plan[sends].shift() : null);
    if (sends || fault) seen.push({ method: incoming.method, path, fault });
    if (fault && fault !== 'lost') {
      incoming.resume();
      return void faults[fault](response);
    }
    passOn(target, incoming, response, fault === 'lost');
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    next: (faults) => (plan = { ...none, ...faults }),
    left: () => plan.actions.length + plan.photos.length + plan.refresh.length,
    all: (name) => (down = name),
    close: () => (server.closeAllConnections(), server.close()),
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const front = await openFront({ target: process.env.VIGIE_URL ?? 'http://127.0.0.1:8080', port: Number(process.env.PORT ?? 8090) });
  console.log(`${front.url}/equipe/`);
}
