import { describe, expect, it } from 'vitest';

import { initialsOf } from './initials';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['Augusta Ada King, Countess of Lovelace', 'AL'],
    ['ada', 'A'],
    ['ada@example.com', 'A'],
    ['ada lovelace@example.com', 'A'],
    ['  émile   zola ', 'ÉZ'],
    ['e\u0301mile', 'E\u0301'],
    ['山田 太郎', '山太'],
    ['Ada (Analyst)', 'A'],
    ['+442079460958', ''],
    ['7f3c', ''],
    ['', ''],
  ])('of %j are %j', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
