// Pictures in few bytes: hundreds of them are kept with the sources.
import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';

/** @typedef {import('./compare.js').Picture} Picture */

/** @param {Buffer} file @returns {Picture} */
export const read = (file) => PNG.sync.read(file);

// A colour of so many pixels is a surface or a letter's inside, and stays as it is.
const FEW = 200;
// The others are the edges of letters. They are rounded to so many steps of brightness, which nobody sees.
const STEPS = 16;

/** The picture in the colours of a palette: 256 at most, which is a third of the bytes.
 *
 *  @param {Picture} picture
 *  @returns {Picture} */
export function inFewColours({ width, height, data }) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const colour = data.readUInt32BE(at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const rounded = (/** @type {number} */ channel) => Math.round((channel / 255) * (STEPS - 1)) * (255 / (STEPS - 1));
  const reduced = Buffer.from(data);
  for (let at = 0; at < data.length; at += 4) {
    if ((counts.get(data.readUInt32BE(at)) ?? 0) < FEW) {
      data.subarray(at, at + 3).forEach((channel, index) => (reduced[at + index] = rounded(channel)));
    }
  }
  return { width, height, data: reduced };
}

/** The file of a picture that is `inFewColours`: the library that reads such files does not write them.
 *
 *  @param {Picture} picture */
export function write({ width, height, data }) {
  /** @type {Map<number, number>} */
  const palette = new Map();
  const lines = Buffer.alloc((width + 1) * height);
  for (let at = 0; at < width * height; at += 1) {
    const colour = data.readUIntBE(at * 4, 3);
    const index = palette.get(colour) ?? palette.size;
    palette.set(colour, index);
    // Before each line is its filter: none.
    lines[at + Math.floor(at / width) + 1] = index;
  }
  if (palette.size > 256) {
    throw new Error(`a picture has ${palette.size} colours after rounding`);
  }
  const colours = Buffer.alloc(palette.size * 3);
  [...palette.keys()].forEach((colour, index) => colours.writeUIntBE(colour, index * 3, 3));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits each, of a palette
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @param {string} name @param {Buffer} content */
function chunk(name, content) {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
