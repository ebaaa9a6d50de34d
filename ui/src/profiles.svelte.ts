// The profile screens: the list, adding one, and what came of it.
//
// The program keeps the profiles; the page holds what it last heard of them, what is typed, and which question is open.
import type { Added, Host, NewProfile, PresetView, ProfileEntry, ProfileList, Trouble } from './host/host';
import type { Screens } from './screens.svelte';

export type Wrong = Extract<Added, { kind: 'wrong' }>;
export type Works = Extract<Added, { kind: 'works' }>;

/** What is typed for a profile that is to be added. */
export interface Draft {
  preset: string;
  issuer: string;
  clientId: string;
}

/** What is under way, and with which profile. */
type Doing = { name: 'use' | 'remove'; profile: string } | { name: 'add' };

const EMPTY: Draft = { preset: '', issuer: '', clientId: '' };

export class Profiles {
  /** Null until the program's first answer. */
  list = $state.raw<ProfileList | null>(null);

  /** What is typed. It outlives a look elsewhere, until the profile is there. */
  draft = $state.raw(EMPTY);

  /** Why the last profile was not added; until something is typed. */
  wrong = $state.raw<Wrong | null>(null);

  /** What the last profile was added as. */
  works = $state.raw<Works | null>(null);

  /** The profile whose removal is to be confirmed. */
  removing = $state.raw<string | null>(null);

  /** What could not be done. */
  problem = $state.raw<Trouble | null>(null);

  readonly #host: Host;
  readonly #screens: Screens;
  #doing = $state.raw<Doing | null>(null);
  #unread = $state.raw<Trouble | null>(null);

  constructor(host: Host, screens: Screens) {
    this.#host = host;
    this.#screens = screens;
  }

  get isOpen(): boolean {
    return ['profiles', 'add', 'added'].includes(this.#screens.at);
  }

  /** Whether anything is under way; nothing else is asked for before it ends. */
  get isBusy(): boolean {
    return this.#doing !== null;
  }

  /** Whether the problem is that nobody can say which profiles there are. */
  get isUnread(): boolean {
    return this.problem !== null && this.problem === this.#unread;
  }

  isDoing(name: Doing['name'], profile?: string): boolean {
    const doing = this.#doing;
    return doing?.name === name && (doing.name === 'add' || doing.profile === profile);
  }

  /** The preset that is chosen. */
  get preset(): PresetView | null {
    return this.list?.presets.find((each) => each.id === this.draft.preset) ?? null;
  }

  async open(): Promise<void> {
    this.#screens.go('profiles');
    this.problem = null;
    await this.look();
  }

  close(): void {
    this.#screens.home();
    this.removing = null;
    this.problem = null;
    this.wrong = null;
  }

  /** One step back, as Escape goes: an open question is one. */
  back(): void {
    if (this.removing !== null && !this.isBusy) {
      this.keep();
    } else {
      this.leave();
    }
  }

  /** To the screen before, as the arrow goes. */
  leave(): void {
    if (this.#screens.at === 'add') {
      this.#screens.back();
      this.wrong = null;
      this.problem = null;
    } else {
      this.close();
    }
  }

  /** Asks the program what there is now. What else went wrong stays to be read. */
  async look(): Promise<void> {
    try {
      this.list = await this.#host.profiles();
      if (this.isUnread) {
        this.problem = null;
      }
    } catch (trouble) {
      this.#unread = trouble as Trouble;
      this.problem = this.#unread;
    }
  }

  async choose({ name, in_use }: ProfileEntry): Promise<void> {
    if (in_use) {
      return this.close();
    }
    if (this.isBusy) {
      return;
    }
    this.removing = null;
    if (await this.#do({ name: 'use', profile: name }, () => this.#host.useProfile(name))) {
      this.close();
    }
  }

  beginAdding(): void {
    // One that is being added can be looked at again.
    if (this.isBusy && !this.isDoing('add')) {
      return;
    }
    this.#screens.go('add');
    this.removing = null;
    this.problem = null;
    this.works = null;
  }

  /** A preset whose issuer is the same for everybody fills it in. */
  choosePreset(id: string): void {
    const before = this.preset;
    this.type({ preset: id });
    const issuer = this.draft.issuer.trim();
    if (issuer === '' || issuer === before?.issuer) {
      this.type({ issuer: hasOneIssuer(this.preset) ? this.preset.issuer : '' });
    }
  }

  /** Something is typed: what was wrong may not be so any more. */
  type(typed: Partial<Draft>): void {
    this.draft = { ...this.draft, ...typed };
    this.dismiss();
  }

  dismiss(): void {
    this.wrong = null;
    this.problem = null;
  }

  async add(): Promise<void> {
    if (this.isBusy) {
      return;
    }
    const { preset, issuer, clientId } = this.draft;
    const profile: NewProfile = { preset: preset || null, issuer: issuer.trim(), client_id: clientId.trim() };
    this.wrong = null;
    let added: Added | null = null;
    await this.#do({ name: 'add' }, async () => {
      added = await this.#host.addProfile(profile);
    });
    this.#takeUp(added);
    await this.#lookQuietly();
  }

  /** Asks whether the profile is really to be removed. */
  askToRemove(name: string): void {
    if (this.isBusy) {
      return;
    }
    this.removing = name;
    this.problem = null;
  }

  /** The answer to that is no. Once it is under way it is too late for that. */
  keep(): void {
    if (!this.isBusy) {
      this.removing = null;
    }
  }

  async remove(): Promise<void> {
    const profile = this.removing;
    if (profile === null || this.isBusy) {
      return;
    }
    // The list comes before the question goes: what is removed is not there for another moment.
    const act = () => this.#host.removeProfile(profile).finally(() => this.#lookQuietly());
    if (await this.#do({ name: 'remove', profile }, act)) {
      this.removing = null;
    }
  }

  #takeUp(added: Added | null): void {
    if (added?.kind === 'wrong') {
      this.wrong = added;
    } else if (added) {
      this.works = added;
      this.draft = EMPTY;
      // Who has left meanwhile finds it in the list.
      if (this.#screens.at === 'add') {
        this.#screens.goOn('added');
      }
    }
  }

  /** Whether it was done. */
  async #do(doing: Doing, act: () => Promise<void>): Promise<boolean> {
    this.#doing = doing;
    this.problem = null;
    try {
      await act();
      return true;
    } catch (trouble) {
      this.problem = trouble as Trouble;
      return false;
    } finally {
      this.#doing = null;
    }
  }

  /** A list that cannot be had now is the last one that was: what was done is more worth saying. */
  async #lookQuietly(): Promise<void> {
    try {
      this.list = await this.#host.profiles();
    } catch {
      // The next look says why.
    }
  }
}

function hasOneIssuer(preset: PresetView | null): preset is PresetView {
  return preset !== null && !preset.issuer.includes('{');
}
