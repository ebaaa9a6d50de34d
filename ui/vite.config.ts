// Two builds of one page: the one in the window, and the gallery of its states.
import { readdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';

import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

import { stateNames } from './src/gallery/states.ts';

/** The components in their order. A class is theirs alone by their number in it, which is shorter than a hash of them. */
const sources = resolve(import.meta.dirname, 'src');
const components = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.svelte'))
  .sort();
function scopeOf({ filename, css, hash }: { filename: string; css: string; hash: (css: string) => string }): string {
  const number = components.indexOf(relative(sources, filename));
  // One that was made after the build had begun.
  return `k${number === -1 ? hash(css) : number.toString(36)}`;
}

export default defineConfig(({ mode }) => ({
  // Relative, so that the window's own scheme and any static server can both serve it.
  base: './',
  plugins: [svelte({ configFile: false, compilerOptions: { discloseVersion: false, cssHash: scopeOf } }), galleryList(mode)],
  // Under test, Svelte must resolve to what runs in a browser, not to its server renderer.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  build: {
    outDir: mode === 'gallery' ? 'dist-gallery' : 'dist',
    // WebKitGTK 2.40, macOS 11 with its updates; WebView2 is always newer.
    target: 'safari16.4',
    // The window's policy allows no `data:` address but for a picture, and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The gallery brings axe-core, which is big and is not shipped.
    chunkSizeWarningLimit: mode === 'gallery' ? 1_000 : 500,
    // Beside the page lie the licences of what is bundled into it.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      input: mode === 'gallery' ? 'gallery.html' : 'index.html',
      optimization: { inlineConst: { mode: 'all', pass: 5 } },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/jsdom.ts'],
    restoreMocks: true,
    // Two of the tests build the page, and a machine that runs everything at once is slow.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ['{src,pictures}/**/*.test.ts'],
  },
}));

// Beside the gallery lies the list of its states, for whoever takes their pictures.
function galleryList(mode: string): Plugin {
  return {
    name: 'keyfob:gallery-list',
    apply: 'build',
    generateBundle() {
      if (mode === 'gallery') {
        this.emitFile({ type: 'asset', fileName: 'states.json', source: `${JSON.stringify(stateNames, null, 2)}\n` });
      }
    },
  };
}
