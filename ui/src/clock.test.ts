import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { SystemClock } from './clock.svelte';
import { ENDING, LONGEST_TICK, paceOf, remainingText, SECOND, untilTick } from './time';

const NOW = Date.UTC(2026, 2, 14, 14, 17, 0);
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let hidden = false;

function setHidden(value: boolean) {
  hidden = value;
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  hidden = false;
  vi.useFakeTimers({ now: NOW });
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
});

let stops: (() => void)[] = [];

/** A countdown of the test's, which ends with it. */
function count(clock: SystemClock, ...to: Parameters<SystemClock['countTo']>): () => void {
  const stop = clock.countTo(...to);
  stops.push(stop);
  return stop;
}

afterEach(() => {
  stops.forEach((stop) => stop());
  stops = [];
  vi.useRealTimers();
});

/** Every time that the clock shows within so many milliseconds, but for the first. */
function shown(clock: SystemClock, span: number): number[] {
  const times: number[] = [];
  let last = clock.now;
  for (let passed = 0; passed < span; passed += 100) {
    vi.advanceTimersByTime(100);
    if (clock.now !== last) {
      times.push(clock.now - NOW);
      last = clock.now;
    }
  }
  return times;
}

describe("the window's clock", () => {
  it('stands while nothing counts', () => {
    const clock = new SystemClock();
    const stop = count(clock, NOW + HOUR);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(shown(clock, MINUTE)).toEqual([]);
  });

  it('ticks when the seconds left are others, not when the second of the day is', () => {
    const clock = new SystemClock();
    count(clock, NOW + 5_300);
    expect(shown(clock, 3_000)).toEqual([300, 1_300, 2_300]);
  });

  it('ticks at the pace of what is counted', () => {
    const clock = new SystemClock();
    count(clock, NOW + HOUR, 10 * SECOND);
    expect(shown(clock, 35_000)).toEqual([1_000, 11_000, 21_000, 31_000]);
  });

  it('ticks by one timer for all that is counted', () => {
    const clock = new SystemClock();
    count(clock, NOW + HOUR, 10 * SECOND);
    const stop = count(clock, NOW + 30_500);
    expect(vi.getTimerCount()).toBe(1);
    expect(shown(clock, 2_500)).toEqual([500, 1_000, 1_500, 2_500]);
    stop();
    expect(vi.getTimerCount()).toBe(1);
  });

  it('says that the time is over when it is', () => {
    const clock = new SystemClock();
    count(clock, NOW + 2_500, 10 * SECOND);
    expect(shown(clock, 5_000)).toEqual([2_500]);
  });

  it('is right at once when something begins to count', () => {
    const clock = new SystemClock();
    count(clock, NOW + HOUR, 10 * SECOND);
    vi.advanceTimersByTime(6_000);
    count(clock, NOW + 36_000);
    expect(clock.now).toBe(NOW + 6_000);
  });

  it('has no timer while the window is hidden, and is right when it comes back', () => {
    const clock = new SystemClock();
    count(clock, NOW + HOUR);
    setHidden(true);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10 * MINUTE);
    setHidden(false);
    expect(clock.now).toBe(NOW + 10 * MINUTE);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('is right soon after a sleep, in which timers stand still', () => {
    const clock = new SystemClock();
    count(clock, NOW + HOUR, LONGEST_TICK);
    vi.setSystemTime(NOW + 2 * HOUR);
    vi.advanceTimersByTime(LONGEST_TICK);
    expect(clock.now).toBeGreaterThan(NOW + 2 * HOUR);
  });
});

describe('the pace of a countdown', () => {
  it.each([
    [24 * HOUR, LONGEST_TICK],
    [HOUR, LONGEST_TICK],
    [HOUR - SECOND, 5 * SECOND],
    [30 * MINUTE, 5 * SECOND],
    [15 * MINUTE, 2 * SECOND],
    [5 * MINUTE, SECOND],
    [4 * SECOND, SECOND],
  ])('of a life of %i ms is %i ms', (lifetime, pace) => {
    expect(paceOf(lifetime, lifetime)).toBe(pace);
  });

  it('is a second where seconds are counted', () => {
    expect(paceOf(HOUR, ENDING)).toBe(LONGEST_TICK);
    expect(paceOf(HOUR, ENDING - 1)).toBe(SECOND);
  });

  it.each([HOUR, 30 * MINUTE, 15 * MINUTE, 3 * HOUR])('misses no change of the words in a life of %i ms', (lifetime) => {
    const end = NOW + lifetime;
    const late = new Set<number>();
    let told = remainingText(end, NOW);
    let next = NOW + untilTick(end, NOW, paceOf(lifetime, lifetime));
    for (let now = NOW; now <= end; now += SECOND) {
      if (now >= next) {
        told = remainingText(end, now);
        next = now + untilTick(end, now, paceOf(lifetime, end - now));
      }
      if (told !== remainingText(end, now)) {
        late.add(end - now);
      }
    }
    expect([...late]).toEqual([]);
  });
});
