import { defineConfig } from 'vite';

// One app so far; another gets a folder beside src/crew and a path beside /equipe/.
export default defineConfig({
  root: 'src/crew',
  base: '/equipe/',
  publicDir: 'public',
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
