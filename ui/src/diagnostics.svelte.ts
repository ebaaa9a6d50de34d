// What the doctor last found, and whether it is at work again.
import type { FindingView, Host, Trouble } from './host/host';

export type Doing = 'check' | 'mend';

export class Diagnostics {
  /** Null until the first answer, and when the last question had none. An answer stays while the next is awaited. */
  findings = $state.raw<FindingView[] | null>(null);

  /** Why the last question had no answer. */
  problem = $state.raw<Trouble | null>(null);

  /** What the doctor is at; it is asked one thing at a time. */
  doing = $state.raw<Doing | null>(null);

  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  check(): Promise<void> {
    return this.#ask('check', () => this.#host.checkUp());
  }

  mend(): Promise<void> {
    return this.#ask('mend', () => this.#host.mend());
  }

  async #ask(doing: Doing, answer: () => Promise<FindingView[]>): Promise<void> {
    if (this.doing !== null) {
      return;
    }
    this.doing = doing;
    try {
      this.findings = await answer();
      this.problem = null;
    } catch (trouble) {
      this.findings = null;
      this.problem = trouble as Trouble;
    } finally {
      this.doing = null;
    }
  }
}
