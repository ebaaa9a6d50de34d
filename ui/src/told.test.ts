import { describe, expect, it } from 'vitest';

import { asSentence, pieces } from './told';

describe("the doctor's words", () => {
  it.each([
    ['start one, such as KWallet', 'Start one, such as KWallet'],
    ['none is set', 'None is set'],
    ['cancelled', 'Cancelled'],
    ['links: none', 'Links: none'],
    ['', ''],
    ['keyfob 0.1.0', 'keyfob 0.1.0'],
    ['keyfob-desktop-handler.desktop', 'keyfob-desktop-handler.desktop'],
    ['http://127.0.0.1:47117 answers', 'http://127.0.0.1:47117 answers'],
    ['/home/ada/.config', '/home/ada/.config'],
    ['`keyfob login` works without', '`keyfob login` works without'],
    ['12 min fast', '12 min fast'],
  ])('"%s" begins as a sentence does, unless it begins with a name', (text, shown) => {
    expect(asSentence(text)).toBe(shown);
  });

  it('tell what is to be typed from what is to be read', () => {
    expect(pieces('over SSH, `dbus-run-session` gives it a bus')).toEqual([
      { text: 'over SSH, ', code: false },
      { text: 'dbus-run-session', code: true },
      { text: ' gives it a bus', code: false },
    ]);
    expect(pieces('`a``b`')).toEqual([
      { text: 'a', code: true },
      { text: 'b', code: true },
    ]);
  });

  it('keep a backtick that has no other', () => {
    expect(pieces('a ` b')).toEqual([{ text: 'a ` b', code: false }]);
    expect(pieces('')).toEqual([]);
  });
});
