// Holds the pictures of every state, as `cargo xtask gallery` has just taken them, against the approved ones:
//
//     node pictures/main.js FOLDER [--approve]
//
// Beside the approved ones stands which version of the browser drew them: another one draws letters a little differently,
// and then only what is plainly another picture counts. The pictures are in FOLDER/now. What differs is drawn in FOLDER: approved, now, and the difference.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const browser = /\d+/.exec(execFileSync('chromium', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))?.[0] ?? 'unknown';
const drawnBy = join(approved, 'drawn-by.txt');
const approvedOf = existsSync(drawnBy) ? readFileSync(drawnBy, 'utf8').trim() : browser;
const alike = approvedOf === browser;

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
  const found = difference(read(before), inFewColours(read(now)), alike);
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
  // What looks as it did keeps its file, so that a commit holds what has changed and nothing else; but all of them are of
  // one version of the browser.
  const others = alike ? complaints.map(({ name }) => name) : all;
  for (const name of others) {
    rmSync(join(approved, name), { force: true });
    if (pictures(taken).includes(name)) {
      writeFileSync(join(approved, name), write(inFewColours(read(readFileSync(join(taken, name))))));
    }
  }
  writeFileSync(drawnBy, `${browser}\n`);
  console.log(`  ${all.length} pictures, of which ${others.length} are other ones now`);
} else {
  if (!alike) {
    console.log(`  drawn by version ${browser} of the browser, approved of ${approvedOf}: only large differences count`);
  }
  for (const { name, words } of complaints) {
    console.log(`  ${name.replace('.png', '')}: ${words}`);
  }
  if (complaints.length > 0) {
    console.log(`  ${complaints.length} of ${all.length} pictures; if that is how it should look: ${APPROVE}`);
    process.exitCode = 1;
  }
}
