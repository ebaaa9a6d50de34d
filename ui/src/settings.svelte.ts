// What the person has chosen for the window. Each change is shown at once, and taken back when it cannot be saved.
import type { Host, ProfileEntry, SettingChange, SettingsView, Trouble } from './host/host';

export class Settings {
  /** Null until the program's first answer. */
  view = $state.raw<SettingsView | null>(null);

  /** The profiles that the window could open at. */
  profiles = $state.raw<ProfileEntry[]>([]);

  /** What could not be read or saved. */
  problem = $state.raw<Trouble | null>(null);

  readonly #host: Host;
  #saved: SettingsView | null = null;
  #refused = $state.raw<SettingChange | null>(null);
  #saving: Promise<void> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Whether the problem is that a choice could not be saved. */
  get isUnsaved(): boolean {
    return this.problem !== null && this.#refused !== null;
  }

  /** Does again what could not be done. */
  again(): Promise<void> {
    return this.#refused ? this.change(this.#refused) : this.look();
  }

  async look(): Promise<void> {
    try {
      const [view, { profiles }] = await Promise.all([this.#host.settings(), this.#host.profiles()]);
      this.#saved = view;
      this.view = view;
      this.profiles = profiles;
      this.problem = null;
    } catch (trouble) {
      this.problem = trouble as Trouble;
    }
  }

  /** One after the other, so that the last one chosen is the last one saved. */
  change(change: SettingChange): Promise<void> {
    if (this.view) {
      this.view = after(this.view, change);
      this.#saving = this.#saving.then(() => this.#save(change));
    }
    return this.#saving;
  }

  async #save(change: SettingChange): Promise<void> {
    try {
      await this.#host.changeSetting(change);
      this.#saved = this.#saved && after(this.#saved, change);
      this.problem = null;
      this.#refused = null;
    } catch (trouble) {
      this.problem = trouble as Trouble;
      this.#refused = change;
      this.view = this.#saved;
    }
  }
}

const after = (view: SettingsView, { setting, value }: SettingChange): SettingsView => ({ ...view, [setting]: value });
