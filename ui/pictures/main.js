// Holds the pictures of every state, as `cargo xtask gallery` has just taken them, against the approved ones:
//
//     node pictures/main.js FOLDER [--approve]
//
// The pictures are in FOLDER/now. What differs is drawn in FOLDER: approved, now, and the difference.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PNG } from 'pngjs';

import { difference } from './compare.js';
import { inFewColours, read, write } from './png.js';

const [folder = '', wish] = process.argv.slice(2);
const taken = join(folder, 'now');
const approved = join(import.meta.dirname, '../approved');
const APPROVE = 'cargo xtask gallery --approve';

// Before anything is approved there is no such folder.
mkdirSync(approved, { recursive: true });

const pictures = (/** @type {string} */ place) => readdirSync(place).filter((name) => name.endsWith('.png'));
const all = [...new Set([...pictures(approved), ...pictures(taken)])].sort();

/** What is to be said against a picture; null when nothing is.
 *
 *  @param {string} name */
function complaint(name) {
  const [before, now] = [approved, taken].map((place) => (pictures(place).includes(name) ? readFileSync(join(place, name)) : null));
  if (!now) {
    return 'it is approved, and there is no such picture any more';
  }
  if (!before) {
    return `no picture of it is approved; it is ${shown(join(taken, name))}`;
  }
  const found = difference(read(before), inFewColours(read(now)));
  if (!found) {
    return null;
  }
  const file = join(folder, name);
  writeFileSync(file, PNG.sync.write(/** @type {PNG} */ (found.shown)));
  return `${found.words}; see ${shown(file)}`;
}

const shown = (/** @type {string} */ file) => relative(join(import.meta.dirname, '../..'), file);

const complaints = all.flatMap((name) => {
  const words = complaint(name);
  return words === null ? [] : [{ name, words }];
});

if (wish === '--approve') {
  // What looks as it did keeps its file, so that a commit holds what has changed and nothing else.
  for (const { name } of complaints) {
    rmSync(join(approved, name), { force: true });
    if (pictures(taken).includes(name)) {
      writeFileSync(join(approved, name), write(inFewColours(read(readFileSync(join(taken, name))))));
    }
  }
  console.log(`  ${all.length} pictures, of which ${complaints.length} are other ones now`);
} else {
  for (const { name, words } of complaints) {
    console.log(`  ${name.replace('.png', '')}: ${words}`);
  }
  if (complaints.length > 0) {
    console.log(`  ${complaints.length} of ${all.length} pictures; if that is how it should look: ${APPROVE}`);
    process.exitCode = 1;
  }
}
