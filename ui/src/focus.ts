// Where the keyboard is when a screen opens, and when what it was on is gone.
import type { Attachment } from 'svelte/attachments';

let home: HTMLElement | null = null;

/** Takes the focus as soon as the element is on the page. */
export const focused: Attachment<HTMLElement> = (element) => {
  home = element;
  element.focus({ preventScroll: true });
  return () => {
    // The next screen's element can have come before this one goes.
    if (home === element) {
      home = null;
    }
  };
};

/** Brings the focus back to where the screen opened, unless it is somewhere already. */
export function focusHome(): void {
  if (document.activeElement === null || document.activeElement === document.body) {
    home?.focus({ preventScroll: true });
  }
}
