// The gallery: `?state=<name>` shows the page in that state; without one, the list of them all.
import '../styles/tokens.css';
import '../styles/base.css';
import './gallery.css';
import { show } from './show';
import { stateNames, states } from './states';

const wanted = new URLSearchParams(location.search).get('state');
const fixture = wanted === null ? undefined : states[wanted];

if (fixture) {
  await show(fixture, document.body);
} else {
  document.body.append(list());
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
