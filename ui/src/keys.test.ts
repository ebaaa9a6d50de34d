import { describe, expect, it } from 'vitest';

import { isForSheet, isPress, keysOf, type Place, written } from './keys';

const places: Place[] = [
  'starting',
  'unknown',
  'signed_out',
  'signing_in',
  'signed_in',
  'profiles',
  'add',
  'added',
  'details',
  'settings',
  'diagnostics',
];
const press = (key: string, how: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key, ...how });

describe('the keys', () => {
  it.each(places)('of %s are each another one', (place) => {
    const combos = keysOf(place).map(({ combo }) => combo);
    expect(new Set(combos).size).toBe(combos.length);
  });

  it.each(places)('of %s do nothing by a letter alone', (place) => {
    for (const { combo, does } of keysOf(place)) {
      expect(does === undefined || combo.startsWith('mod+'), combo).toBe(true);
    }
  });

  it.each([
    ['mod+c', press('c', { ctrlKey: true }), true],
    ['mod+c', press('C', { metaKey: true }), true],
    ['mod+c', press('c'), false],
    ['mod+c', press('c', { ctrlKey: true, shiftKey: true }), false],
    ['mod+c', press('c', { ctrlKey: true, altKey: true }), false],
    ['mod+shift+o', press('O', { ctrlKey: true, shiftKey: true }), true],
    ['Escape', press('Escape'), true],
  ] as const)('%s is pressed or not', (combo, event, pressed) => {
    expect(isPress(combo, event)).toBe(pressed);
  });

  it('are written as they are printed', () => {
    expect(written('mod+shift+o', false)).toBe('Ctrl+Shift+O');
    expect(written('mod+shift+o', true)).toBe('⌘⇧O');
    expect(written('Escape', false)).toBe('Esc');
  });

  it('show themselves by F1 and by a question mark, but not by one that is typed', () => {
    const from = (event: KeyboardEvent, target: HTMLElement) => {
      document.body.append(target);
      target.dispatchEvent(event);
      target.remove();
      return event;
    };
    const typed = (key: string, target: string) =>
      from(new KeyboardEvent('keydown', { key, bubbles: true }), document.createElement(target));
    let last: KeyboardEvent | null = null;
    let open = false;
    const hear = (event: KeyboardEvent) => {
      last = event;
      open = isForSheet(event);
    };
    addEventListener('keydown', hear);
    for (const [key, target, opens] of [
      ['?', 'button', true],
      ['F1', 'input', true],
      ['?', 'input', false],
      ['a', 'button', false],
    ] as const) {
      expect(typed(key, target)).toBe(last);
      expect(open, `${key} in ${target}`).toBe(opens);
    }
    removeEventListener('keydown', hear);
  });
});
