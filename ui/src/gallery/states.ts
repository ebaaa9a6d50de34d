// Every state that the window can be in, by name.
//
// A state is what the program sent, which verbs it refuses or never ends, and what the person then did. The names
// are file names of pictures: they change only with a reason.
import type { Problem, Reason, SessionState, Stage, Trouble, VerbName } from '../host/host';

/** What a person does on the page once it is drawn. */
export type Act = { type: string } | { press: string };

export interface Fixture {
  /** Null: the program has not answered yet. */
  state: SessionState | null;
  /** Verbs that are refused, and with what. */
  refusals?: Partial<Record<VerbName, Trouble>>;
  /** Verbs that never come to an end. */
  endless?: VerbName[];
  acts?: Act[];
}

/** The instant at which every state is shown: Saturday, 14 March 2026, 14:17 UTC. */
export const HELD_NOW = Date.UTC(2026, 2, 14, 14, 17);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const TRIAL = { name: 'local', issuer: 'http://127.0.0.1:47117', trial: true };
const COMPANY = { name: 'Example Works', issuer: 'https://id.example.com/api/v0', trial: false };

const ADDRESS = 'ada@example.com';
const LONG_ADDRESS =
  'ada.augusta.king-noel.countess-of-lovelace+analytical-engine-notes@correspondence.department.example-university.ac.uk';

const problem = (reason: Reason, detail: string | null = null): Problem => ({ reason, detail });

function at(stage: Stage, more: Partial<SessionState> = {}): SessionState {
  return { profile: TRIAL, notices: [], stage, ...more };
}

const unknown = (notice: Problem): Fixture => ({ state: at({ kind: 'unknown', problem: null }, { notices: [notice] }) });

type SignedOut = Extract<Stage, { kind: 'signed_out' }>;
type SigningIn = Extract<Stage, { kind: 'signing_in' }>;
type SignedIn = Extract<Stage, { kind: 'signed_in' }>;

const signedOut = (trouble: Problem | null = null): SignedOut => ({ kind: 'signed_out', problem: trouble });

/** A sign-in that began `age` ago. */
function signingIn(age: number, attempt: Partial<SigningIn['attempt']> = {}, trouble: Problem | null = null): SigningIn {
  const begun = HELD_NOW - age;
  return {
    kind: 'signing_in',
    problem: trouble,
    attempt: {
      identifier: ADDRESS,
      step: 'waiting',
      door: 'deep_link',
      waits_until_ms: begun + 15 * MINUTE,
      send_again_at_ms: begun + 60 * SECOND,
      another_way_at_ms: begun + 15 * SECOND,
      ...attempt,
    },
  };
}

/** A session whose token lives for another `left`. */
function signedIn(left: number, more: Partial<SignedIn> = {}): SignedIn {
  return {
    kind: 'signed_in',
    account: { identifier: ADDRESS, identifier_kind: 'email', subject: '3e1f8a52-6d0b-4c58-9a77-0b6f5b8c2d11' },
    token: { expires_at_ms: HELD_NOW + left, lifetime_ms: 60 * MINUTE, verified_by: 'SPACE_JWT_PUBLIC:8028AAA3' },
    kept: true,
    refreshing: false,
    problem: null,
    ...more,
  };
}

const unverified = (left: number): SignedIn['token'] => ({
  expires_at_ms: HELD_NOW + left,
  lifetime_ms: 60 * MINUTE,
  verified_by: null,
});

/** What a sign-in can meet before it waits, or ends with. */
const SIGN_IN_PROBLEMS: [Reason, string | null][] = [
  ['offline', null],
  ['provider_broken', 'HTTP 502'],
  ['provider_busy', 'it asks to wait for 30 s'],
  ['provider_refused', 'This API key is not known.'],
  ['local_provider_not_started', 'keyfob-identity was not found beside the app.'],
  ['link_malformed', null],
  ['link_foreign', null],
  ['sign_in_expired', null],
  ['sign_in_denied', null],
  ['code_refused', null],
  ['verification_failed', 'The signature does not match.'],
  ['sign_in_needed', null],
  ['keyring_damaged', null],
  ['loopback_not_opened', null],
  ['clock_wrong', '12 min fast'],
  ['config_invalid', 'profiles.toml, line 4: unknown key "isuer"'],
];

