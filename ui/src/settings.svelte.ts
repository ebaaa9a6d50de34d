// What the person has chosen for the window. Each change is shown at once, and taken back when it cannot be saved.
import type { Host, ProfileEntry, SettingsView, Trouble } from './host/host';

export class Settings {
  /** Null until the program's first answer. */
  view = $state.raw<SettingsView | null>(null);

  /** The profiles that the window could open at. */
  profiles = $state.raw<ProfileEntry[]>([]);

  /** What could not be read or saved. */
  problem = $state.raw<Trouble | null>(null);

  readonly #host: Host;
  #saved: SettingsView | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  async look(): Promise<void> {
    this.problem = null;
    try {
      const [view, { profiles }] = await Promise.all([this.#host.settings(), this.#host.profiles()]);
      this.#saved = view;
      this.view = view;
      this.profiles = profiles;
    } catch (trouble) {
      this.problem = trouble as Trouble;
    }
  }

  /** One after the other, so that the last one chosen is the last one saved. */
  change(change: Partial<SettingsView>): Promise<void> {
    if (this.view) {
      this.view = { ...this.view, ...change };
      this.problem = null;
      this.#saving = this.#saving.then(() => this.#save());
    }
    return this.#saving;
  }

  async #save(): Promise<void> {
    const wanted = this.view;
    if (wanted === null || wanted === this.#saved) {
      return;
    }
    try {
      await this.#host.changeSettings(wanted);
      this.#saved = wanted;
    } catch (trouble) {
      this.problem = trouble as Trouble;
      this.view = this.#saved;
    }
  }
}
