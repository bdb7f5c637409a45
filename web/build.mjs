// Builds dist/: the app, then its service worker with the digest of each file of the app.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build } from 'vite';
import { slimmer } from './vite.config.mjs';

const out = new URL('dist/equipe/', import.meta.url).pathname;

await build({ configFile: 'vite.config.mjs', logLevel: 'warn' });

const entries = await readdir(out, { recursive: true, withFileTypes: true });
const files = {};
for (const entry of entries.filter((each) => each.isFile()).sort((a, b) => join(a.parentPath, a.name).localeCompare(join(b.parentPath, b.name)))) {
  const path = join(entry.parentPath, entry.name);
  files[relative(out, path)] = `sha256-${createHash('sha256').update(await readFile(path)).digest('base64')}`;
}
const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);

await build({
  configFile: false,
  root: 'src/crew',
  publicDir: false,
  logLevel: 'warn',
  resolve: { alias: slimmer },
  define: { SHELL: JSON.stringify({ version, files }) },
  build: {
    outDir: out,
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: 'sw.ts', formats: ['iife'], name: 'sw', fileName: () => 'sw.js' },
  },
});
