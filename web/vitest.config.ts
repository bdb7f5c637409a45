import { defineConfig } from 'vitest/config';

// Node 18, Debian 12's own, has the browsers' `crypto` behind a flag; later ones take the flag too.
export default defineConfig({ test: { include: ['test/**/*.test.ts'], pool: 'forks', testTimeout: 60_000, poolOptions: { forks: { execArgv: ['--experimental-global-webcrypto'] } } } });
