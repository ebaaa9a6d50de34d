// Every sentence of the page.
//
// Rust says what happened in one `Reason`; `failures` below says it to a person: one sentence of what happened,
// one thing to do. A reason without words does not compile.
import { plural } from './plural';
import type { Remedy } from './remedy';
import type { TroubleReason } from './host/host';

export interface Failure {
  happened: string;
  /** The label of the button that mends it; a sentence when only the person can (`verb: null`). */
  todo: string;
  verb: Remedy | null;
}

// The spaces inside the number do not break: it stays on one line.
const EXAMPLE = 'ada@example.com or +44\u00a020\u00a07946\u00a00958';

export const AGAIN = { todo: 'Try again', verb: 'again' } as const;
const START_OVER = { todo: 'Start again', verb: 'start_over' } as const;
const SIGN_IN = { todo: 'Sign in again', verb: 'sign_in_again' } as const;
const OPEN = { todo: 'Open page again', verb: 'open_again' } as const;

export const failures = {
  invalid_identifier: {
    happened: 'This is neither an e-mail address nor a phone number.',
    todo: `Type it like ${EXAMPLE}.`,
    verb: null,
  },
  browser_not_opened: {
    happened: 'Your browser could not be opened.',
    todo: 'Copy the address',
    verb: 'copy_sign_in_address',
  },
  offline: {
    happened: 'The provider cannot be reached.',
    ...AGAIN,
  },
  provider_broken: {
    happened: 'The provider is having trouble and gave no usable answer.',
    ...AGAIN,
  },
  provider_busy: {
    happened: 'The provider asks you to wait a moment.',
    ...AGAIN,
  },
  provider_refused: {
    happened: 'The provider refused the request.',
    ...START_OVER,
  },
  redirect_not_allowed: {
    happened: "The provider does not allow Keyfob's return address.",
    todo: 'Use another way',
    verb: 'try_another_way',
  },
  local_provider_not_started: {
    happened: 'The local provider could not be started.',
    ...AGAIN,
  },
  link_malformed: {
    happened: 'The link that came back is damaged.',
    ...OPEN,
  },
  link_foreign: {
    happened: 'That link belongs to another sign-in.',
    ...OPEN,
  },
  sign_in_expired: {
    happened: 'This sign-in took longer than 15 minutes.',
    ...START_OVER,
  },
  sign_in_denied: {
    happened: 'The sign-in was declined.',
    ...START_OVER,
  },
  code_refused: {
    happened: 'That link was used before or is too old.',
    ...START_OVER,
  },
  verification_failed: {
    happened: 'The token that came back did not pass verification and was thrown away.',
    ...SIGN_IN,
  },
  sign_in_needed: {
    happened: 'The provider has ended your session.',
    ...SIGN_IN,
  },
  busy: {
    happened: 'Another program is refreshing this session.',
    ...AGAIN,
  },
  token_too_short: {
    happened: 'Tokens of this provider do not live that long.',
    todo: 'Ask for less.',
    verb: null,
  },
  nothing_to_adopt: {
    happened: 'That is no refresh token.',
    todo: 'Copy it again from where it was made.',
    verb: null,
  },
  state_folder_unusable: {
    happened: 'Keyfob cannot make its lock file, and without it another program may spend the same token.',
    ...AGAIN,
  },
  revocation_pending: {
    happened: 'You are signed out here, but the provider could not be told yet.',
    todo: 'Keyfob tells it later, for seven days.',
    verb: null,
  },
  keyring_waiting: {
    happened: 'Your keyring does not answer.',
    todo: 'If it is asking for its password, answer its prompt.',
    verb: null,
  },
  keyring_locked: {
    happened: 'Your keyring is locked.',
    todo: 'Unlock',
    verb: 'ask_keyring',
  },
  keyring_unavailable: {
    happened: 'No keyring can be used on this computer.',
    todo: 'Start one to stay signed in after you quit.',
    verb: null,
  },
  keyring_damaged: {
    happened: 'The session in your keyring cannot be read.',
    ...SIGN_IN,
  },
  clock_wrong: {
    happened: 'The clock of this computer is wrong.',
    todo: 'Set it in the system settings.',
    verb: null,
  },
  loopback_not_opened: {
    happened: 'No local port could be opened for the answer.',
    ...AGAIN,
  },
  clipboard_failed: {
    happened: 'The clipboard could not be used.',
    ...AGAIN,
  },
  nothing_to_paste: {
    happened: 'The clipboard holds no return link: copy it in the browser first.',
    todo: 'Paste again',
    verb: 'paste_return_address',
  },
  link_handler_missing: {
    happened: 'Links do not open Keyfob on this computer.',
    todo: 'Sign-ins come back through your browser instead.',
    verb: null,
  },
  config_invalid: {
    happened: 'The configuration cannot be used as it is written.',
    todo: 'Correct it and start Keyfob again.',
    verb: null,
  },
  diagnostics_failed: {
    happened: 'Keyfob could not be checked.',
    todo: 'Check again',
    verb: 'again',
  },
  unexpected: {
    happened: 'Keyfob made a mistake of its own.',
    ...AGAIN,
  },
} as const satisfies Record<TroubleReason, Failure>;

