import { readFileSync } from 'node:fs';
import { unmount } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';

import { failures } from '../words';
import { show } from './show';
import { states } from './states';

let app: object | undefined;

afterEach(async () => {
  if (app) {
    await unmount(app);
  }
  app = undefined;
});

/** What can be acted on or is a picture with a meaning has a name. */
function nameless(): Element[] {
  const named = (element: Element) =>
    element.textContent.trim() !== '' ||
    element.hasAttribute('aria-label') ||
    (element instanceof HTMLInputElement && (element.labels?.length ?? 0) > 0);
  return [...document.querySelectorAll('button, input, svg:not([aria-hidden="true"])')].filter((each) => !named(each));
}

describe('every state', () => {
  it.each(Object.entries(states))('%s is drawn as its stage, with names for everything', async (_, fixture) => {
    app = (await show(fixture, document.body)).app;
    const main = document.querySelector('main');
    expect(main?.dataset.stage).toBe(fixture.state?.stage.kind ?? 'starting');
    expect(main?.textContent).not.toMatch(/undefined|null|NaN|Invalid/);
    expect(nameless()).toEqual([]);
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the gallery', () => {
  it('shows every reason somewhere', () => {
    const shown = JSON.stringify(states);
    expect(Object.keys(failures).filter((reason) => !shown.includes(`"${reason}"`))).toEqual([]);
  });

  it('runs under the policy of the window', () => {
    expect(readFileSync('gallery.html', 'utf8')).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  });
});
