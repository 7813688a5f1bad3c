import type { NativeType } from './ffi.ts';

/** A call of a C function as data that another thread can be sent; arrays are addresses by now. */
export interface CallElsewhere {
  readonly name: string;
  readonly result: NativeType;
  readonly args: readonly NativeType[];
  readonly values: readonly (number | bigint)[];
}

export interface OutcomeElsewhere {
  readonly result: number | bigint;
  readonly errno: number;
  readonly error: unknown;
}

/** The little of a web worker that is needed here; Bun has them, Node does not. */
declare class Worker {
  constructor(url: string);
  onmessage: ((event: { data: OutcomeElsewhere }) => void) | null;
  onerror: ((event: { message: string }) => void) | null;
  postMessage(message: CallElsewhere): void;
  ref(): void;
  unref(): void;
}

/** Makes calls one after the other on a thread of its own, which starts with the first. */
export class OtherThread {
  #worker: Worker | undefined;
  readonly #waiting: ((outcome: OutcomeElsewhere) => void)[] = [];

  call(call: CallElsewhere, done: (outcome: OutcomeElsewhere) => void): void {
    this.#worker ??= this.#start();
    this.#waiting.push(done);
    this.#worker.postMessage(call);
  }

  #start(): Worker {
    // Inside the standalone file every piece of the bundle lies in its root, the worker where it lies below src/.
    const worker = new Worker(new URL('./sys/other-thread-worker.js', import.meta.url).href);
    worker.onmessage = ({ data }) => this.#waiting.shift()?.(data);
    worker.onerror = ({ message }) => {
      const error = new Error(`the thread for system calls failed: ${message}`);
      for (const done of this.#waiting.splice(0)) done({ result: -1, errno: 0, error });
    };
    return worker;
  }
}
