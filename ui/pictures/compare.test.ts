// @vitest-environment node
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';

import { difference, type Picture } from './compare.js';
import { inFewColours, read, write } from './png.js';

type Colour = [red: number, green: number, blue: number];

const PAPER: Colour = [246, 247, 246];
const INK: Colour = [23, 32, 29];
const EDGE: Colour = [134, 140, 137];

function paint(picture: Picture, colour: Colour, x: number, y: number, width: number, height: number): Picture {
  for (let down = y; down < y + height; down += 1) {
    for (let right = x; right < x + width; right += 1) {
      picture.data.set([...colour, 255], (down * picture.width + right) * 4);
    }
  }
  return picture;
}

const sheet = (width = 420, height = 640) => paint(new PNG({ width, height }), PAPER, 0, 0, width, height);

/** A stroke with a soft edge at its right, as wide as `soft`. */
const stroke = (soft: number) => paint(paint(sheet(), INK, 100, 100, 8, 60), EDGE, 108, 100, soft, 60);

describe('a difference', () => {
  it('is none between a picture and itself', () => {
    expect(difference(stroke(1), stroke(1))).toBeNull();
  });

  it('is a small thing that came', () => {
    const found = difference(sheet(), paint(sheet(), INK, 200, 300, 6, 6));
    expect(found?.words).toBe('0.01 % of it differs');
  });

  it('is a colour that became the next one', () => {
    const button = (colour: Colour) => paint(sheet(), colour, 40, 400, 340, 44);
    expect(difference(button([15, 107, 92]), button([11, 85, 73]))).not.toBeNull();
  });

  it('is a thing that moved by one pixel', () => {
    expect(difference(paint(sheet(), INK, 40, 400, 340, 44), paint(sheet(), INK, 40, 401, 340, 44))).not.toBeNull();
  });

  it('drawn by another version of the browser is what is plainly another picture', () => {
    const letters = paint(sheet(), INK, 200, 300, 20, 20);
    expect(difference(sheet(), letters)).not.toBeNull();
    expect(difference(sheet(), letters, false)).toBeNull();
    expect(difference(sheet(), paint(sheet(), INK, 40, 300, 340, 44), false)).not.toBeNull();
  });

  it('is another size', () => {
    const found = difference(sheet(), sheet(420, 641));
    expect(found?.words).toBe('it is 420 by 641, not 420 by 640');
    expect([found?.shown.width, found?.shown.height]).toEqual([848, 641]);
  });

  it('is shown beside what was approved and what is there now', () => {
    const found = difference(sheet(), paint(sheet(), INK, 200, 300, 20, 20));
    expect([found?.shown.width, found?.shown.height]).toEqual([3 * 420 + 2 * 8, 640]);
    const at = (x: number, y: number) => [...(found?.shown.data.subarray((y * (found.shown.width ?? 0) + x) * 4).subarray(0, 3) ?? [])];
    expect(at(205, 305)).toEqual(PAPER);
    expect(at(428 + 205, 305)).toEqual(INK);
    expect(at(2 * 428 + 205, 305)).toEqual([255, 0, 200]);
  });

  it('is no softer edge of a letter', () => {
    expect(difference(stroke(0), stroke(1))).toBeNull();
  });

  it('is no speck here and there', () => {
    const specks = sheet();
    for (let x = 10; x < 420; x += 40) {
      paint(specks, EDGE, x, 200, 2, 2);
    }
    expect(difference(sheet(), specks)).toBeNull();
  });
});

describe('a picture that is kept', () => {
  // Every shade between ink and paper, as at the edges of letters, in many tints.
  const tinted = sheet();
  for (let shade = 0; shade < 256; shade += 1) {
    paint(tinted, [shade, (shade * 7) % 256, 255 - shade], shade, 10, 1, 4);
  }

  it('comes back as it was written', () => {
    const few = inFewColours(tinted);
    expect(read(write(few)).data.equals(few.data)).toBe(true);
  });

  it('is no different from what was drawn', () => {
    expect(difference(inFewColours(tinted), tinted)).toBeNull();
  });

  it('keeps the colours of its surfaces', () => {
    expect([...inFewColours(paint(sheet(), INK, 0, 0, 20, 20)).data.subarray(0, 3)]).toEqual(INK);
  });
});
