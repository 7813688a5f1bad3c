import { debuglog } from 'node:util';
import { ClosedError } from '../errors/index.ts';
import type { Kernel } from './kernel.ts';

/** Closes what its owner was forgotten without. NODE_DEBUG=tsbpftool tells of it: collection comes when it comes. */
const forgotten = new FinalizationRegistry<{ kernel: Kernel; number: number }>(({ kernel, number }) => {
  // Made here, since hardly any run comes here and every run would load it.
  debuglog('tsbpftool')('descriptor %d was never closed; its owner is gone', number);
  kernel.close(number);
});

/** Owns one file descriptor and closes it once, at the latest when nobody has the owner any more. */
export class Fd implements Disposable {
  readonly #kernel: Kernel;
  #number: number;
  /** Calls on other threads that use the number. */
  #calls = 0;
  #closed = false;

  constructor(kernel: Kernel, number: number) {
    this.#kernel = kernel;
    this.#number = number;
    if (number >= 0) forgotten.register(this, { kernel, number }, this);
  }

  /** The descriptor. Throws ClosedError once closed, so a recycled number is never used by mistake. */
  get number(): number {
    if (this.#closed) throw new ClosedError('file descriptor');
    return this.#number;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Runs a call that goes on after it has returned. The number stays this descriptor's until the call has ended, even if
   * it is closed meanwhile: the kernel could otherwise find another file under it.
   */
  async during<T>(call: (number: number) => Promise<T>): Promise<T> {
    const { number } = this;
    this.#calls++;
    try {
      return await call(number);
    } finally {
      this.#calls--;
      if (this.#closed) this.#closeUnused();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (this.#calls > 0 || this.#number < 0) return;
    const number = this.#number;
    this.#number = -1;
    forgotten.unregister(this);
    this.#kernel.close(number);
  }

  /** Gives up ownership: the caller closes the returned descriptor. */
  release(): number {
    const { number } = this;
    this.#closed = true;
    this.#number = -1;
    forgotten.unregister(this);
    return number;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
