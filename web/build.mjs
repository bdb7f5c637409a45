// Builds dist/: the app, the licences of what it is made of, then its service worker with the digest of each file.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build } from 'vite';
import { slimmer } from './vite.config.mjs';

const out = new URL('dist/equipe/', import.meta.url).pathname;
const fine = /^\(?(MIT|ISC|BSD-2-Clause|BSD-3-Clause|0BSD|Apache-2.0)( OR .*)?\)?$/;

/** Folders of the packages that some file of a build comes from. */
function packagesOf(built) {
  const modules = [built].flat().flatMap(({ output }) => output.flatMap((chunk) => Object.keys(chunk.modules ?? {})));
  const folders = modules.map((id) => id.replaceAll('\0', '').match(/^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  return new Set(folders.filter(Boolean));
}

/** Their notices go along with the app; one under another kind of licence breaks the build. */
async function notices(folders) {
  const parts = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    if (!fine.test(license ?? '')) throw new Error(`${name} ${version} is under ${license}`);
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    parts.push(`${name} ${version} (${license})\n\n${file ? await readFile(join(folder, file), 'utf8') : ''}`);
  }
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

const app = await build({ configFile: 'vite.config.mjs', logLevel: 'warn' });

const files = {};
const entries = await readdir(out, { recursive: true, withFileTypes: true });
const paths = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath ?? each.path, each.name));
for (const path of paths.sort()) files[relative(out, path)] = `sha256-${createHash('sha256').update(await readFile(path)).digest('base64')}`;
const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);

const worker = await build({
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
await writeFile(join(out, 'licences.txt'), await notices(new Set([...packagesOf(app), ...packagesOf(worker)])));
