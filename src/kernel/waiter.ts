import { checkResult, Fd, type Kernel } from '../sys/index.ts';

/** Waits for input on several descriptors. */
export class Waiter implements Disposable {
  readonly #kernel: Kernel;
  readonly #epoll: Fd;
  #ready = new Uint32Array(1);
  #count = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#epoll = new Fd(kernel, checkResult('epoll_create1', kernel.epollCreate()));
  }

  add(fd: number): void {
    checkResult('epoll_ctl', this.#kernel.epollAdd(this.#epoll.number, fd, this.#count++));
    this.#ready = new Uint32Array(this.#count);
  }

  /** Blocks up to `timeoutMs` (-1: for ever). Returns the number of ready descriptors, or -errno (-EINTR on a signal). */
  wait(timeoutMs: number): number {
    return this.#kernel.epollWait(this.#epoll.number, this.#ready, timeoutMs);
  }

  /** Resolves when a descriptor is ready or `signal` aborts. */
  ready(signal?: AbortSignal): Promise<void> {
    return this.#kernel.readable(this.#epoll.number, signal);
  }

  close(): void {
    this.#epoll.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
