import { describe, expect, it } from 'vitest';

import { visibleRuns } from './visible';

const written = (text: string) => visibleRuns(text).map((run) => (run.hidden ? `[${run.text}]` : run.text));

describe('a text of a stranger', () => {
  it.each([
    ['Ada Lovelace', ['Ada Lovelace']],
    ['', []],
    ['עדה لوفلايس', ['עדה لوفلايس']],
    ['👩🏽', ['👩🏽']],
    ['admin\u202ekcah', ['admin', '[U+202E]', 'kcah']],
    ['a\u200bb', ['a', '[U+200B]', 'b']],
    ['one\ntwo', ['one', '[U+000A]', 'two']],
    ['\u0000\u001b', ['[U+0000]', '[U+001B]']],
    ['\u2066x\u2069', ['[U+2066]', 'x', '[U+2069]']],
    ['\u{e0041}', ['[U+E0041]']],
    ['\ud800', ['[U+D800]']],
  ])('%j shows what cannot be seen', (text, runs) => {
    expect(written(text)).toEqual(runs);
  });
});
