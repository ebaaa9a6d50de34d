// A program of paper: it shows the states it is given and notes what it is asked.
//
// The gallery and the tests run the whole page on it.
import type { Host, SessionState, Trouble, Verb, VerbName } from './host';

export class MemoryHost implements Host {
  /** Every verb that was asked for, in order. */
  readonly performed: Verb[] = [];

  /** Verbs that are refused, and with what. */
  readonly refusals = new Map<VerbName, Trouble>();

  /** Verbs that never come to an end. */
  readonly endless = new Set<VerbName>();

  #present: SessionState | null;
  #receive: ((state: SessionState) => void) | null = null;

  constructor(present: SessionState | null = null) {
    this.#present = present;
  }

  async watch(receive: (state: SessionState) => void): Promise<void> {
    this.#receive = receive;
    if (this.#present) {
      receive(this.#present);
    }
  }

  async sessionState(): Promise<SessionState> {
    if (!this.#present) {
      throw { reason: 'unexpected', detail: null } satisfies Trouble;
    }
    return this.#present;
  }

  async perform(verb: Verb): Promise<void> {
    this.performed.push(verb);
    if (this.endless.has(verb.name)) {
      return new Promise(() => undefined);
    }
    const refusal = this.refusals.get(verb.name);
    if (refusal) {
      throw refusal;
    }
  }

  /** Goes over to another state and tells the page. */
  send(state: SessionState): void {
    this.#present = state;
    this.#receive?.(state);
  }

  /** Goes over to another state, and the message about it is lost. */
  sendNothing(state: SessionState): void {
    this.#present = state;
  }
}
