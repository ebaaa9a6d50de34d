// What the tokens say, as the program last told it, and the token that is looked at while a button is held.
import { untrack } from 'svelte';

import type { DetailsView, Host, TokenKind, Trouble } from './host/host';

export class Details {
  /** Null until the program's first answer. */
  view = $state.raw<DetailsView | null>(null);

  /** Why the program could not tell. */
  problem = $state.raw<Trouble | null>(null);

  /** The token itself, while the button is held. */
  revealed = $state.raw<string | null>(null);

  readonly #host: Host;
  #looks = $state.raw(0);
  #looked = $state.raw(0);
  #holds = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Whether the program has been asked and has not answered. */
  get isLooking(): boolean {
    return this.#looked < this.#looks;
  }

  async look(): Promise<void> {
    const look = untrack(() => ++this.#looks);
    try {
      const view = await this.#host.details();
      if (look === this.#looks) {
        this.view = view;
        this.problem = null;
      }
    } catch (trouble) {
      if (look === this.#looks) {
        this.problem = trouble as Trouble;
      }
    } finally {
      this.#looked = Math.max(look, this.#looked);
    }
  }

  /** The button is held down. */
  async hold(token: TokenKind): Promise<void> {
    const hold = ++this.#holds;
    this.problem = null;
    try {
      const text = await this.#host.reveal(token);
      // Let go meanwhile: then nobody wants to see it.
      if (hold === this.#holds) {
        this.revealed = text;
      }
    } catch (trouble) {
      if (hold === this.#holds) {
        this.problem = trouble as Trouble;
      }
    }
  }

  /** It is let go. */
  letGo(): void {
    this.#holds += 1;
    this.revealed = null;
  }
}
