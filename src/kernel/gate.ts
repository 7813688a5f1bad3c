import type { StopSignal } from '../sys/index.ts';

/** Lets streams through or has them wait. */
export class Gate {
  #waiting: Set<() => void> | undefined;

  get isShut(): boolean {
    return this.#waiting !== undefined;
  }

  shut(): void {
    this.#waiting ??= new Set();
  }

  open(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const wake of waiting ?? []) wake();
  }

  /** Resolves once it is open, or `signal` aborts. The process stays alive as long as somebody waits. */
  passed(signal: StopSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting;
      if (waiting === undefined || signal.aborted) return resolve();
      // Promises alone do not hold a process; a timer does. It is as long as one can be.
      const alive = setInterval(() => undefined, 0x7fff_ffff);
      const wake = (): void => {
        clearInterval(alive);
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** Resolves when `signal` aborts, at the latest after so many milliseconds. */
export function stopped(signal: StopSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
