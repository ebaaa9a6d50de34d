// Where the keyboard is when a screen opens, and when what it was on is gone.
import { tick } from 'svelte';
import type { Attachment } from 'svelte/attachments';

/** What took the focus and is still on the page; the last one is home. */
const homes: HTMLElement[] = [];

/** Takes the focus as soon as the element is on the page. */
export const focused: Attachment<HTMLElement> = (element) => come(element, { preventScroll: true });

/** The same for what can be further down than the window reaches: it is brought into view. */
export const focusedInView: Attachment<HTMLElement> = (element) => come(element, { preventScroll: false });

function come(element: HTMLElement, how: FocusOptions): () => void {
  homes.push(element);
  element.focus(how);
  return () => {
    homes.splice(homes.indexOf(element), 1);
  };
}

/** Brings the focus back to where the screen opened, unless it is somewhere already. */
export function focusHome(): void {
  if (document.activeElement === null || document.activeElement === document.body) {
    homes.at(-1)?.focus({ preventScroll: true });
  }
}

/** To the field of that id, where something is to be typed. */
export const focusField = (id: string) => document.getElementById(id)?.focus();

/** Whoever pressed a button in here is not left nowhere when it goes with everything around it. */
export const handsFocusHome: Attachment<HTMLElement> = (element) => {
  let inside = element.contains(document.activeElement);
  const enter = () => (inside = true);
  // Going takes the focus away too, and that may be heard of first.
  const leave = () => queueMicrotask(() => (inside = element.contains(document.activeElement)));
  element.addEventListener('focusin', enter);
  element.addEventListener('focusout', leave);
  return () => {
    if (inside || element.contains(document.activeElement)) {
      void tick().then(focusHome);
    }
  };
};