/** What can go wrong while the window waits. */
const WAITING_PROBLEMS: [Reason, string | null][] = [
  ['browser_not_opened', null],
  ['offline', null],
  ['redirect_not_allowed', null],
  ['link_malformed', null],
  ['link_foreign', null],
  ['nothing_to_paste', null],
  ['clipboard_failed', null],
  ['loopback_not_opened', null],
];

/** What can go wrong around a session. */
const SESSION_PROBLEMS: [Reason, string | null][] = [
  ['offline', null],
  ['provider_broken', 'HTTP 500'],
  ['provider_busy', 'it asks to wait for 30 s'],
  ['provider_refused', null],
  ['sign_in_needed', null],
  ['busy', null],
  ['token_too_short', 'a token lives 3600 s here, and 7200 s were asked for'],
  ['nothing_to_adopt', null],
  ['revocation_pending', null],
  ['state_folder_unusable', 'Read-only file system (os error 30)'],
  ['clipboard_failed', null],
  ['link_foreign', null],
];

const NOTICES: [Reason, string | null][] = [
  ['keyring_unavailable', 'The name org.freedesktop.secrets was not provided by any .service files'],
  ['keyring_waiting', null],
  ['keyring_locked', null],
  ['keyring_damaged', null],
  ['link_handler_missing', null],
  ['clock_wrong', '12 min fast'],
];

const dashed = (reason: Reason) => reason.replaceAll('_', '-');

function each(
  prefix: string,
  problems: [Reason, string | null][],
  show: (trouble: Problem) => Fixture,
): Record<string, Fixture> {
  return Object.fromEntries(
    problems.map(([reason, detail]) => [`${prefix}-${dashed(reason)}`, show(problem(reason, detail))]),
  );
}

