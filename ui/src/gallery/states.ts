// Every state that the window can be in, by name.
//
// A state is what the program sent, which verbs it refuses or never ends, and what the person then did. The names
// are file names of pictures: they change only with a reason.
import type {
  AccountView,
  Added,
  ClaimChange,
  ClaimValue,
  ClaimView,
  DetailsView,
  FindingView,
  PresetView,
  Problem,
  ProfileEntry,
  Reason,
  SessionState,
  SettingsView,
  Stage,
  Trouble,
} from '../host/host';
import { SETTINGS, type Asked } from '../host/memory';

/** What a person does on the page once it is drawn: types, into the first field unless another one is named by its id;
 *  presses a button, or holds it, by the words on it or its name; picks something from a list; chooses a radio button by
 *  its value. And what the program no longer brings to an end from then on. */
export type Act =
  | { type: string; into?: string }
  | { press: string }
  | { hold: string }
  | { pick: string }
  | { radio: string }
  | { hang: Asked }
  | { key: string; ctrlKey?: boolean; shiftKey?: boolean };

export interface Fixture {
  /** Null: the program has not answered yet. */
  state: SessionState | null;
  /** What is refused, and with what. */
  refusals?: Partial<Record<Asked, Trouble>>;
  /** What never comes to an end. */
  endless?: Asked[];
  /** The profiles that there are; the local one alone unless said otherwise. */
  profiles?: ProfileEntry[];
  /** What comes of adding one. */
  added?: Added;
  /** The picture of who is signed in. */
  picture?: string;
  /** What the tokens say. */
  details?: DetailsView;
  /** What the person has chosen. */
  settings?: SettingsView;
  /** What the doctor finds, and what once it has mended what it can. */
  findings?: FindingView[];
  mended?: FindingView[];
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

// A person, in a few bytes.
const PICTURE = [
  'data:image/png;base64,',
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAMAAACdt4HsAAAAD1BMVEUrSm/x07haOCrZpFs8YIpEZL5tAAAAt0lEQVR42u3WsRLD',
  'IAwD0Fjy/39zp15SisHGuEMPjVz0NoIuTeY6wL8DuLMAoE0MQC9+AFacABAQrlC/IxQAQEjYDwAxYTsABIXdwPsjEWlqjxMn8J0A',
  'IDISfgCIDIUDHGAGqAPQWkCngFYDOrmNWg/o8I/kfVwtwP+8e/vGwOgJxsKwF4qvP9pITX9lpd31yp1YF34m1w4atJPtewTOku2P',
  'BfqS7dtCFiBzApkTyKSQBciksAq8ABV5KxtCr4UPAAAAAElFTkSuQmCC',
].join('');

const problem = (reason: Reason, detail: string | null = null): Problem => ({ reason, detail });

function at(stage: Stage, more: Partial<SessionState> = {}): SessionState {
  return { profile: TRIAL, notices: [], stage, first_run: false, copied: null, ...more };
}

const unknown = (notice: Problem): Fixture => ({ state: at({ kind: 'unknown', problem: null }, { notices: [notice] }) });

type SignedOut = Extract<Stage, { kind: 'signed_out' }>;
type SigningIn = Extract<Stage, { kind: 'signing_in' }>;
type SignedIn = Extract<Stage, { kind: 'signed_in' }>;

const signedOut = (trouble: Problem | null = null, browserLeft = false): SignedOut => ({
  kind: 'signed_out',
  problem: trouble,
  browser_left: browserLeft,
});

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

const account = (more: Partial<AccountView> = {}): AccountView => ({
  name: null,
  pictured: false,
  identifier: ADDRESS,
  identifier_kind: 'email',
  subject: '3e1f8a52-6d0b-4c58-9a77-0b6f5b8c2d11',
  ...more,
});

/** A session whose token lives for another `left`. */
function signedIn(left: number, more: Partial<SignedIn> = {}): SignedIn {
  return {
    kind: 'signed_in',
    account: account(),
    token: { expires_at_ms: HELD_NOW + left, lifetime_ms: 60 * MINUTE, verified_by: 'SPACE_JWT_PUBLIC:8028AAA3', opaque: false },
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
  opaque: false,
});

const DETAILS = { press: 'Details' };

function claim(name: string, value: string | string[] | number | ClaimValue, change: ClaimChange | null = null): ClaimView {
  if (typeof value === 'string') {
    return { name, value: { kind: 'text', text: value }, change };
  }
  if (Array.isArray(value)) {
    return { name, value: { kind: 'texts', texts: value }, change };
  }
  return { name, value: typeof value === 'number' ? { kind: 'moment', at_ms: value } : value, change };
}

const json = (value: unknown): ClaimValue => ({ kind: 'other', json: JSON.stringify(value) });
const SIGNED = { kind: 'by', key: 'SPACE_JWT_PUBLIC:8028AAA3', issuer: 'http://127.0.0.1:47117' } as const;
const HEADER = [claim('alg', 'ES256'), claim('kid', 'SPACE_JWT_PUBLIC:8028AAA3'), claim('typ', 'JWT')];
const OF_LOCAL = [
  claim('aud', '0197f2b6-6c0e-7b5a-9d43-6b6579666f62'),
  claim('exp', HELD_NOW + 42 * MINUTE),
  claim('iat', HELD_NOW - 18 * MINUTE),
  claim('identifier', ADDRESS),
  claim('iss', 'http://127.0.0.1:47117'),
  claim('sub', '3e1f8a52-6d0b-4c58-9a77-0b6f5b8c2d11'),
];
const LOCAL_DETAILS: DetailsView = {
  access: {
    signature: SIGNED,
    parts: { header: HEADER, claims: [...OF_LOCAL, claim('authentication_method', 'MAGIC_LINK'), claim('type', 'access_token')] },
  },
  id: {
    signature: SIGNED,
    parts: { header: HEADER, claims: [...OF_LOCAL, claim('auth_time', HELD_NOW - 26 * 60 * MINUTE), claim('type', 'id_token')] },
  },
};

/** The details of these claims of the access token, instead. */
const detailed = (claims: ClaimView[], details: Partial<DetailsView> = {}): DetailsView => ({
  access: { signature: SIGNED, parts: { header: HEADER, claims } },
  id: LOCAL_DETAILS.id,
  ...details,
});

const details = (view: DetailsView, acts: Act[] = []): Fixture => ({
  state: at(signedIn(42 * MINUTE)),
  details: view,
  acts: [DETAILS, ...acts],
});

const SETTING = { press: 'Settings' };

const finding = (check: string, found: string, more: Partial<FindingView> = {}): FindingView => ({
  check,
  outcome: 'good',
  found,
  remedy: null,
  milliseconds: null,
  fixed: null,
  mendable: false,
  ...more,
});

const WELL: FindingView[] = [
  finding('programs', 'keyfob 0.1.0, keyfob-desktop 0.1.0, keyfob-identity 0.1.0'),
  finding('configuration', 'the local provider; no profile in /home/ada/.config/keyfob/config.toml (not there)'),
  finding('keyring', 'keeps what it is given', { milliseconds: 42 }),
  finding('handler', 'dev.keyfob.desktop'),
  finding('link', 'came back to Keyfob', { milliseconds: 318 }),
  finding('provider', 'http://127.0.0.1:47117 answers, and gives its keys', { milliseconds: 9 }),
  finding('clock', "agrees with the provider's"),
  finding('proxy', 'none is set'),
];

/** All is well, but for these. */
const but = (...others: FindingView[]) =>
  WELL.map((each) => others.find(({ check }) => check === each.check) ?? each);

const NO_IDENTITY = finding('programs', 'keyfob 0.1.0, keyfob-desktop 0.1.0, no keyfob-identity', {
  outcome: 'odd',
  remedy: 'install keyfob-identity beside keyfob: it is the local provider',
});
const NO_KEYRING = finding(
  'keyring',
  'there is no keyring that works: zbus error: The name org.freedesktop.secrets was not provided by any .service files',
  {
    outcome: 'bad',
    remedy: 'start one, such as gnome-keyring or KWallet; over SSH, `dbus-run-session` gives it a bus',
  },
);
const NOT_WELL = but(
  NO_IDENTITY,
  NO_KEYRING,
  finding('handler', 'links of Keyfob do not open it on this computer: they open mail-reader.desktop', {
    outcome: 'bad',
    remedy: '`keyfob doctor --fix` registers it; `keyfob login` works without',
    mendable: true,
  }),
  finding('link', 'it would open another program', { outcome: 'skipped' }),
);
const MENDED = but(
  NO_IDENTITY,
  NO_KEYRING,
  finding('handler', 'keyfob-desktop-handler.desktop', {
    fixed: 'keyfob-desktop-handler.desktop now opens links of dev.keyfob',
  }),
);

const DIAGNOSE: Act = { key: 'D', ctrlKey: true, shiftKey: true };
const MEND: Act = { press: 'Fix what can be fixed' };

const diagnosed = (findings: FindingView[], more: Partial<Fixture> = {}): Fixture => ({
  state: at(signedIn(42 * MINUTE)),
  findings,
  acts: [DIAGNOSE],
  ...more,
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

export const LOCAL_ENTRY: ProfileEntry = { name: 'local', kind: 'local', issuer: '', in_use: false };

const entry = (name: string, issuer: string, more: Partial<ProfileEntry> = {}): ProfileEntry => ({
  name,
  kind: 'oidc',
  issuer,
  in_use: false,
  ...more,
});

const PROFILES: ProfileEntry[] = [
  entry('example', 'https://id.example.com/realms/works', { in_use: true }),
  entry('genauth', 'https://example.genauth.test/oidc'),
  entry('letters', 'https://letters.example.com', { kind: 'cotter' }),
  LOCAL_ENTRY,
];

const LONG_NAMES: ProfileEntry[] = [
  entry('the-analytical-engine-department', 'https://accounts.department-of-difference-engines.example-university.ac.uk'),
  entry('analytical-engines_and_looms_No2', 'https://example.com/realms/the-one-with-the-very-long-name-that-nobody-says', {
    in_use: true,
  }),
  LOCAL_ENTRY,
];

const MANY_PROFILES: ProfileEntry[] = [
  ...Array.from({ length: 9 }, (_, index) => entry(`customer-${index + 1}`, `https://c${index + 1}.example.com`)),
  { ...LOCAL_ENTRY, in_use: true },
];

export const PRESETS: PresetView[] = [
  {
    id: 'genauth',
    name: 'GenAuth',
    issuer: 'https://{app}.genauth.test/oidc',
    at_the_provider:
      'A native application, every authentication method "none", and RS256 as the signing algorithm of the ID token (it is HS256 unless changed).',
    tried: false,
  },
  {
    id: 'google',
    name: 'Google',
    issuer: 'https://accounts.example.com',
    at_the_provider:
      'A client of the type "iOS" with the bundle id `dev.keyfob`: the type "Desktop app" wants a client secret.',
    tried: true,
  },
];

const OPEN: Act = { press: 'Profiles' };
const ADD: Act = { press: 'Add a profile' };
const FILLED: Act[] = [
  OPEN,
  ADD,
  { type: 'https://id.example.com/realms/works', into: 'issuer' },
  { type: 'keyfob', into: 'client-id' },
];

/** Somebody who has a profile, at the list. */
const listed = (more: Partial<Fixture> = {}): Fixture => ({
  state: at(signedIn(42 * MINUTE), { profile: COMPANY }),
  profiles: PROFILES,
  acts: [OPEN],
  ...more,
});

/** Somebody who adds their first profile. */
const adding = (more: Partial<Fixture> = {}): Fixture => ({
  state: at(signedOut()),
  acts: [...FILLED, { press: 'Add' }],
  ...more,
});

const wrong = (setting: Extract<Added, { kind: 'wrong' }>['setting'], trouble: Problem): Fixture =>
  adding({ added: { kind: 'wrong', setting, problem: trouble } });

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
  welcome: { state: at(signedOut(), { first_run: true }) },
  'welcome-starting': {
    state: at(signedOut(), { first_run: true }),
    endless: ['use_profile'],
    acts: [{ press: 'Try it here With a small provider on this computer. Any address works, and mail stays here.' }],
  },
  'welcome-offline': { state: at(signedOut(problem('local_provider_not_started', 'keyfob-identity was not found beside the app.')), { first_run: true }) },
  'welcome-connect': {
    state: at(signedOut(), { first_run: true }),
    acts: [{ press: 'Connect a provider Sign in with your own OpenID Connect provider.' }],
  },
  'sign-in': { state: at(signedOut()) },
  'sign-in-company': { state: at(signedOut(), { profile: COMPANY }) },
  'sign-in-browser-left': { state: at(signedOut(null, true), { profile: COMPANY }) },
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
    state: at(signedIn(12 * MINUTE, { account: account({ identifier: '+442079460958', identifier_kind: 'phone' }) })),
  },
  'signed-in-copied': {
    state: at(signedIn(42 * MINUTE), { copied: { form: 'access', until_ms: HELD_NOW + 27 * SECOND } }),
  },
  'signed-in-copied-header': {
    state: at(signedIn(42 * MINUTE), { copied: { form: 'header', until_ms: HELD_NOW + 27 * SECOND } }),
  },
  'signed-in-ending': { state: at(signedIn(100 * SECOND)) },
  'signed-in-last-seconds': { state: at(signedIn(8 * SECOND)) },
  'signed-in-expired': { state: at(signedIn(-3 * MINUTE)) },
  'signed-in-refreshing': { state: at(signedIn(4 * MINUTE, { refreshing: true })) },
  'signed-in-long-life': {
    state: at(
      signedIn(0, {
        token: { expires_at_ms: HELD_NOW + 30 * 3600 * SECOND, lifetime_ms: 48 * 3600 * SECOND, verified_by: 'k1', opaque: false },
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
          opaque: false,
        },
      }),
    ),
  },
  'signed-in-unverified': { state: at(signedIn(42 * MINUTE, { token: unverified(42 * MINUTE) })) },
  'signed-in-long-address': {
    state: at(signedIn(42 * MINUTE, { account: account({ identifier: LONG_ADDRESS }) })),
  },
  'signed-in-verification-failed': {
    state: at(
      signedIn(42 * MINUTE, {
        token: unverified(42 * MINUTE),
        problem: problem('verification_failed', 'The signature does not match.'),
      }),
    ),
  },
  'signed-in-name': {
    state: at(signedIn(42 * MINUTE, { account: account({ name: 'Ada Lovelace' }) }), { profile: COMPANY }),
  },
  'signed-in-picture': {
    state: at(signedIn(42 * MINUTE, { account: account({ name: 'Ada Lovelace', pictured: true }) }), {
      profile: COMPANY,
    }),
    picture: PICTURE,
  },
  'signed-in-opaque': {
    state: at(signedIn(42 * MINUTE, { token: { ...unverified(42 * MINUTE), opaque: true } }), { profile: COMPANY }),
  },
  'signed-in-keys': { state: at(signedIn(42 * MINUTE)), acts: [{ key: '?' }] },
  'signed-in-long-name': {
    state: at(
      signedIn(42 * MINUTE, {
        account: account({
          name: 'Augusta Ada King-Noel, Countess of Lovelace, of the Analytical Engine',
          identifier: LONG_ADDRESS,
          pictured: true,
        }),
      }),
      { profile: COMPANY },
    ),
    picture: PICTURE,
  },
  'signed-in-subject-only': {
    state: at(signedIn(42 * MINUTE, { account: account({ identifier: '', identifier_kind: 'other' }) }), {
      profile: COMPANY,
    }),
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

  'profiles-empty': { state: at(signedOut()), acts: [OPEN] },
  profiles: listed(),
  'profiles-many': { state: at(signedOut()), profiles: MANY_PROFILES, acts: [OPEN] },
  'profiles-local-in-use': listed({
    state: at(signedOut()),
    profiles: PROFILES.map((each) => ({ ...each, in_use: each.kind === 'local' })),
  }),
  'profiles-adding': {
    state: at(signedOut()),
    endless: ['add_profile'],
    acts: [...FILLED, { press: 'Add' }, { press: 'Back' }],
  },
  'profiles-long-names': listed({ profiles: LONG_NAMES }),
  'profiles-going': listed({ endless: ['use_profile'], acts: [OPEN, { press: 'genauth example.genauth.test/oidc' }] }),
  'profiles-remove': listed({ acts: [OPEN, { press: 'Remove genauth' }] }),
  'profiles-remove-long-name': listed({
    profiles: LONG_NAMES,
    acts: [OPEN, { press: 'Remove the-analytical-engine-department' }],
  }),
  'profiles-removing': listed({
    endless: ['remove_profile'],
    acts: [OPEN, { press: 'Remove genauth' }, { press: 'Remove' }],
  }),
  'profiles-remove-refused': listed({
    refusals: { remove_profile: problem('keyring_locked') },
    acts: [OPEN, { press: 'Remove genauth' }, { press: 'Remove' }],
  }),
  'profiles-config-invalid': {
    state: at(signedOut(problem('config_invalid', 'config.toml: TOML parse error at line 4')), {
      profile: { name: '', issuer: '', trial: false },
    }),
    refusals: { profiles: problem('config_invalid', 'config.toml: TOML parse error at line 4') },
    acts: [OPEN],
  },
  'profiles-use-refused': listed({
    refusals: { use_profile: problem('local_provider_not_started', 'keyfob-identity was not found beside the app.') },
    acts: [OPEN, { press: 'Local provider On this computer, for trying things out' }],
  }),

  details: details(LOCAL_DETAILS),
  'details-id': details(LOCAL_DETAILS, [{ radio: 'id' }]),
  'details-changed': details(
    detailed([
      claim('exp', HELD_NOW + 60 * MINUTE, 'changed'),
      claim('iat', HELD_NOW, 'changed'),
      claim('iss', 'http://127.0.0.1:47117'),
      claim('sub', '3e1f8a52-6d0b-4c58-9a77-0b6f5b8c2d11'),
      claim('roles', ['owner', 'billing'], 'new'),
      claim('plan', 'free', 'gone'),
    ]),
  ),
  'details-opaque': details({
    access: { signature: { kind: 'for_its_api' }, parts: null },
    id: {
      signature: { kind: 'by', key: 'b7fa3d0c21e94c4d', issuer: 'https://id.example.com/realms/works' },
      parts: { header: HEADER, claims: OF_LOCAL },
    },
  }),
  'details-unchecked': details(
    detailed(OF_LOCAL, {
      access: { signature: { kind: 'unchecked', problem: problem('offline') }, parts: { header: HEADER, claims: OF_LOCAL } },
    }),
  ),
  'details-refused': details({
    access: {
      signature: { kind: 'refused', problem: problem('verification_failed', "the token's signature is wrong") },
      parts: { header: HEADER, claims: OF_LOCAL },
    },
    id: null,
  }),
  'details-expired': {
    ...details(
      detailed([
        claim('exp', HELD_NOW - 3 * MINUTE),
        claim('iat', HELD_NOW - 63 * MINUTE),
        claim('iss', 'http://127.0.0.1:47117'),
        claim('sub', '3e1f8a52-6d0b-4c58-9a77-0b6f5b8c2d11'),
      ]),
    ),
    state: at(signedIn(-3 * MINUTE)),
  },
  'details-strange': details(
    detailed([
      claim('email', LONG_ADDRESS),
      claim('email_verified', json(true)),
      claim('name', 'Ada\u202e ecalevoL\u202c (admin\u200b)'),
      claim('given_name', 'عائشة'),
      claim('nickname', ''),
      claim('https://example.com/claims/departments-and-their-permissions', json({ engines: ['read', 'write'], depth: { of: [1, 2, 3] } })),
      claim('scope', 'openid profile email offline_access engines:read engines:write'),
      claim('aud', ['https://api.example.com', 'https://engines.example.com/v1/']),
      claim('updated_at', HELD_NOW - 400 * 24 * 60 * MINUTE),
    ]),
  ),
  'details-revealed': details(LOCAL_DETAILS, [{ hold: 'Hold to show it' }]),
  'details-reading': { state: at(signedIn(42 * MINUTE)), endless: ['details'], acts: [DETAILS] },
  'details-failed': { state: at(signedIn(42 * MINUTE)), refusals: { details: problem('sign_in_needed') }, acts: [DETAILS] },

  settings: { state: at(signedIn(42 * MINUTE)), acts: [SETTING] },
  'settings-changed': {
    state: at(signedOut()),
    profiles: PROFILES,
    settings: { ...SETTINGS, clipboard_seconds: 45, refresh_in_background: false, start_profile: 'genauth' },
    acts: [SETTING, { radio: 'dark' }, { radio: 'this_run' }],
  },
  'settings-reading': { state: at(signedOut()), endless: ['settings'], acts: [SETTING] },
  'settings-not-saved': {
    state: at(signedOut()),
    refusals: { change_setting: problem('config_invalid', 'config.toml cannot be written: Read-only file system') },
    acts: [SETTING, { radio: 'dark' }],
  },
  'settings-unread': {
    state: at(signedOut()),
    refusals: { settings: problem('config_invalid', 'config.toml, line 4: unknown key "isuer"') },
    acts: [SETTING],
  },

  'diagnostics-checking': diagnosed(WELL, { endless: ['check_up'] }),
  'diagnostics-well': diagnosed(WELL),
  'diagnostics-odd': diagnosed(but(NO_IDENTITY)),
  'diagnostics-bad': diagnosed(NOT_WELL),
  'diagnostics-mending': diagnosed(NOT_WELL, { endless: ['mend'], acts: [DIAGNOSE, MEND] }),
  'diagnostics-rechecking': diagnosed(NOT_WELL, { acts: [DIAGNOSE, { hang: 'check_up' }, { press: 'Check again' }] }),
  'diagnostics-mended': diagnosed(NOT_WELL, { mended: MENDED, acts: [DIAGNOSE, MEND] }),
  'diagnostics-long': diagnosed(
    but(
      finding(
        'configuration',
        `the configuration cannot be used as it is written: /home/${'a-folder-in-a-folder/'.repeat(8)}config.toml: TOML parse error at line 3, column 12\n  |\n3 | issuer = "https://id.example.com/\u202ezssap\u202c\n  |          ^\ninvalid basic string, expected \`"\``,
        { outcome: 'bad', remedy: 'correct it, then try again' },
      ),
      finding('provider', 'المزود لا يجيب: https://هوية.example.com/realms/العمل', {
        outcome: 'bad',
        remedy: 'check the network; nothing is lost, and you stay signed in',
        milliseconds: 15_004,
      }),
      finding('clock', '12 min 4 s fast, by the provider\u2019s', { outcome: 'odd', remedy: 'set it; most systems can do so by the network' }),
      finding('proxy', `HTTPS_PROXY is http://${'proxy-of-the-department-of-'.repeat(4)}engines.example.com:3128`),
    ),
  ),
  'diagnostics-failed': diagnosed(WELL, {
    refusals: { check_up: problem('diagnostics_failed', 'the program keyfob, which checks it, is not beside this one') },
  }),

  'add-profile': { state: at(signedOut()), acts: [OPEN, ADD] },
  'add-profile-preset': { state: at(signedOut()), acts: [OPEN, ADD, { pick: 'genauth' }] },
  'add-profile-preset-filled': { state: at(signedOut()), acts: [OPEN, ADD, { pick: 'google' }] },
  'add-profile-checking': adding({ endless: ['add_profile'] }),
  'add-profile-works': adding({
    added: {
      kind: 'works',
      name: 'example',
      knows_this_app: true,
      to_allow: ['dev.keyfob://callback/example', 'http://127.0.0.1/callback/example'],
    },
  }),
  'add-profile-works-ports': adding({
    added: {
      kind: 'works',
      name: 'the-analytical-engine-department',
      knows_this_app: false,
      to_allow: [
        'dev.keyfob://callback/the-analytical-engine-department',
        ...[41017, 41018, 41019].map(
          (port) => `http://127.0.0.1:${port}/callback/the-analytical-engine-department`,
        ),
      ],
    },
  }),
  'add-profile-wrong-issuer': wrong(
    'issuer',
    problem(
      'config_invalid',
      'it calls itself "https://id.example.com/realms/works/", not "https://id.example.com/realms/works": write the issuer as the provider does',
    ),
  ),
  'add-profile-no-address': wrong('issuer', problem('config_invalid', 'issuer must begin with https://')),
  'add-profile-offline': wrong('issuer', problem('offline')),
  'add-profile-no-provider': wrong('issuer', problem('provider_broken', 'it is not JSON (HTTP 200)')),
  'add-profile-no-client': wrong('client_id', problem('config_invalid', 'client_id is empty')),
  'add-profile-client-refused': wrong(
    'client_id',
    problem('provider_refused', 'the client "keyfob" is not known, or is a confidential one'),
  ),
  'add-profile-at-the-provider': wrong(
    'at_the_provider',
    problem('config_invalid', "it signs ID tokens with a secret only: set the ID token's signing algorithm to RS256"),
  ),
  'add-profile-refused': adding({
    refusals: { add_profile: problem('config_invalid', 'config.toml cannot be written: Read-only file system') },
  }),

  ...each('notice', NOTICES, (notice) => ({ state: at(signedIn(42 * MINUTE), { notices: [notice] }) })),
  'sign-in-notice-keyring-damaged': { state: at(signedOut(), { notices: [problem('keyring_damaged')] }) },
  'sign-in-notice-keyring-unavailable': { state: at(signedOut(), { notices: [problem('keyring_unavailable')] }) },
  'notice-all': { state: at(signedOut(), { notices: NOTICES.map(([reason, detail]) => problem(reason, detail)) }) },
};

export const stateNames = Object.keys(states);
