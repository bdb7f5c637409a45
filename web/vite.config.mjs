import { defineConfig } from 'vite';

/** tus-js-client carries 8 kB for what every browser of today does itself. */
export const slimmer = {
  'url-parse': new URL('src/shared/queue/tus-parts/url.ts', import.meta.url).pathname,
  'js-base64': new URL('src/shared/queue/tus-parts/base64.ts', import.meta.url).pathname,
};

// One app so far; another gets a folder beside src/crew and a path beside /equipe/.
export default defineConfig({
  root: 'src/crew',
  base: '/equipe/',
  publicDir: 'public',
  resolve: { alias: slimmer },
  build: {
    outDir: '../../dist/equipe',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080', '/icons': 'http://127.0.0.1:8080' } },
});
