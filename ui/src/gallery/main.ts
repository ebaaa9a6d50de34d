// The gallery: `?state=<name>` shows the page in that state; without one, the list of them all.
import '../styles/tokens.css';
import '../styles/base.css';
import './gallery.css';
import { barriers, cutOff } from './judge';
import { overlooked } from './planted';
import { show } from './show';
import { stateNames, states } from './states';

const wanted = new URLSearchParams(location.search).get('state');
const fixture = wanted === null ? undefined : states[wanted];

// Whoever drives the gallery from outside waits until the state is shown, then asks; a complaint is a line.
Object.assign(window, {
  shown: draw(),
  barriers: async () => (await barriers()).join('\n'),
  cutOff: () => cutOff().join('\n'),
  overlooked: async () => (await overlooked()).join('\n'),
});

/** Gives which screen is drawn, whatever is on it. */
async function draw(): Promise<string> {
  if (!fixture) {
    document.body.append(list());
    return 'list';
  }
  await show(fixture, document.body);
  await Promise.all([...document.images].map((image) => image.decode()));
  const kind = Object.values(document.querySelector('main')?.dataset ?? {});
  return [...kind, ...(document.querySelector('dialog[open]') ? ['dialog'] : [])].join();
}

function list(): HTMLElement {
  const nav = document.createElement('nav');
  for (const name of stateNames) {
    const link = document.createElement('a');
    link.href = `?state=${name}`;
    link.textContent = name;
    nav.append(link);
  }
  return nav;
}
