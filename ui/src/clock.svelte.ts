// The page's only clock: every view reads `now` from the one it is handed, and says what it counts down to.
//
// The window's clock ticks while it is looked at, and no more often than what is shown of it changes; the gallery's and
// the tests' are held.
import { LONGEST_TICK, type Place, SECOND, untilTick } from './time';

export interface Clock {
  readonly now: number;
  readonly place: Place;

  /**
   * Lets the clock tick until the returned function is called: whenever the time left until `instant`, in words, is
   * another one by `pace`.
   */
  countTo(instant: number, pace?: number): () => void;

  /** Does something in so many milliseconds, unless the returned function is called before. */
  later(milliseconds: number, act: () => void): () => void;
}

export class SystemClock implements Clock {
  now = $state.raw(Date.now());
  readonly place: Place = {};
  readonly #countdowns = new Set<{ instant: number; pace: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  countTo(instant: number, pace = SECOND): () => void {
    const countdown = { instant, pace };
    if (this.#countdowns.size === 0) {
      document.addEventListener('visibilitychange', this.#tick);
    }
    this.#countdowns.add(countdown);
    // What begins to count may be shown at once, and the last tick was a while ago.
    this.#tick();

    return () => {
      this.#countdowns.delete(countdown);
      if (this.#countdowns.size === 0) {
        document.removeEventListener('visibilitychange', this.#tick);
        clearTimeout(this.#timer);
      }
    };
  }

  readonly #tick = () => {
    clearTimeout(this.#timer);
    const now = Date.now();
    this.now = now;
    // Nobody reads a hidden window: let the processor sleep.
    if (!document.hidden) {
      const waits = [...this.#countdowns].map(({ instant, pace }) => untilTick(instant, now, pace));
      this.#timer = setTimeout(this.#tick, Math.min(LONGEST_TICK, ...waits));
    }
  };

  later(milliseconds: number, act: () => void): () => void {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  }
}

export class HeldClock implements Clock {
  now = $state(0);
  readonly place: Place;

  constructor(now: number, place: Place) {
    this.now = now;
    this.place = place;
  }

  countTo(): () => void {
    return () => undefined;
  }

  /** A held clock is past every wait. */
  later(_milliseconds: number, act: () => void): () => void {
    act();
    return () => undefined;
  }
}
