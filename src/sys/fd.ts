import type { Kernel } from './kernel.ts';

/** Owns one file descriptor and closes it once. */
export class Fd implements Disposable {
  readonly #kernel: Kernel;
  #number: number;

  constructor(kernel: Kernel, number: number) {
    this.#kernel = kernel;
    this.#number = number;
  }

  /** The descriptor. Throws once closed, so a recycled number is never used by mistake. */
  get number(): number {
    if (this.#number < 0) throw new Error('file descriptor used after close');
    return this.#number;
  }

  get closed(): boolean {
    return this.#number < 0;
  }

  close(): void {
    if (this.#number < 0) return;
    const number = this.#number;
    this.#number = -1;
    this.#kernel.close(number);
  }

  /** Gives up ownership: the caller closes the returned descriptor. */
  release(): number {
    const number = this.number;
    this.#number = -1;
    return number;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
