// From the words table's remedy to what one button does on the screen that is shown.
//
// The table names what would mend a failure; the same failure can meet the person on any screen. "Try again" means
// something else before, during and after a sign-in, and a verb of the waiting screen is of no use elsewhere.
import type { Stage, TroubleReason, Verb } from './host/host';
import { AGAIN, failures, sessionFailures, signOutFailures, words, type Failure } from './words';

export type Remedy =
  | 'again'
  | 'ask_keyring'
  | 'start_over'
  | 'sign_in_again'
  | 'open_again'
  | 'try_another_way'
  | 'copy_sign_in_address'
  | 'paste_return_address'
  | 'refresh';

/** What the button beside a failure does: a verb of the program, or something the page does by itself. */
export type Cure = Verb | { name: 'watch_again' } | { name: 'focus_field' } | { name: 'dismiss' };

export interface Situation {
  stage: Stage['kind'];
  redeeming: boolean;
  /** The verb whose refusal the failure is; null when the program reports it unasked. */
  refused: Verb | null;
  /** The sign-in that would begin, if it is known how. */
  entry: Verb | null;
}

/** The words for a failure where it is met. */
export function failureFor(reason: TroubleReason, { stage, refused }: Situation): Failure {
  if (refused?.name === 'sign_out') {
    const happened = signOutFailures[reason];
    return happened ? { happened, ...AGAIN } : failures[reason];
  }
  return (stage === 'signed_in' && sessionFailures[reason]) || failures[reason];
}

/** The label and the doing of the one button, or null when only the person can mend it. */
export function cureFor(reason: TroubleReason, situation: Situation): { label: string; cure: Cure } | null {
  const { todo, verb } = failureFor(reason, situation);
  if (verb === null) {
    return null;
  }
  if (verb === 'ask_keyring') {
    return { label: todo, cure: { name: 'try_again' } };
  }
  switch (situation.stage) {
    case 'starting':
      return { label: words.tryAgain, cure: { name: 'watch_again' } };
    case 'unknown':
    case 'signed_out': {
      if (situation.refused?.name === 'sign_out_in_browser') {
        return { label: words.tryAgain, cure: situation.refused };
      }
      const begins = verb === 'again' || verb === 'start_over' || verb === 'sign_in_again';
      const label = begins ? todo : words.startAgain;
      // What the program met by itself, it can do again by itself: finding its provider, reading the keyring.
      if (verb === 'again' && situation.refused === null) {
        return { label, cure: { name: 'try_again' } };
      }
      return { label, cure: situation.entry ?? { name: 'focus_field' } };
    }
    case 'signing_in':
      return situation.redeeming ? whileRedeeming(verb, todo) : { label: todo, cure: whileWaiting(verb, situation) };
    case 'signed_in':
      return whileSignedIn(verb, todo, situation);
  }
}

/** The notice's own button, where the program can do something about it at any time. */
export function noticeCure(reason: TroubleReason): { label: string; cure: Verb } | null {
  const { todo, verb } = failures[reason];
  return verb === 'ask_keyring' ? { label: todo, cure: { name: 'try_again' } } : null;
}

export function beginsSignIn(verb: Verb): boolean {
  return verb.name === 'sign_in' || verb.name === 'continue_in_browser';
}

export function beginsAttempt(verb: Verb): boolean {
  return beginsSignIn(verb) || verb.name === 'try_another_way';
}

/** The link is back: what would bring another one is of no use, only the exchange is worth repeating. */
function whileRedeeming(remedy: Remedy, todo: string): { label: string; cure: Cure } {
  switch (remedy) {
    case 'start_over':
    case 'sign_in_again':
      return { label: todo, cure: { name: 'cancel_sign_in' } };
    default:
      return { label: words.tryAgain, cure: { name: 'try_again' } };
  }
}

function whileWaiting(remedy: Exclude<Remedy, 'ask_keyring'>, { refused }: Situation): Cure {
  switch (remedy) {
    case 'again':
      // A sign-in that has begun is gone on with, not begun a second time.
      return refused && !beginsSignIn(refused) ? refused : { name: 'open_again' };
    case 'start_over':
    case 'sign_in_again':
      return { name: 'cancel_sign_in' };
    default:
      return { name: remedy };
  }
}

function whileSignedIn(remedy: Remedy, todo: string, { refused }: Situation): { label: string; cure: Cure } {
  switch (remedy) {
    case 'again':
      return { label: todo, cure: refused ?? { name: 'refresh' } };
    case 'refresh':
      return { label: todo, cure: { name: 'refresh' } };
    case 'sign_in_again':
      return { label: todo, cure: { name: 'sign_out' } };
    case 'start_over':
      // Only a session that is worth nothing is given up: a refused verb is tried again, anything else is only news.
      if (refused) {
        return { label: words.tryAgain, cure: refused };
      }
      return { label: words.dismiss, cure: { name: 'dismiss' } };
    default:
      return { label: words.dismiss, cure: { name: 'dismiss' } };
  }
}
