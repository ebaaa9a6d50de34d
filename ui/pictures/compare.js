// Two pictures of one state, compared as a person would: what they see is a difference, what a font or a browser of
// another version does to the edge of a letter is none.
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

/** @typedef {{ width: number, height: number, data: Buffer }} Picture */

// How far apart two colours may be: black and white are 1. The nearest two colours of the page are 0.07.
const COLOUR = 0.05;

// A place that somebody looks at, and how much of it may differ. One letter is 30 pixels, and so is an icon that
// became a spinner (36).
const PLACE = 32;
const OF_A_PLACE = 20;

// How much of the whole may differ, where no place says more.
const OF_ALL = 0.002;

// The same where another version of the browser has drawn: it may draw every letter a little differently, and still not
// move anything to another place.
const OF_ALL_ELSEWHERE = 0.03;

/** What differs, in words and as a picture; null when nothing does.
 *
 *  @param {Picture} approved
 *  @param {Picture} now
 *  @param {boolean} alike whether the same version of the browser has drawn both
 *  @returns {{ words: string, shown: Picture } | null} */
export function difference(approved, now, alike = true) {
  const { width, height } = approved;
  if (now.width !== width || now.height !== height) {
    return { words: `it is ${now.width} by ${now.height}, not ${width} by ${height}`, shown: beside(approved, now) };
  }
  if (approved.data.equals(now.data)) {
    return null;
  }
  const match = (/** @type {Buffer | null} */ drawn, /** @type {object} */ more) =>
    pixelmatch(approved.data, now.data, drawn, width, height, { threshold: COLOUR, ...more });
  const place = match(null, { windowSize: PLACE });
  const drawn = blank(width, height);
  const share = match(drawn.data, { diffColor: [255, 0, 200], aaColor: [0, 160, 255] }) / (width * height);
  if (alike ? place <= OF_A_PLACE && share <= OF_ALL : share <= OF_ALL_ELSEWHERE) {
    return null;
  }
  return { words: `${(share * 100).toFixed(2)} % of it differs`, shown: beside(approved, now, drawn) };
}

/** The pictures from left to right.
 *
 *  @param {Picture[]} pictures
 *  @returns {Picture} */
function beside(...pictures) {
  const gap = 8;
  const width = pictures.reduce((sum, each) => sum + each.width + gap, -gap);
  const all = blank(width, Math.max(...pictures.map(({ height }) => height)));
  let x = 0;
  for (const each of pictures) {
    PNG.bitblt(/** @type {PNG} */ (each), all, 0, 0, each.width, each.height, x, 0);
    x += each.width + gap;
  }
  return all;
}

/** @param {number} width @param {number} height */
const blank = (width, height) => new PNG({ width, height });
