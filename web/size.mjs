// The app without the map stays small: what is fetched to open it, compressed, is at most 60 kB.
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const most = 60_000;
const out = new URL('dist/equipe/', import.meta.url);
const assets = await readdir(new URL('assets/', out));
let total = gzipSync(await readFile(new URL('index.html', out))).length;
for (const file of assets) {
  const bytes = gzipSync(await readFile(new URL(`assets/${file}`, out))).length;
  const map = /^(engine|maplibre)/.test(file);
  console.log(`${file}: ${(bytes / 1000).toFixed(1)} kB compressed${map ? ' (map, when it is shown)' : ''}`);
  if (!map) total += bytes;
}
console.log(`The app without the map: ${(total / 1000).toFixed(1)} kB compressed, at most ${most / 1000}`);
if (total > most) process.exit(1);
