// The page's one store: the last state that the program sent, and what became of the verbs it was asked for.
//
// The program owns everything that lasts. The page adds only what is typed, which verbs are under way, and the
// refusal of the last one.
import type { CopyForm, Host, SessionState, Trouble, Verb } from './host/host';
import { beginsAttempt, beginsSignIn, cureFor, failureFor, type Cure, type Situation } from './remedy';
import type { Failure } from './words';

interface Refusal {
  verb: Verb | null;
  trouble: Trouble;
}

/** The problem whose button was pressed, held as it was until what the button does has ended. */
interface Mending {
  trouble: Trouble;
  failure: Failure;
  remedy: { label: string; cure: Cure };
}

/** So long it is said that something was copied. */
const SAID = 2_000;

export class Session {
  /** Null until the program's first answer. */
  state = $state.raw<SessionState | null>(null);

  /** What is typed in the field. It outlives a cancelled sign-in, so that nobody types it twice. */
  identifier = $state.raw('');

  /** The picture of who is signed in, once it is here. */
  picture = $state.raw<string | null>(null);

  /** What was just copied, by whatever button or key. */
  justCopied = $state.raw<CopyForm | 'address' | null>(null);

  readonly #host: Host;
  #pending = $state.raw<Cure['name'][]>([]);
  #refusal = $state.raw<Refusal | null>(null);
  #mending = $state.raw<Mending | null>(null);
  #dismissed = $state.raw<Trouble | null>(null);
  #lastEntry = $state.raw<Verb['name'] | null>(null);
  #copyTimer: ReturnType<typeof setTimeout> | undefined;
  #pictured: string | null = null;
  #received = 0;
  #ended = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What went wrong and was neither mended nor dismissed. */
  readonly problem: Trouble | null = $derived.by(() => {
    const shown = this.#mending ?? this.#refusal;
    if (shown) {
      return shown.trouble;
    }
    const lasting = lastingProblem(this.state);
    return lasting && isSame(lasting, this.#dismissed) ? null : lasting;
  });

  /** The words for the problem. */
  readonly failure = $derived.by(
    () => this.#mending?.failure ?? (this.problem && failureFor(this.problem.reason, this.#situation)),
  );

  /** The one button beside the problem. */
  readonly remedy = $derived.by(
    () => this.#mending?.remedy ?? (this.problem && cureFor(this.problem.reason, this.#situation)),
  );

  /** Whether that button's doing is under way, whoever asked for it. */
  get isMending(): boolean {
    return this.#mending !== null || (this.remedy !== null && this.isPending(this.remedy.cure.name));
  }

  /** Whether a verb is under way; it is not asked for again before it ends. */
  readonly isPending = (name: Cure['name']): boolean => this.#pending.includes(name);

  async start(): Promise<void> {
    try {
      await this.#host.watch((state) => this.#receive(state));
      this.#refusal = null;
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
  readonly perform = async (verb: Verb): Promise<boolean> => {
    if (this.isPending(verb.name)) {
      return false;
    }
    if (verb.name === 'cancel_sign_in' || verb.name === 'sign_out') {
      this.#ended += 1;
    }
    const ended = this.#ended;
    // What was refused before stays to be read until this has ended.
    const before = this.#refusal;
    this.#pending = [...this.#pending, verb.name];
    if (beginsSignIn(verb)) {
      this.#lastEntry = verb.name;
      this.#dismissed = null;
    }
    try {
      await this.#host.perform(verb);
      if (this.#refusal === before) {
        this.#refusal = null;
      }
      this.#sayCopied(verb);
      return true;
    } catch (trouble) {
      // What fails because the person ended it meanwhile is no news to them.
      if (ended === this.#ended) {
        this.#refusal = { verb, trouble: trouble as Trouble };
      }
      return false;
    } finally {
      this.#pending = this.#pending.filter((name) => name !== verb.name);
    }
  };

  #sayCopied(verb: Verb): void {
    if (verb.name === 'copy_token' || verb.name === 'copy_sign_in_address') {
      clearTimeout(this.#copyTimer);
      this.justCopied = verb.name === 'copy_token' ? verb.form : 'address';
      this.#copyTimer = setTimeout(() => (this.justCopied = null), SAID);
    }
  }

  /** Does what the problem's button says. `focusField` is the page's part of it. */
  async mend(focusField: () => void): Promise<void> {
    const { problem: trouble, failure, remedy } = this;
    if (this.#mending || !trouble || !failure || !remedy) {
      return;
    }
    const { cure } = remedy;
    switch (cure.name) {
      case 'focus_field':
        return focusField();
      case 'dismiss':
        return this.dismiss();
    }
    const mending = { trouble, failure, remedy };
    this.#mending = mending;
    await (cure.name === 'watch_again' ? this.start() : this.perform(cure));
    if (this.#mending === mending) {
      this.#mending = null;
    }
  }

  /** Something is typed: what was wrong with it may not be so any more. */
  type(identifier: string): void {
    this.identifier = identifier;
    if (this.problem?.reason === 'invalid_identifier') {
      this.dismiss();
    }
  }

  /** Takes the problem away until it happens anew. */
  dismiss(): void {
    this.#refusal = null;
    this.#dismissed = lastingProblem(this.state);
  }

  /** Asked for once for each person: it is too large to come with every message. */
  #lookForPicture({ profile, stage }: SessionState): void {
    const pictured =
      stage.kind === 'signed_in' && stage.account.pictured ? `${profile.name} ${stage.account.subject}` : null;
    if (pictured === this.#pictured) {
      return;
    }
    this.#pictured = pictured;
    this.picture = null;
    if (pictured !== null) {
      const show = (picture: string | null) => {
        if (pictured === this.#pictured) {
          this.picture = picture;
        }
      };
      // Without it there is the monogram.
      this.#host.accountPicture().then(show, () => undefined);
    }
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
    this.#lookForPicture(state);
    if (lastingProblem(state) === null) {
      this.#dismissed = null;
    }
    if (momentOf(before) === momentOf(state)) {
      return;
    }
    this.#mending = null;
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
  const profile = state?.profile.name;
  switch (stage?.kind) {
    case 'signing_in':
      return `${profile} ${stage.kind} ${stage.attempt.step} ${stage.attempt.door} ${stage.attempt.waits_until_ms}`;
    case 'signed_in':
      return `${profile} ${stage.kind} ${stage.account.subject} ${stage.token.expires_at_ms}`;
    default:
      return `${profile} ${stage?.kind}`;
  }
}
