import { describe, expect, it } from 'vitest';

import { plural } from './plural';

describe('a count in words', () => {
  const things = { one: '# thing keeps', other: '# things keep' };

  it.each([
    [0, '0 things keep'],
    [1, '1 thing keeps'],
    [2, '2 things keep'],
    [1_200, '1,200 things keep'],
  ])('has the form for %s', (count, said) => {
    expect(plural(count, things)).toBe(said);
  });

  it.each([
    [1, '1 rzecz'],
    [3, '3 rzeczy'],
    [5, '5 rzeczy,'],
    [22, '22 rzeczy'],
  ])('has more forms where the language has (%s)', (count, said) => {
    expect(plural(count, { one: '# rzecz', few: '# rzeczy', many: '# rzeczy,', other: '?' }, 'pl')).toBe(said);
  });

  it('falls back to the form that every language has', () => {
    expect(plural(1, { other: '# of them' })).toBe('1 of them');
  });
});
