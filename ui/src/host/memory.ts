// A program of paper: it shows the states it is given and notes what it is asked.
//
// The gallery and the tests run the whole page on it.
import type {
  Added,
  DetailsView,
  FindingView,
  Host,
  NewProfile,
  ProfileList,
  SessionState,
  SettingChange,
  SettingsView,
  TokenKind,
  Trouble,
  Verb,
  VerbName,
} from './host';

/** What is asked about profiles, noted as the verbs are. */
export type Wish =
  | { name: 'remove_profile'; profile: string }
  | { name: 'add_profile'; profile: NewProfile }
  | { name: 'reveal'; token: TokenKind }
  | { name: 'change_setting'; change: SettingChange }
  | { name: 'check_up' | 'mend' }
  | { name: 'profiles' | 'details' | 'settings' };

export type Asked = VerbName | Wish['name'];

/** What nobody has chosen otherwise. */
export const SETTINGS: SettingsView = {
  theme: 'system',
  clipboard_seconds: 30,
  start_profile: null,
  keep: 'keyring',
  kept_now: 'keyring',
  refresh_in_background: true,
};

export class MemoryHost implements Host {
  /** Everything that was asked for, in order; looking at the list is not noted. */
  readonly performed: (Verb | Wish)[] = [];

  /** What is refused, and with what. */
  readonly refusals = new Map<Asked, Trouble>();

  /** What never comes to an end. */
  readonly endless = new Set<Asked>();

  list: ProfileList = { profiles: [], presets: [] };
  added: Added = { kind: 'works', name: '', knows_this_app: false, to_allow: [] };
  picture: string | null = null;
  detailed: DetailsView = { access: { parts: null, signature: { kind: 'for_its_api' } }, id: null };
  findings: FindingView[] = [];
  /** What is found once it was mended. */
  mended: FindingView[] = [];

  chosen = SETTINGS;

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
    await this.#outcome(verb.name);
  }

  async accountPicture(): Promise<string | null> {
    return this.picture;
  }

  async details(): Promise<DetailsView> {
    await this.#outcome('details');
    return this.detailed;
  }

  async reveal(token: TokenKind): Promise<string> {
    this.performed.push({ name: 'reveal', token });
    await this.#outcome('reveal');
    return `A token of paper, which is what a ${token} token is here. `.repeat(8);
  }

  async settings(): Promise<SettingsView> {
    await this.#outcome('settings');
    return this.chosen;
  }

  async changeSetting(change: SettingChange): Promise<void> {
    this.performed.push({ name: 'change_setting', change });
    await this.#outcome('change_setting');
    this.chosen = { ...this.chosen, [change.setting]: change.value };
  }

  async checkUp(): Promise<FindingView[]> {
    this.performed.push({ name: 'check_up' });
    await this.#outcome('check_up');
    return this.findings;
  }

  async mend(): Promise<FindingView[]> {
    this.performed.push({ name: 'mend' });
    await this.#outcome('mend');
    return (this.findings = this.mended);
  }

  async profiles(): Promise<ProfileList> {
    await this.#outcome('profiles');
    return this.list;
  }

  async useProfile(profile: string): Promise<void> {
    this.performed.push({ name: 'use_profile', profile });
    await this.#outcome('use_profile');
    this.#goTo(profile);
  }

  async addProfile(profile: NewProfile): Promise<Added> {
    this.performed.push({ name: 'add_profile', profile: { ...profile } });
    await this.#outcome('add_profile');
    if (this.added.kind === 'works') {
      const { name } = this.added;
      const entry = { name, kind: 'oidc', issuer: profile.issuer, in_use: true } as const;
      this.list = { ...this.list, profiles: [entry, ...this.list.profiles] };
      this.#goTo(name);
    }
    return this.added;
  }

  async removeProfile(profile: string): Promise<void> {
    this.performed.push({ name: 'remove_profile', profile });
    await this.#outcome('remove_profile');
    this.list = { ...this.list, profiles: this.list.profiles.filter((each) => each.name !== profile) };
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

  async #outcome(asked: Asked): Promise<void> {
    if (this.endless.has(asked)) {
      return new Promise(() => undefined);
    }
    const refusal = this.refusals.get(asked);
    if (refusal) {
      throw refusal;
    }
  }

  #goTo(profile: string): void {
    const profiles = this.list.profiles.map((each) => ({ ...each, in_use: each.name === profile }));
    this.list = { ...this.list, profiles };
  }
}
