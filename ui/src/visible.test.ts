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
    // Variation selectors and other characters that are drawn as nothing.
    ['a\ufe0f', ['a', '[U+FE0F]']],
    ['\ufe00', ['[U+FE00]']],
    ['葛\u{e0100}', ['葛', '[U+E0100]']],
    ['a\u034fb', ['a', '[U+034F]', 'b']],
    ['a\u180bb', ['a', '[U+180B]', 'b']],
    ['\u3164', ['[U+3164]']],
    ['\u2800', ['[U+2800]']],
    // How an emoji is drawn is seen; twice is once too often, and not every digit is a keycap.
    ['\u2764\ufe0f', ['\u2764\ufe0f']],
    ['\u2764\ufe0e', ['\u2764\ufe0e']],
    ['\u2764\ufe0f\ufe0f', ['\u2764\ufe0f', '[U+FE0F]']],
    ['\u2764\ufe01', ['\u2764', '[U+FE01]']],
    ['1\ufe0f\u20e3', ['1\ufe0f\u20e3']],
    ['1\ufe0f', ['1', '[U+FE0F]']],
    // One drawing of many.
    ['👩\u200d👩🏽\u200d👧', ['👩\u200d👩🏽\u200d👧']],
    ['🏳\ufe0f\u200d🌈', ['🏳\ufe0f\u200d🌈']],
    ['👩\u200d', ['👩', '[U+200D]']],
    ['\u200d👩', ['[U+200D]', '👩']],
    ['👩\u200da', ['👩', '[U+200D]', 'a']],
    // Letters that join, and those of one script only.
    ['می\u200cخواهم', ['می\u200cخواهم']],
    ['مَ\u200cا', ['مَ\u200cا']],
    ['ܐ\u200dܒ', ['ܐ\u200dܒ']],
    ['क्\u200dष', ['क्\u200dष']],
    ['র\u200d্য', ['র\u200d্য']],
    ['ന്\u200dമ', ['ന്\u200dമ']],
    ['ශ්\u200dරී', ['ශ්\u200dරී']],
    ['a\u200cb', ['a', '[U+200C]', 'b']],
    ['م\u200ca', ['م', '[U+200C]', 'a']],
    ['م\u200cक', ['م', '[U+200C]', 'क']],
    ['م\u200c\u200cا', ['م', '[U+200C]', '[U+200C]', 'ا']],
    ['٣\u200c٣', ['٣', '[U+200C]', '٣']],
    ['م\u200c', ['م', '[U+200C]']],
    ['\u200cم', ['[U+200C]', 'م']],
  ])('%j shows what cannot be seen', (text, runs) => {
    expect(written(text)).toEqual(runs);
  });
});
