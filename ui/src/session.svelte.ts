// The page's one store: the last state that the program sent, and what became of the verbs it was asked for.
//
// The program owns everything that lasts. The page adds only what is typed, which verbs are under way, and the
// refusal of the last one.
import { SvelteSet } from 'svelte/reactivity';

import type { Host, SessionState, Trouble, Verb, VerbName } from './host/host';
import { beginsAttempt, beginsSignIn, cureFor, failureFor, type Cure, type Situation } from './remedy';

export class Session {
  /** Null until the program's first answer. */
  state = $state.raw<SessionState | null>(null);

  /** What is typed in the field. It outlives a cancelled sign-in, so that nobody types it twice. */
  identifier = $state('');

  readonly #host: Host;
  readonly #pending = new SvelteSet<VerbName>();
  #refusal = $state.raw<{ verb: Verb | null; trouble: Trouble } | null>(null);
  #dismissed = $state.raw<Trouble | null>(null);
  #lastEntry = $state.raw<Verb['name'] | null>(null);
  #received = 0;
  #ended = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What went wrong and was neither mended nor dismissed. */
  readonly problem: Trouble | null = $derived.by(() => {
    if (this.#refusal) {
      return this.#refusal.trouble;
    }
    const lasting = lastingProblem(this.state);
    return lasting && isSame(lasting, this.#dismissed) ? null : lasting;
  });

  /** The words for the problem. */
  readonly failure = $derived.by(() => this.problem && failureFor(this.problem.reason, this.#situation));

  /** The one button beside the problem. */
  readonly remedy = $derived.by(() => this.problem && cureFor(this.problem.reason, this.#situation));

  /** Whether a verb is under way; it is not asked for again before it ends. */
  isPending(name: VerbName): boolean {
    return this.#pending.has(name);
  }

  async start(): Promise<void> {
    this.#refusal = null;
    try {
      await this.#host.watch((state) => this.#receive(state));
    } catch (trouble) {
      this.#refusal = { verb: null, trouble: trouble as Trouble };
    }
  }

  /** Cures a missed message. The channel wins over the answer: what arrived meanwhile is newer. */
  async catchUp(): Promise<void> {
    const received = this.#received;
    try {
      const state = await this.#host.sessionState();
      if (received === this.#received) {
        this.#receive(state);
      }
    } catch {
      // Nobody asked for this, and the next look at the window asks again.
    }
  }

  /** Asks for a verb; whether it was done. A refusal is shown as the problem. */
  async perform(verb: Verb): Promise<boolean> {
    if (this.#pending.has(verb.name)) {
      return false;
    }
    if (verb.name === 'cancel_sign_in' || verb.name === 'sign_out') {
      this.#ended += 1;
    }
    const ended = this.#ended;
    this.#pending.add(verb.name);
    this.#refusal = null;
    if (beginsSignIn(verb)) {
      this.#lastEntry = verb.name;
      this.#dismissed = null;
    }
    try {
      await this.#host.perform(verb);
      return true;
    } catch (trouble) {
      // What fails because the person ended it meanwhile is no news to them.
      if (ended === this.#ended) {
        this.#refusal = { verb, trouble: trouble as Trouble };
      }
      return false;
    } finally {
      this.#pending.delete(verb.name);
    }
  }

  /** Does what the problem's button says. `focusField` is the page's part of it. */
  async mend(cure: Cure, focusField: () => void): Promise<void> {
    switch (cure.name) {
      case 'watch_again':
        return this.start();
      case 'focus_field':
        return focusField();
      case 'dismiss':
        return this.dismiss();
      default:
        await this.perform(cure);
    }
  }

  /** Takes the problem away until it happens anew. */
  dismiss(): void {
    this.#refusal = null;
    this.#dismissed = lastingProblem(this.state);
  }

  /** Where the problem meets the person. */
  get #situation(): Situation {
    const stage = this.state?.stage;
    return {
      stage: stage?.kind ?? 'starting',
      redeeming: stage?.kind === 'signing_in' && stage.attempt.step === 'redeeming',
      refused: this.#refusal?.verb ?? null,
      entry: this.#entry,
    };
  }

  /** The sign-in that "again" means before there is one. */
  get #entry(): Verb | null {
    const identifier = this.identifier.trim();
    if (identifier !== '') {
      return { name: 'sign_in', identifier };
    }
    return this.#lastEntry === 'continue_in_browser' ? { name: 'continue_in_browser' } : null;
  }

  #receive(state: SessionState): void {
    this.#received += 1;
    const before = this.state;
    this.state = state;
    if (lastingProblem(state) === null) {
      this.#dismissed = null;
    }
    if (momentOf(before) === momentOf(state)) {
      return;
    }
    const { stage } = state;
    // A new attempt is the doing of the verb that began it, and can arrive after that verb's refusal ("the browser
    // could not be opened"); any other move leaves the refusal behind.
    const begun = stage.kind === 'signing_in' && stage.attempt.step === 'waiting';
    if (!(begun && this.#refusal?.verb && beginsAttempt(this.#refusal.verb))) {
      this.#refusal = null;
    }
    if (stage.kind === 'signing_in') {
      this.identifier = stage.attempt.identifier ?? this.identifier;
      this.#lastEntry = stage.attempt.identifier === null ? 'continue_in_browser' : 'sign_in';
    }
    if (stage.kind === 'signed_in') {
      this.identifier = '';
      this.#lastEntry = null;
    }
  }
}

/** The problem that the program itself keeps; it comes again with every message until it is mended. */
function lastingProblem(state: SessionState | null): Trouble | null {
  const stage = state?.stage;
  return stage && 'problem' in stage ? stage.problem : null;
}

function isSame(one: Trouble, other: Trouble | null): boolean {
  return one.reason === other?.reason && one.detail === other.detail;
}

/** What a refusal was about: when this changes, the refusal is history. */
function momentOf(state: SessionState | null): string {
  const stage = state?.stage;
  switch (stage?.kind) {
    case 'signing_in':
      return `${stage.kind} ${stage.attempt.step} ${stage.attempt.door} ${stage.attempt.waits_until_ms}`;
    case 'signed_in':
      return `${stage.kind} ${stage.account.subject} ${stage.token.expires_at_ms}`;
    default:
      return stage?.kind ?? '';
  }
}
