// What a program can say about a state that is drawn: whether everybody can use it, and whether all of it is there.
//
// Each sentence is a complaint; a state without complaints is fine.
import type { ContextObject, Result } from 'axe-core';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe-core objects to, by every rule of WCAG 2.2 AA; where more contrast is asked for, by AAA's for it (7:1).
 *
 *  What axe-core cannot tell ("incomplete": a colour behind a drawing, mostly) is no complaint. The roles of the
 *  colours are held to their contrast by `rules.test.ts`, whatever is drawn with them. */
export async function barriers(): Promise<string[]> {
  // Only who asks for it waits for it: it is bigger than the rest of the gallery.
  const { default: axe } = await import('axe-core');
  const highContrast = matchMedia('(prefers-contrast: more)').matches;
  const page: ContextObject = { include: [['html']] };
  const { violations } = await axe.run(page, {
    runOnly: RULES,
    rules: { 'color-contrast-enhanced': { enabled: highContrast } },
    resultTypes: ['violations'],
  });
  return violations.flatMap(complaints);
}

const complaints = ({ id, help, nodes }: Result): string[] =>
  nodes.map(({ target, any, all, none }) => {
    const why = [...any, ...all, ...none].map(({ message }) => message);
    return [`${id}: ${help}`, `at ${target.join(' ')}`, ...why].join('; ');
  });

/** Text that nobody can read at this size of the window: it is cut off, or one has to scroll sideways for it. */
export function cutOff(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  const wide = scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide and its window ${clientWidth}`] : [];
  return [...wide, ...texts().filter(isCut).map((text) => `cut off: "${text.data.trim()}"`)];
}

/** What is drawn as letters. Not what is only read aloud: it has one pixel on purpose. */
function texts(): Text[] {
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  while (all.nextNode()) {
    const text = all.currentNode as Text;
    const box = text.parentElement;
    if (text.data.trim() !== '' && box?.checkVisibility({ visibilityProperty: true }) && !box.closest('.aloud, option')) {
      found.push(text);
    }
  }
  return found;
}

/** Half a pixel is a matter of rounding. */
const SLACK = 0.5;

const cutIn = (seen: DOMRect, room: DOMRect) => ({
  x: seen.left < room.left - SLACK || seen.right > room.right + SLACK,
  y: seen.top < room.top - SLACK || seen.bottom > room.bottom + SLACK,
});

function isCut(text: Text): boolean {
  const range = document.createRange();
  range.selectNodeContents(text);
  let seen = range.getBoundingClientRect();
  const inWindow = () => cutIn(seen, new DOMRect(0, 0, innerWidth, innerHeight));

  for (let box = text.parentElement; box; box = box.parentElement) {
    const style = getComputedStyle(box);
    // What is shortened on purpose says so with an ellipsis or a number of lines.
    if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') {
      return false;
    }
    const room = box.getBoundingClientRect();
    const cut = cutIn(seen, room);
    const scrolls = style.overflowY === 'auto' || style.overflowY === 'scroll';
    // To scroll down is a way to read on; to scroll sideways, line by line, is none.
    if ((cut.x && style.overflowX !== 'visible') || (cut.y && style.overflowY !== 'visible' && !scrolls)) {
      return true;
    }
    if (scrolls) {
      seen = room;
    }
    // The page does not move what is fixed.
    if (style.position === 'fixed') {
      return inWindow().x || inWindow().y;
    }
  }
  return inWindow().x;
}
