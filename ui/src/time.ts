// Times in words: pure functions of two instants and a place.
//
// Instants are milliseconds since 1970, as everywhere on the wire. Nothing here reads the clock.
import { words } from './words';

/** Where the words are read. `undefined` stands for the system's own. */
export interface Place {
  locale?: string | undefined;
  timeZone?: string | undefined;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From here on a token's remaining life is counted in seconds and the ring changes colour. */
export const ENDING = 2 * MINUTE;

/** Whole seconds until `instant`, rounded up, so that "0" is said only when it is over. */
export function secondsUntil(instant: number, now: number): number {
  return Math.max(0, Math.ceil((instant - now) / SECOND));
}

/** The time left in its largest useful units: "3 days", "14 h", "1 h 5 min", "12 min", "1 min 40 s", "9 s". */
export function remainingText(instant: number, now: number): string {
  const left = secondsUntil(instant, now) * SECOND;
  const { days, hours, minutes, seconds } = words.units;
  if (left >= 2 * DAY) {
    return days(Math.floor(left / DAY));
  }
  if (left >= 10 * HOUR) {
    return hours(Math.floor(left / HOUR));
  }
  if (left >= HOUR) {
    return both(hours(Math.floor(left / HOUR)), Math.floor((left % HOUR) / MINUTE), minutes);
  }
  if (left >= ENDING) {
    return minutes(Math.floor(left / MINUTE));
  }
  if (left >= MINUTE) {
    return both(minutes(1), (left - MINUTE) / SECOND, seconds);
  }
  return seconds(left / SECOND);
}

function both(large: string, small: number, unit: (count: number) => string): string {
  return small === 0 ? large : words.units.both(large, unit(small));
}

/** When the end of a token is called out to who does not see it, in time left. */
const CALLS = [10 * SECOND, MINUTE, 10 * MINUTE];

/** The call that is due when so much is left, and so much was left at the look before; null when none is. */
export function callDue(before: number, left: number): number | null {
  return (left > 0 && CALLS.find((call) => left <= call && call < before)) || null;
}

/** A timer stands still while the computer sleeps: after it has woken, what is shown is right within this time. */
export const LONGEST_TICK = 10 * SECOND;

/**
 * How often a life is to be looked at: so often that its ring closes by one degree at a time, and every second where the
 * words count seconds. Each divides a minute, so that no change of the words lies between two looks.
 */
export function paceOf(lifetime: number, left: number): number {
  const degree = lifetime / 360;
  const pace = [LONGEST_TICK, 5 * SECOND, 2 * SECOND].find((pace) => pace <= degree);
  return pace === undefined || left < ENDING ? SECOND : pace;
}

/** How long until the time left, in words, is another one by `pace`. */
export function untilTick(instant: number, now: number, pace: number): number {
  const left = instant - now;
  if (left <= 0) {
    return LONGEST_TICK;
  }
  // Seconds are rounded up: "12 min" is said of the last of its seconds, and "11 min" one second later.
  return Math.min(left, (left + SECOND) % pace || pace);
}

/** The time of day, as the place writes it; with the day when that is not today. */
export function clockText(instant: number, now: number, place: Place): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(place.locale, { timeZone: place.timeZone, ...options });
  const time: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
  const day = format({ year: 'numeric', month: 'numeric', day: 'numeric' });

  if (day.format(instant) === day.format(now)) {
    return format(time).format(instant);
  }
  const nearby = Math.abs(instant - now) < 6 * DAY;
  const date: Intl.DateTimeFormatOptions = nearby ? { weekday: 'short' } : { day: 'numeric', month: 'short' };
  return format({ ...date, ...time }).format(instant);
}

/** The whole moment, as the place writes it: "14 Mar 2026, 15:05:12". */
export function momentText(instant: number, place: Place): string {
  const options: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'medium' };
  return new Intl.DateTimeFormat(place.locale, { timeZone: place.timeZone, ...options }).format(instant);
}

/** A length of minutes or seconds, in whole words: "10 minutes", "1 minute". */
export function spokenText(length: number, place: Place): string {
  const [unit, count] = length >= MINUTE ? ['minute', length / MINUTE] : ['second', length / SECOND];
  return new Intl.NumberFormat(place.locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

/** How far the moment is from now, in its largest unit: "in 48 minutes", "3 days ago". */
export function distanceText(instant: number, now: number, place: Place): string {
  const distance = instant - now;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(distance) >= length) ?? ['second', SECOND];
  const whole = Math.trunc(distance / length);
  return new Intl.RelativeTimeFormat(place.locale, { numeric: whole === 0 ? 'auto' : 'always' }).format(whole, unit);
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
];

/** The share of a life that is left, from 1 down to 0. */
export function shareLeft(end: number, lifetime: number, now: number): number {
  return lifetime > 0 ? Math.min(1, Math.max(0, (end - now) / lifetime)) : 0;
}
