import { Errno } from '../errors/index.ts';
import { checkResult, Fd, type Kernel, type StopSignal } from '../sys/index.ts';

/** Waits for input on several descriptors. */
export class Waiter implements Disposable {
  readonly #kernel: Kernel;
  readonly #epoll: Fd;
  /** Everyone who waits without blocking; they share one watch of the descriptor. */
  readonly #sleepers = new Set<() => void>();
  #watch: AbortController | undefined;
  #ready = new Uint32Array(1);
  #count = 0;

  /** Throws SyscallError. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#epoll = new Fd(kernel, checkResult('epoll_create1', kernel.epollCreate()));
  }

  add(fd: number): void {
    checkResult('epoll_ctl', this.#kernel.epollAdd(this.#epoll.number, fd, this.#count++));
    this.#ready = new Uint32Array(this.#count);
  }

  /** Blocks up to `timeoutMs` (-1: for ever). The number of ready descriptors, 0 where a signal came first. */
  wait(timeoutMs: number): number {
    const result = this.#kernel.epollWait(this.#epoll.number, this.#ready, timeoutMs);
    return result === -Errno.EINTR ? 0 : checkResult('epoll_wait', result);
  }

  /** Resolves when a descriptor is ready, `signal` aborts or the waiter is closed. */
  ready(signal?: StopSignal): Promise<void> {
    if (this.#epoll.closed || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        this.#sleepers.delete(wake);
        // A watch that nobody waits for would keep the process alive.
        if (this.#sleepers.size === 0) this.#endWatch();
        resolve();
      };
      signal?.addEventListener('abort', wake);
      this.#sleepers.add(wake);
      this.#beginWatch();
    });
  }

  #beginWatch(): void {
    if (this.#watch !== undefined) return;
    const watch = new AbortController();
    this.#watch = watch;
    const over = () => {
      if (this.#watch === watch) this.#wakeAll();
    };
    this.#kernel.readable(this.#epoll.number, watch.signal).then(over, over);
  }

  #endWatch(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    watch?.abort();
  }

  #wakeAll(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Wakes everyone who waits. */
  close(): void {
    this.#endWatch();
    this.#wakeAll();
    this.#epoll.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
