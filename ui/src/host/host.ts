// What the page may ask of the program behind it.
//
// The page holds no secret and decides nothing: it shows the last `SessionState` it was given and asks for
// verbs. `tauri.ts` is the one door to the real program; `memory.ts` is a program of paper for the gallery
// and the tests.
import type {
  Added,
  CopyForm,
  DetailsView,
  FindingView,
  NewProfile,
  Problem,
  ProfileList,
  Reason,
  SessionState,
  SettingChange,
  SettingsView,
  TokenKind,
} from './wire';

export type * from './wire';

/** A verb of the program, named and shaped as the command it becomes. */
export type Verb =
  | { name: 'sign_in'; identifier: string }
  | { name: 'continue_in_browser' }
  | { name: 'open_again' }
  | { name: 'try_another_way' }
  | { name: 'copy_sign_in_address' }
  | { name: 'paste_return_address' }
  | { name: 'try_again' }
  | { name: 'cancel_sign_in' }
  | { name: 'copy_token'; form: CopyForm }
  | { name: 'refresh' }
  | { name: 'sign_out' }
  | { name: 'sign_out_in_browser' }
  | { name: 'open_outbox' }
  | { name: 'use_profile'; profile: string };

export type VerbName = Verb['name'];

/** What a view is handed to ask the program for something, and to know that it is under way. */
export interface Verbs {
  isPending: (name: VerbName) => boolean;
  perform: (verb: Verb) => void;
}

/** `unexpected`: the program answered something that is no `Problem`. It would be a mistake of ours. */
export type TroubleReason = Reason | 'unexpected';

export type Trouble = Omit<Problem, 'reason'> & { reason: TroubleReason };

/** The program behind the page. Its promises reject with a `Trouble` and nothing else. */
export interface Host {
  /** Hands over the present state, then every later one. */
  watch(receive: (state: SessionState) => void): Promise<void>;

  /** The present state, for a page that may have missed one. */
  sessionState(): Promise<SessionState>;

  perform(verb: Verb): Promise<void>;

  /** The picture of who is signed in, as an address that holds it; null when there is none. */
  accountPicture(): Promise<string | null>;

  /** What the tokens at hand say. */
  details(): Promise<DetailsView>;

  /** A token itself, to be shown while the person holds a button down, and then forgotten. */
  reveal(token: TokenKind): Promise<string>;

  /** What the person has chosen for the window. */
  settings(): Promise<SettingsView>;

  /** Chooses one thing anew; it is saved and takes effect. */
  changeSetting(change: SettingChange): Promise<void>;

  /** What the doctor finds. It takes seconds. */
  checkUp(): Promise<FindingView[]>;

  /** The same, after the doctor has mended what it can. */
  mend(): Promise<FindingView[]>;

  /** Every profile, and which one the window is at. */
  profiles(): Promise<ProfileList>;

  /** Goes to another profile. */
  useProfile(profile: string): Promise<void>;

  /** Asks the provider, and adds its profile and goes there if that answers as it must. */
  addProfile(profile: NewProfile): Promise<Added>;

  /** Signs out of a profile and removes it. */
  removeProfile(profile: string): Promise<void>;
}
