// The app stays small: what opens it, in both languages, is at most 60 kB compressed. MapLibre comes with the first map, tus with
// the first photo.
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const most = 60_000;
const out = new URL('dist/equipe/', import.meta.url);
const sizes = new Map([['index.html', gzipSync(await readFile(new URL('index.html', out))).length]]);
for (const file of await readdir(new URL('assets/', out))) sizes.set(file, gzipSync(await readFile(new URL(`assets/${file}`, out))).length);
const later = /^(engine|maplibre|upload)/;
let total = 0;
for (const [file, bytes] of sizes) {
  console.log(`${(bytes / 1000).toFixed(1).padStart(6)} kB  ${file}${later.test(file) ? '  (later)' : ''}`);
  if (!later.test(file)) total += bytes;
}
console.log(`${(total / 1000).toFixed(1).padStart(6)} kB open the app, compressed; at most ${most / 1000}`);
if (total > most) process.exit(1);
