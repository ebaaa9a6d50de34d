import { describe, expect, it } from 'vitest';

import { isForSheet, isPress, keysOf, type Place, written } from './keys';

const places: Place[] = [
  'starting',
  'welcome',
  'unknown',
  'signed_out',
  'signing_in',
  'redeeming',
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
      expect(does === undefined || /^mod\+|^Escape$/.test(combo), combo).toBe(true);
    }
  });

  it('of what has no button now are not there', () => {
    const combos = (again: boolean, anotherWay: boolean) =>
      keysOf('signing_in', { again, anotherWay }).map(({ combo }) => combo);
    expect(combos(true, true)).toEqual(expect.arrayContaining(['mod+o', 'mod+t']));
    expect(combos(false, true)).not.toContain('mod+o');
    expect(combos(true, false)).not.toContain('mod+t');
  });

  it.each([
    ['mod+c', press('c', { ctrlKey: true }), true],
    ['mod+c', press('C', { ctrlKey: true }), true],
    ['mod+c', press('c', { metaKey: true }), false],
    ['mod+c', press('c'), false],
    ['mod+c', press('c', { ctrlKey: true, shiftKey: true }), false],
    ['mod+c', press('c', { ctrlKey: true, altKey: true }), false],
    ['mod+c', press('c', { ctrlKey: true, isComposing: true }), false],
    ['mod+shift+o', press('O', { ctrlKey: true, shiftKey: true }), true],
    ['Escape', press('Escape'), true],
    // Russian, and a Hebrew one; a Dvorak keyboard goes by its own letters.
    ['mod+c', press('с', { ctrlKey: true, code: 'KeyC' }), true],
    ['mod+c', press('ב', { ctrlKey: true, code: 'KeyC' }), true],
    ['mod+c', press('j', { ctrlKey: true, code: 'KeyC' }), false],
    // French: the digits need Shift.
    ['mod+1', press('&', { ctrlKey: true, code: 'Digit1' }), true],
  ] as const)('%s is pressed or not', (combo, event, pressed) => {
    expect(isPress(combo, event, false)).toBe(pressed);
  });

  it('on a Mac go with ⌘, and leave Ctrl to the text field', () => {
    expect(isPress('mod+b', press('b', { metaKey: true }), true)).toBe(true);
    expect(isPress('mod+b', press('b', { ctrlKey: true }), true)).toBe(false);
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
    const typed = (key: string, target: string) => {
      const [name = '', type = ''] = target.split(' ');
      const element = document.createElement(name);
      element.setAttribute('type', type);
      return from(new KeyboardEvent('keydown', { key, bubbles: true }), element);
    };
    let last: KeyboardEvent | null = null;
    let open = false;
    const hear = (event: KeyboardEvent) => {
      last = event;
      open = isForSheet(event);
    };
    addEventListener('keydown', hear);
    for (const [key, target, opens] of [
      ['?', 'button', true],
      ['F1', 'input text', true],
      ['?', 'input text', false],
      ['?', 'input radio', true],
      ['?', 'input checkbox', true],
      ['a', 'button', false],
    ] as const) {
      expect(typed(key, target)).toBe(last);
      expect(open, `${key} in ${target}`).toBe(opens);
    }
    removeEventListener('keydown', hear);
  });
});