export const states: Record<string, Fixture> = {
  'sign-in': { state: at(signedOut()) },
  'sign-in-company': { state: at(signedOut(), { profile: COMPANY }) },
  'sign-in-typed': { state: at(signedOut()), acts: [{ type: ADDRESS }] },
  'sign-in-under-way': {
    state: at(signedOut()),
    endless: ['sign_in'],
    acts: [{ type: ADDRESS }, { press: 'Sign in' }],
  },
  'sign-in-invalid': {
    state: at(signedOut()),
    refusals: { sign_in: problem('invalid_identifier') },
    acts: [{ type: 'ada at example' }, { press: 'Sign in' }],
  },
  'sign-in-refused-offline': {
    state: at(signedOut(), { profile: COMPANY }),
    refusals: { sign_in: problem('offline') },
    acts: [{ type: ADDRESS }, { press: 'Sign in' }],
  },
  'sign-in-refused-unexpected': {
    state: at(signedOut()),
    refusals: { continue_in_browser: { reason: 'unexpected', detail: null } },
    acts: [{ press: 'Continue in browser' }],
  },
  ...each('sign-in', SIGN_IN_PROBLEMS, (trouble) => ({ state: at(signedOut(trouble)) })),

  starting: { state: null },
  'unknown-keyring-waiting': unknown(problem('keyring_waiting')),
  'unknown-keyring-locked': unknown(problem('keyring_locked')),
  'unknown-keyring-unavailable': unknown(
    problem('keyring_unavailable', 'The name org.freedesktop.secrets was not provided by any .service files'),
  ),

  'waiting-email': { state: at(signingIn(5 * SECOND)) },
  'waiting-email-15s': { state: at(signingIn(20 * SECOND)) },
  'waiting-email-60s': { state: at(signingIn(70 * SECOND)) },
  'waiting-email-company': { state: at(signingIn(20 * SECOND), { profile: COMPANY }) },
  'waiting-phone': { state: at(signingIn(5 * SECOND, { identifier: '+442079460958' }), { profile: COMPANY }) },
  'waiting-phone-trial': { state: at(signingIn(70 * SECOND, { identifier: '+442079460958' })) },
  'waiting-browser': { state: at(signingIn(5 * SECOND, { identifier: null }), { profile: COMPANY }) },
  'waiting-browser-trial': { state: at(signingIn(70 * SECOND, { identifier: null })) },
  'waiting-loopback': { state: at(signingIn(70 * SECOND, { door: 'loopback' })) },
  'waiting-copied': { state: at(signingIn(20 * SECOND)), acts: [{ press: 'Copy sign-in address' }] },
  'waiting-long-address': { state: at(signingIn(70 * SECOND, { identifier: LONG_ADDRESS })) },
  'waiting-notice-link-handler-missing': {
    state: at(signingIn(70 * SECOND, { door: 'loopback' }), { notices: [problem('link_handler_missing')] }),
  },
  'waiting-refused-nothing-to-paste': {
    state: at(signingIn(20 * SECOND)),
    refusals: { paste_return_address: problem('nothing_to_paste') },
    acts: [{ press: 'Paste return link' }],
  },
  ...each('waiting', WAITING_PROBLEMS, (trouble) => ({ state: at(signingIn(70 * SECOND, {}, trouble)) })),

  redeeming: { state: at(signingIn(90 * SECOND, { step: 'redeeming' })) },
  'redeeming-browser': { state: at(signingIn(90 * SECOND, { step: 'redeeming', identifier: null })) },
  'redeeming-offline': { state: at(signingIn(90 * SECOND, { step: 'redeeming' }, problem('offline'))) },
  'redeeming-provider-broken': {
    state: at(signingIn(90 * SECOND, { step: 'redeeming' }, problem('provider_broken', 'HTTP 500'))),
  },

  'redeeming-again': {
    state: at(signingIn(90 * SECOND, { step: 'redeeming' }, problem('offline'))),
    endless: ['try_again'],
    acts: [{ press: 'Try again' }],
  },

  'signed-in': { state: at(signedIn(60 * MINUTE)) },
  'signed-in-company': { state: at(signedIn(42 * MINUTE), { profile: COMPANY }) },
  'signed-in-phone': {
    state: at(signedIn(12 * MINUTE, { account: { identifier: '+442079460958', identifier_kind: 'phone', subject: '1' } })),
  },
  'signed-in-copied': { state: at(signedIn(42 * MINUTE)), acts: [{ press: 'Copy access token' }] },
  'signed-in-ending': { state: at(signedIn(100 * SECOND)) },
  'signed-in-last-seconds': { state: at(signedIn(8 * SECOND)) },
  'signed-in-expired': { state: at(signedIn(-3 * MINUTE)) },
  'signed-in-refreshing': { state: at(signedIn(4 * MINUTE, { refreshing: true })) },
  'signed-in-long-life': {
    state: at(
      signedIn(0, {
        token: { expires_at_ms: HELD_NOW + 30 * 3600 * SECOND, lifetime_ms: 48 * 3600 * SECOND, verified_by: 'k1' },
      }),
    ),
  },
  'signed-in-not-kept': {
    state: at(signedIn(42 * MINUTE, { kept: false }), { notices: [problem('keyring_unavailable')] }),
  },
  'signed-in-long-key': {
    state: at(
      signedIn(0, {
        token: {
          expires_at_ms: HELD_NOW + 42 * MINUTE,
          lifetime_ms: 60 * MINUTE,
          verified_by: 'SPACE_JWT_PUBLIC:F0D8182E-31BE-4304-8BF9-BEE12C699A6B',
        },
      }),
    ),
  },
  'signed-in-unverified': { state: at(signedIn(42 * MINUTE, { token: unverified(42 * MINUTE) })) },
  'signed-in-long-address': {
    state: at(signedIn(42 * MINUTE, { account: { identifier: LONG_ADDRESS, identifier_kind: 'email', subject: '1' } })),
  },
  'signed-in-verification-failed': {
    state: at(
      signedIn(42 * MINUTE, {
        token: unverified(42 * MINUTE),
        problem: problem('verification_failed', 'The signature does not match.'),
      }),
    ),
  },
  ...each('signed-in', SESSION_PROBLEMS, (trouble) => ({ state: at(signedIn(42 * MINUTE, { problem: trouble })) })),

  'signed-in-sign-out-refused': {
    state: at(signedIn(42 * MINUTE)),
    refusals: { sign_out: problem('keyring_unavailable', 'The collection is locked.') },
    acts: [{ press: 'Sign out' }],
  },
  'signed-in-sign-out-waiting': {
    state: at(signedIn(42 * MINUTE)),
    refusals: { sign_out: problem('keyring_waiting') },
    acts: [{ press: 'Sign out' }],
  },

  ...each('notice', NOTICES, (notice) => ({ state: at(signedIn(42 * MINUTE), { notices: [notice] }) })),
  'sign-in-notice-keyring-damaged': { state: at(signedOut(), { notices: [problem('keyring_damaged')] }) },
  'sign-in-notice-keyring-unavailable': { state: at(signedOut(), { notices: [problem('keyring_unavailable')] }) },
  'notice-all': { state: at(signedOut(), { notices: NOTICES.map(([reason, detail]) => problem(reason, detail)) }) },
};

export const stateNames = Object.keys(states);
