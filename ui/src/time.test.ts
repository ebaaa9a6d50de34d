import { describe, expect, it } from 'vitest';

import { callDue, clockText, distanceText, momentText, remainingText, secondsUntil, shareLeft, spokenText } from './time';

const NOW = Date.UTC(2026, 2, 14, 14, 17, 0);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the remaining time', () => {
  it.each([
    [3 * DAY + HOUR, '3 days'],
    [2 * DAY, '2 days'],
    [2 * DAY - SECOND, '47 h'],
    [10 * HOUR, '10 h'],
    [10 * HOUR - SECOND, '9 h 59 min'],
    [HOUR, '1 h'],
    [HOUR - SECOND, '59 min'],
    [12 * MINUTE, '12 min'],
    [2 * MINUTE, '2 min'],
    [2 * MINUTE - SECOND, '1 min 59 s'],
    [MINUTE, '1 min'],
    [59 * SECOND, '59 s'],
    [1, '1 s'],
    [0, '0 s'],
    [-MINUTE, '0 s'],
  ])('of %i ms reads "%s"', (left, text) => {
    expect(remainingText(NOW + left, NOW)).toBe(text);
  });

  it('never promises more whole minutes than there are', () => {
    expect(remainingText(NOW + 13 * MINUTE - SECOND, NOW)).toBe('12 min');
  });

  it('says zero seconds only when it is over', () => {
    expect(secondsUntil(NOW + 1, NOW)).toBe(1);
    expect(secondsUntil(NOW, NOW)).toBe(0);
    expect(secondsUntil(NOW - HOUR, NOW)).toBe(0);
  });
});

describe('the time of day', () => {
  const london = { locale: 'en-GB', timeZone: 'UTC' };

  it('is written as the place writes it', () => {
    expect(clockText(NOW + 15 * MINUTE, NOW, london)).toBe('14:32');
    expect(clockText(NOW + 15 * MINUTE, NOW, { ...london, timeZone: 'Asia/Kolkata' })).toBe('20:02');
    expect(clockText(NOW + 15 * MINUTE, NOW, { locale: 'en-US', timeZone: 'UTC' })).toMatch(/^2:32\sPM$/u);
  });

  it('names the day when it is another one', () => {
    expect(clockText(NOW + 10 * HOUR, NOW, london)).toMatch(/^Sun.* 00:17$/u);
    expect(clockText(NOW + 30 * DAY, NOW, london)).toMatch(/^13 Apr.* 14:17$/u);
  });

  it('counts days by the calendar of the place', () => {
    // 23:47 in Kolkata: half an hour on is tomorrow there, and still today in London.
    const late = Date.UTC(2026, 2, 14, 18, 17);
    expect(clockText(late + 30 * MINUTE, late, london)).toBe('18:47');
    expect(clockText(late + 30 * MINUTE, late, { locale: 'en-GB', timeZone: 'Asia/Kolkata' })).toMatch(/^Sun/u);
  });
});

describe('the share of a life that is left', () => {
  it('goes from one to zero and no further', () => {
    expect(shareLeft(NOW + HOUR, HOUR, NOW)).toBe(1);
    expect(shareLeft(NOW + HOUR / 4, HOUR, NOW)).toBe(0.25);
    expect(shareLeft(NOW - 1, HOUR, NOW)).toBe(0);
    expect(shareLeft(NOW + 2 * HOUR, HOUR, NOW)).toBe(1);
  });

  it('of no life at all is none', () => {
    expect(shareLeft(NOW + HOUR, 0, NOW)).toBe(0);
  });
});

describe('the end of a token', () => {
  const MIN = 60_000;

  it.each([
    [11 * MIN, 10 * MIN, 10 * MIN],
    [10 * MIN, 10 * MIN - 1_000, null],
    [10 * MIN + 1, 9 * MIN, 10 * MIN],
    [5 * MIN, 2 * MIN, null],
    [61_000, 60_000, MIN],
    [11_000, 10_000, 10_000],
    [10_000, 9_000, null],
    [60 * MIN, 8_000, 10_000],
    [11_000, 0, null],
    [11_000, -5_000, null],
    [5_000, 60 * MIN, null],
  ])('after %i ms with %i ms left calls %s', (before, left, call) => {
    expect(callDue(before, left)).toBe(call);
  });

  it.each([
    [10 * MIN, '10 minutes'],
    [MIN, '1 minute'],
    [10_000, '10 seconds'],
  ])('is called in whole words', (length, words) => {
    expect(spokenText(length, { locale: 'en-GB' })).toBe(words);
  });
});

describe('a moment', () => {
  const place = { locale: 'en-GB', timeZone: 'UTC' };
  const now = Date.UTC(2026, 2, 14, 14, 17);

  it('is written whole', () => {
    expect(momentText(now, place)).toBe('14 Mar 2026, 14:17:00');
  });

  it.each([
    [0, 'now'],
    [-999, 'now'],
    [12_000, 'in 12 seconds'],
    [-60_000, '1 minute ago'],
    [48 * 60_000, 'in 48 minutes'],
    [-26 * 3_600_000, '1 day ago'],
    [30 * 86_400_000, 'in 30 days'],
    [-800 * 86_400_000, '2 years ago'],
  ])('%i ms away is %s', (distance, words) => {
    expect(distanceText(now + distance, now, place)).toBe(words);
  });
});
