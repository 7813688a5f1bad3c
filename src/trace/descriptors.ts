import { checkResult, Fd, type Kernel } from '../sys/index.ts';

/** Descriptors that are closed together, the last first. */
export class Descriptors implements Disposable {
  readonly #kernel: Kernel;
  readonly #own: Disposable[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Takes over the result of a call. SyscallError where that is an error. */
  take(call: string, result: number): Fd {
    return this.keep(new Fd(this.#kernel, checkResult(call, result)));
  }

  /** Takes over something else that has to end with them. */
  keep<T extends Disposable>(what: T): T {
    this.#own.push(what);
    return what;
  }

  [Symbol.dispose](): void {
    for (const what of this.#own.splice(0).reverse()) what[Symbol.dispose]();
  }
}
