// The page of Keyfob's window.
//
// It is a mirror: the program sends the whole `SessionState` at every change, one screen shows it, and buttons
// ask the program for verbs. No token, code or verifier ever comes here. Read on in `App.svelte`, then
// `session.svelte.ts`; `host/` is the door to the program, `words.ts` holds every sentence.
import { mount } from 'svelte';

import './styles/tokens.css';
import './styles/base.css';
import App from './App.svelte';
import { SystemClock } from './clock.svelte';
import { tauriHost } from './host/tauri';

mount(App, { target: document.body, props: { host: tauriHost, clock: new SystemClock() } });

// The answer is on its way. Styles and layout that are done meanwhile are not waited for afterwards.
void document.body.offsetHeight;
