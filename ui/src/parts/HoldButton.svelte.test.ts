import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import HoldButton from './HoldButton.svelte';

let drawn: ReturnType<typeof mount> | undefined;
/** What the button asked for, in order. */
let asked: string[];
let button: HTMLButtonElement;

const DESCRIPTION = 'Shown while held.';

beforeEach(() => {
  asked = [];
  const props = $state({
    label: 'Hold to look',
    icon: 'eye' as const,
    description: DESCRIPTION,
    held: false,
    onhold: () => {
      asked.push('hold');
      props.held = true;
    },
    onletgo: () => {
      asked.push('let go');
      props.held = false;
    },
  });
  drawn = mount(HoldButton, { target: document.body, props });
  flushSync();
  button = document.querySelector('button')!;
});

afterEach(leave);

async function leave() {
  if (drawn) {
    await unmount(drawn);
  }
  drawn = undefined;
}

function happens(event: Event, where: EventTarget = button) {
  where.dispatchEvent(event);
  flushSync();
  return event;
}

const pointer = (type: string, more: PointerEventInit = {}) =>
  new PointerEvent(type, { bubbles: true, cancelable: true, ...more });
const key = (type: string, name: string, more: KeyboardEventInit = {}) =>
  new KeyboardEvent(type, { key: name, bubbles: true, cancelable: true, ...more });

describe('a button that is held', () => {
  it('does so with the pointer, and looks like it', () => {
    happens(pointer('pointerdown'));
    expect(asked).toEqual(['hold']);
    expect(button.dataset.held).toBe('true');
    happens(pointer('pointerup'));
    expect(asked).toEqual(['hold', 'let go']);
    expect(button.dataset.held).toBe('false');
  });

  it('does not with another button of the pointer', () => {
    happens(pointer('pointerdown', { button: 2 }));
    expect(asked).toEqual([]);
  });

  it.each([' ', 'Enter'])('does so with the key "%s", which does nothing else', (name) => {
    expect(happens(key('keydown', name)).defaultPrevented).toBe(true);
    expect(asked).toEqual(['hold']);
    happens(key('keyup', name));
    expect(asked).toEqual(['hold', 'let go']);
  });

  it('holds once, however long the key repeats', () => {
    happens(key('keydown', ' '));
    expect(happens(key('keydown', ' ', { repeat: true })).defaultPrevented).toBe(true);
    happens(key('keydown', ' ', { repeat: true }));
    expect(asked).toEqual(['hold']);
  });

  it('leaves other keys alone', () => {
    expect(happens(key('keydown', 'Tab')).defaultPrevented).toBe(false);
    happens(key('keyup', 'a'));
    expect(asked).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['the pointer slides off it', () => happens(pointer('pointerleave'))],
    ['the pointer is let go elsewhere', () => happens(pointer('pointerup'), window)],
    ['the system takes the pointer', () => happens(pointer('pointercancel'), window)],
    ['the focus goes elsewhere', () => happens(new FocusEvent('blur'))],
    ['the window is left', () => happens(new Event('blur'), window)],
    ['the window is hidden', () => happens(new Event('visibilitychange'), document)],
  ])('lets go when %s', (_, taken) => {
    happens(pointer('pointerdown'));
    taken();
    expect(asked).toEqual(['hold', 'let go']);
    expect(button.dataset.held).toBe('false');
  });

  it('lets go when it is taken off the screen', async () => {
    happens(pointer('pointerdown'));
    await leave();
    expect(asked).toEqual(['hold', 'let go']);
  });

  it('does nothing by a click alone, and says so to whoever hears it', () => {
    button.click();
    flushSync();
    expect(asked).toEqual([]);
    const described = document.getElementById(button.getAttribute('aria-describedby') ?? '');
    expect(described?.textContent).toBe(DESCRIPTION);
    // It would be announced as a switch, which it is not.
    expect(button.hasAttribute('aria-pressed')).toBe(false);
  });
});