/** What reads differently once there is a session: only the token is lost, and a fresh one is a refresh away. */
export const sessionFailures: Partial<Record<TroubleReason, Failure>> = {
  verification_failed: {
    happened: 'The access token did not pass verification, so it is not used.',
    todo: 'Refresh now',
    verb: 'refresh',
  },
};

/** What happened reads differently under a token that is looked at: it is at hand, whatever is wrong with it. */
export const signatureFailures: Partial<Record<TroubleReason, string>> = {
  verification_failed: 'This token did not pass verification.',
};

/** What happened reads differently when it is why a sign-out was refused, which can be tried again. */
export const signOutFailures: Partial<Record<TroubleReason, string>> = {
  keyring_unavailable: 'You are still signed in: the keyring did not delete the session.',
  keyring_waiting: 'You are still signed in: the keyring asks for its password first.',
  keyring_locked: 'You are still signed in: the keyring is locked and deletes nothing.',
};

/** What a notice says where its failure names a button. */
export const noticeAdvice: Partial<Record<TroubleReason, string>> = {
  keyring_locked: 'Until it is unlocked, it neither gives nor keeps a session.',
  keyring_damaged: 'Sign in again to replace it.',
};

/** What reads differently when it is why a profile was not added. The program's own words say what to change. */
export const addFailures: Partial<Record<TroubleReason, { happened: string; todo: string | null }>> = {
  config_invalid: { happened: 'This cannot be used.', todo: null },
  offline: {
    happened: 'This address cannot be reached.',
    todo: 'Compare the address with the one that the provider names, and see whether this computer is online.',
  },
  provider_broken: {
    happened: 'No OpenID Connect provider answers there.',
    todo: 'Compare the address with the one that the provider names.',
  },
};

/** The same where it is the client ID that is to be changed. */
export const clientFailures: typeof addFailures = {
  config_invalid: { happened: 'The client ID is missing.', todo: null },
  provider_refused: {
    happened: 'The provider does not take this client.',
    todo: 'Compare the ID with the one that the provider shows.',
  },
};

/** What happened reads differently where profiles are listed, added and removed. */
export const profileFailures: Partial<Record<TroubleReason, string>> = {
  config_invalid: "Keyfob's configuration file stands in the way.",
  keyring_unavailable: 'The profile is still there: the keyring did not delete its session.',
  keyring_waiting: 'The profile is still there: the keyring asks for its password first.',
  keyring_locked: 'The profile is still there: the keyring is locked and deletes nothing.',
};

