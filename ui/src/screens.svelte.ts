// Which screen the person is at, and the way back from there.

export type Screen = 'home' | 'profiles' | 'add' | 'added' | 'details' | 'settings' | 'diagnostics';

export class Screens {
  /** The screens that one came by, without home. */
  #path = $state.raw<Screen[]>([]);

  get at(): Screen {
    return this.#path.at(-1) ?? 'home';
  }

  /** To another screen, from which one comes back to this one. */
  go(screen: Exclude<Screen, 'home'>): void {
    if (screen !== this.at) {
      this.#path = [...this.#path, screen];
    }
  }

  /** To another screen, from which one does not come back to this one. */
  goOn(screen: Exclude<Screen, 'home'>): void {
    this.#path = [...this.#path.slice(0, -1), screen];
  }

  back(): void {
    this.#path = this.#path.slice(0, -1);
  }

  home(): void {
    this.#path = [];
  }
}
