import { expect, it } from 'vitest';

import { Screens } from './screens.svelte';

it('one comes back the way one went', () => {
  const screens = new Screens();
  expect(screens.at).toBe('home');
  screens.go('settings');
  screens.go('diagnostics');
  screens.go('diagnostics');
  screens.back();
  expect(screens.at).toBe('settings');
  screens.back();
  screens.back();
  expect(screens.at).toBe('home');
});

it('one does not come back to a screen that has done its part', () => {
  const screens = new Screens();
  screens.go('profiles');
  screens.go('add');
  screens.goOn('added');
  screens.back();
  expect(screens.at).toBe('profiles');
  screens.go('add');
  screens.home();
  expect(screens.at).toBe('home');
});
