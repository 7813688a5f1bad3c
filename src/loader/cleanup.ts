import type { Kernel } from '../sys/index.ts';

/** What must be undone should a load fail: run in reverse order, each step once. */
export class Cleanup implements Disposable {
  readonly #kernel: Kernel;
  #steps: (() => void)[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Takes over an fd, to be closed. Returns it. */
  fd(fd: number): number {
    this.#steps.push(() => void this.#kernel.close(fd));
    return fd;
  }

  /** Takes over a path that was made, to be removed. */
  path(path: string): void {
    this.#steps.push(() => void this.#kernel.unlink(path));
  }

  /** Keeps everything: the load succeeded. */
  release(): void {
    this.#steps = [];
  }

  [Symbol.dispose](): void {
    for (const step of this.#steps.reverse()) step();
    this.#steps = [];
  }
}
