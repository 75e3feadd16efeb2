/// <reference types="vitest/config" />
import { defineConfig } from 'vite';

// The control room may stand elsewhere while a page is being worked on: `MERKEZ=http://127.0.0.1:8080 npm run dev`.
const server = process.env['MERKEZ'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    // A font or an icon inlined as a data: address would be refused by the server's content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: { desk: 'index.html', team: 'team/index.html', kades: 'kades/index.html' } },
  },
  // MapLibre's worker is a module; as a classic script it would need blob: in worker-src.
  worker: { format: 'es' },
  server: { proxy: { '/api': server, '/ws': { target: server, ws: true } } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
