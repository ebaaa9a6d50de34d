// Where the keyboard is when a screen opens.
import type { Attachment } from 'svelte/attachments';

/** Takes the focus as soon as the element is on the page. */
export const focused: Attachment<HTMLElement> = (element) => {
  element.focus({ preventScroll: true });
};
