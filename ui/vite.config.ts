// Two builds of one page: the one in the window, and the gallery of its states.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  // Relative, so that the window's own scheme and any static server can both serve it.
  base: './',
  plugins: [svelte()],
  // Under test, Svelte must resolve to what runs in a browser, not to its server renderer.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  build: {
    outDir: mode === 'gallery' ? 'dist-gallery' : 'dist',
    target: ['es2022', 'safari16'],
    // The window's policy allows no `data:` address and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: mode === 'gallery' ? 'gallery.html' : 'index.html' },
  },
  test: {
    environment: 'jsdom',
    restoreMocks: true,
    include: ['src/**/*.test.ts'],
  },
}));
