// The page's only clock: every view reads `now` from the one it is handed.
//
// The window's clock ticks while it is looked at; the gallery's and the tests' are held.
import type { Place } from './time';

export interface Clock {
  readonly now: number;
  readonly place: Place;

  /** Lets the clock tick until the returned function is called. */
  run(): () => void;

  /** Does something in so many milliseconds, unless the returned function is called before. */
  later(milliseconds: number, act: () => void): () => void;
}

export class SystemClock implements Clock {
  now = $state(Date.now());
  readonly place: Place = {};

  run(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;

    const tick = () => {
      clearTimeout(timer);
      this.now = Date.now();
      // Nobody reads a hidden window: let the processor sleep.
      if (!document.hidden) {
        timer = setTimeout(tick, 1_000 - (this.now % 1_000));
      }
    };
    document.addEventListener('visibilitychange', tick);
    tick();

    return () => {
      document.removeEventListener('visibilitychange', tick);
      clearTimeout(timer);
    };
  }

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

  run(): () => void {
    return () => undefined;
  }

  /** A held clock is past every wait. */
  later(_milliseconds: number, act: () => void): () => void {
    act();
    return () => undefined;
  }
}