export const words = {
  units: {
    days: (count: number) => plural(count, { one: '# day', other: '# days' }),
    hours: (count: number) => `${count} h`,
    minutes: (count: number) => `${count} min`,
    seconds: (count: number) => `${count} s`,
    both: (large: string, small: string) => `${large} ${small}`,
  },

  notices: 'Notices',
  localProvider: 'Local provider',
  tryAgain: AGAIN.todo,
  startAgain: START_OVER.todo,
  dismiss: 'Dismiss',

  starting: {
    title: 'Opening your session…',
  },

  profiles: {
    open: 'Profiles',
    none: 'No profile yet',
    title: 'Profiles',
    back: 'Back',
    onThisComputer: 'On this computer, for trying things out',
    inUse: 'In use',
    empty: 'Sign in with your own provider: add it as a profile.',
    add: 'Add a profile',
    remove: (name: string) => `Remove ${name}`,
    removeTitle: (name: string) => `Remove ${name}?`,
    removeText: 'You are signed out there first.',
    removeYes: 'Remove',
    removeNo: 'Keep',
  },

  addProfile: {
    title: 'Add a profile',
    preset: 'Provider',
    anyPreset: 'Any OpenID Connect provider',
    at: (provider: string) => `At ${provider}:`,
    tried: 'Tried: a sign-in works.',
    untried: 'From its documentation, not tried yet.',
    issuer: 'Issuer',
    issuerHint: 'The address of the provider, exactly as it writes it',
    issuerYours: 'Your own in place of the braces',
    clientId: 'Client ID',
    clientIdHint: 'Of a public (native) client; there is no secret',
    submit: 'Add',
    checking: 'Asking the provider…',
    atTheProvider: 'A setting at the provider stands in the way.',
  },

  added: {
    title: (name: string) => `${name} is added`,
    text: 'The provider answered as it should.',
    knowsThisApp: 'The provider knows this app, and lets it return to:',
    enter: 'Allow these return addresses there, if you have not yet:',
    done: 'Continue',
  },

  welcome: {
    title: 'Welcome to Keyfob',
    text: 'Sign in once, and keep a fresh access token at hand.',
    connect: 'Connect a provider',
    connectText: 'Sign in with your own OpenID Connect provider.',
    tryHere: 'Try it here',
    tryHereText: 'With a small provider on this computer. Any address works, and mail stays here.',
  },

  signIn: {
    title: 'Sign in',
    unknownTitle: 'Sign in for now',
    unknownText: 'Only your keyring knows whether you are signed in. You can go on without it, until you quit.',
    field: 'E-mail address or phone number',
    example: `For example ${EXAMPLE}`,
    left: (provider: string) => `The browser may still be signed in at ${provider}.`,
    leave: 'Sign out there',
    submit: 'Sign in',
    browser: 'Continue in browser',
    trialTitle: 'This is the local provider on this computer, for trying things out.',
    trialText: 'Any address works, and mail goes to an outbox here.',
  },

  waiting: {
    title: { email: 'Check your inbox', phone: 'Check your messages', none: 'Go on in your browser' },
    goesTo: { email: 'A sign-in link goes to', phone: 'A sign-in code goes to' },
    backHere: {
      email: 'Open it on this computer and you come back here.',
      phone: 'Type it on the page in your browser, and you come back here.',
    },
    pageOpened: 'Sign in on the page that opened there, and you come back here.',
    outbox: 'Open the outbox',
    outboxHint: 'The local provider keeps all mail there.',
    until: (time: string) => `Keyfob waits until ${time}`,
    more: 'Other ways on',
    again: 'Send again',
    againHint: 'Opens the page once more',
    againIn: (seconds: number) => `in ${seconds} s`,
    copy: 'Copy sign-in address',
    copyHint: 'For another browser',
    copied: 'Copied',
    copiedAloud: 'Sign-in address copied',
    paste: 'Paste return link',
    pasteHint: 'Or paste anywhere',
    anotherWay: 'Try another way',
    anotherWayHint: 'If nothing comes back',
    cancel: 'Cancel',
  },

  redeeming: {
    title: 'Signing you in…',
    textFor: 'The link came back for',
    text: 'The link came back.',
    stuck: 'Not signed in yet',
    stuckText: 'The link came back, but the last step did not succeed.',
  },

  details: {
    open: 'Details',
    title: 'Token details',
    reading: 'Reading the tokens…',
    which: 'Token',
    access: 'Access token',
    id: 'ID token',
    claims: 'Claims',
    header: 'Header',
    by: 'Signature verified',
    byKey: 'Key',
    byIssuer: 'of',
    byAKeyOf: 'By a key of',
    forItsApi: 'Only the API it is meant for can check it.',
    unchecked: 'The signature could not be checked',
    refused: 'The signature is not to be trusted',
    opaque: 'This token is not a JSON Web Token. It can be used, but not read.',
    reveal: 'Hold to show it',
    revealHint: 'Shown while held. To keep or hear it, copy it instead.',
    again: 'Check again',
    hidden: 'A character that cannot be seen, by its number',
    empty: 'Empty',
    since: 'Marks show what the last refresh changed.',
    changes: { new: 'New', changed: 'Changed', gone: 'Gone' },
    /** In the order in which they are shown; others come after them by name. */
    explained: {
      alg: 'How it is signed',
      kid: 'The key that signed it',
      typ: 'What kind of object it is',
      iss: 'Who issued it',
      sub: "The provider's id for the person",
      aud: 'Whom it is meant for',
      azp: 'The app that it was issued to',
      client_id: 'The app that asked for it',
      type: 'What kind of token it is',
      scope: 'What it allows',
      scp: 'What it allows',
      iat: 'When it was issued',
      nbf: 'Not valid before',
      exp: 'When it ends',
      auth_time: 'When the person signed in',
      identifier: 'What the person signed in with',
      authentication_method: 'How the person signed in',
      amr: 'Methods used to sign in',
      acr: 'How strongly the person signed in',
      name: 'Full name',
      given_name: 'Given name',
      family_name: 'Family name',
      middle_name: 'Middle name',
      nickname: 'Nickname',
      preferred_username: 'What the person wants to be called here',
      email: 'E-mail address',
      email_verified: 'Whether the provider has checked the address',
      phone_number: 'Phone number',
      phone_number_verified: 'Whether the provider has checked the number',
      picture: 'Where a picture is',
      profile: 'Where their page is',
      website: 'Their website',
      gender: 'Gender',
      birthdate: 'Date of birth',
      zoneinfo: 'Time zone',
      locale: 'Language and region',
      address: 'Postal address',
      updated_at: 'When these facts last changed',
      roles: 'Roles of the person',
      groups: 'Where the person belongs',
      permissions: 'What the person may do',
      entitlements: 'What the person may do',
      sid: 'The session at the provider',
      jti: "The token's own id",
      nonce: 'Ties it to this sign-in',
      at_hash: 'Ties it to the access token',
      c_hash: 'Ties it to the code',
    } as Readonly<Record<string, string>>,
  },

  settings: {
    title: 'Settings',
    reading: 'Reading the settings…',
    unread: 'The settings could not be read.',
    unsaved: 'This could not be saved.',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    clipboard: 'Clear a copied token after',
    clipboardHint: 'Quitting clears it too.',
    start: 'Start with',
    startLast: 'The profile used last',
    keep: 'Keep sessions',
    keeps: { keyring: 'In the keyring', this_run: 'Until I quit' },
    keepHints: {
      keyring: 'You stay signed in, and the terminal shares the session.',
      this_run: 'Nothing is written, and the terminal has no session.',
    },
    keepChanged: 'This takes effect when Keyfob starts next. A session that the keyring holds stays there until you sign out.',
    refresh: 'Refresh in the background',
    refreshHint: 'A fresh token is ready before you ask.',
    diagnosticsHint: 'What works here, and what does not',
  },

  diagnostics: {
    title: 'Diagnostics',
    open: 'Find out why',
    checking: 'Checking…',
    mending: 'Fixing…',
    checkingText: 'This takes a few seconds: a link is opened too, to see whether it comes back.',
    well: 'Everything works.',
    odd: (count: number) =>
      plural(count, { one: 'It works. # thing is worth a look.', other: 'It works. # things are worth a look.' }),
    bad: (count: number) =>
      plural(count, { one: '# thing keeps Keyfob from working.', other: '# things keep Keyfob from working.' }),
    findings: 'What was checked',
    again: 'Check again',
    mend: 'Fix what can be fixed',
    mendable: 'Keyfob can fix this itself.',
    mended: 'Fixed:',
    took: (milliseconds: number) =>
      milliseconds < 1_000 ? `${milliseconds}\u00a0ms` : `${(milliseconds / 1_000).toFixed(1)}\u00a0s`,
    outcomes: { good: 'Fine', odd: 'Worth a look', bad: 'Wrong', skipped: 'Not checked' },
    /** By the doctor's word for the check. */
    checks: {
      programs: 'Programs',
      configuration: 'Configuration',
      keyring: 'Keyring',
      handler: 'Link handler',
      link: 'Return link',
      provider: 'Provider',
      clock: 'Clock',
      proxy: 'Proxy',
    } as Readonly<Record<string, string>>,
  },

  // What the keys do that no button says in these words.
  keys: {
    title: 'Keyboard',
    sheet: 'This list',
    copyAs: (form: string) => `Copy ${form}`,
    choose: 'Use the profile',
  },

  signedIn: {
    who: 'Signed in as',
    token: 'Access token',
    expiresIn: 'Expires in',
    expiresSoon: (time: string) => `The access token expires in ${time}.`,
    expired: 'Expired',
    expiredHint: 'Refreshes when you copy',
    verified: 'Verified',
    notVerified: 'Not verified',
    verifiedBy: 'Key',
    unverified: 'Not checked yet',
    opaque: 'Only the API it is meant for can check it',
    copy: 'Copy access token',
    copied: (time: string) => `Copied, gone in ${time}`,
    copyAs: 'Copy as',
    left: (time: string) => `${time} left`,
    copiedAloud: (what: string) => `${what} copied`,
    forms: {
      header: { label: 'Header', title: 'HTTP header' },
      curl: { label: 'curl', title: 'curl line' },
      shell: { label: 'Shell', title: 'shell variable' },
      id: { label: 'ID token', title: 'ID token' },
    },
    refresh: 'Refresh now',
    refreshing: 'Refreshing…',
    notKept: 'Not kept in the keyring: you are signed in until you quit.',
    signOut: 'Sign out',
  },
} as const;
