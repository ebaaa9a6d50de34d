// A confirmation that takes itself back: "Copied", for two seconds.

const SHOWN = 2_000;

export class Flash {
  on = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  show(): void {
    clearTimeout(this.#timer);
    this.on = true;
    this.#timer = setTimeout(() => (this.on = false), SHOWN);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.on = false;
  }
}
