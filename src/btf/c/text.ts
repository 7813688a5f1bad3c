const flushAt = 0x8000;

/** Text that is handed on in pieces. */
export class TextOutput {
  readonly #write: (text: string) => void;
  #text = '';
  #captures = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  put(text: string): void {
    this.#text += text;
    if (this.#text.length > flushAt && this.#captures === 0) this.flush();
  }

  /** The text that `run` puts, which then goes nowhere else. */
  capture(run: () => void): string {
    const before = this.#text;
    this.#text = '';
    this.#captures++;
    try {
      run();
      return this.#text;
    } finally {
      this.#captures--;
      this.#text = before;
    }
  }

  flush(): void {
    if (this.#text !== '') this.#write(this.#text);
    this.#text = '';
  }
}
