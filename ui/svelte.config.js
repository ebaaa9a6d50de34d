// Read by the bundler and by svelte-check: components are TypeScript, styles are kept apart.
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default { preprocess: vitePreprocess() };
