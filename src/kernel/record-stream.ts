import { setImmediate } from 'node:timers/promises';
import { expectObject } from '../bytes/index.ts';
import { UsageError } from '../errors/index.ts';
import type { StopSignal } from '../sys/index.ts';

/** Where the records of a stream come from. */
export interface RecordSource<T> {
  /** The next record; undefined if there is none now, or if the source is closed. What it throws ends the stream. */
  take(): T | undefined;
  readonly closed: boolean;
  /** Resolves when there may be a record, `signal` aborts or the source is closed. */
  ready(signal: StopSignal): Promise<void>;
}

/** What ends a stream of records besides `break` and the closing of what they come from. */
export interface StreamOptions {
  /** The stream ends when it aborts. */
  readonly signal?: StopSignal | undefined;
  /** The stream ends at this time: a Date, or milliseconds as `Date.now()` counts them. */
  readonly deadline?: Date | number | undefined;
}

/** What ends a stream: options, or a signal alone. */
export type StreamEnd = StreamOptions | StopSignal;

/** The options of a stream, also where a signal alone was given. */
export function streamOptions(end: StreamEnd | undefined): StreamOptions {
  if (end === undefined) return {};
  expectObject(end, 'a stream ends by { signal, deadline } or a signal');
  return 'aborted' in end ? { signal: end } : end;
}

/** Takes what `transform` makes of records; undefined leaves one out. */
export function transformed<From, To>(
  source: RecordSource<From>,
  transform: (record: From) => To | undefined,
): RecordSource<To> {
  return {
    take() {
      for (;;) {
        const record = source.take();
        if (record === undefined) return undefined;
        const value = transform(record);
        if (value !== undefined) return value;
      }
    },
    get closed() {
      return source.closed;
    },
    ready: (signal) => source.ready(signal),
  };
}

/** Records after which the event loop gets its turn, however fast more come. */
const recordsPerTurn = 1024;
/** Longer than this a timer cannot wait. */
const longestWait = 0x7fff_ffff;

/**
 * Records as they come. It ends when its signal aborts, at its deadline, when the source is closed, or by `return`, each also
 * while `next` waits: a generator function could not be ended while it waits. Records that were not asked for stay in the source.
 */
export class RecordStream<T> implements AsyncGenerator<T, void, undefined> {
  readonly #source: RecordSource<T>;
  readonly #end = new AbortController();
  /** One `next` after the other: each settles before the one that was called after it. Undefined where nobody waits. */
  #last: Promise<unknown> | undefined;
  #waiting = 0;
  #count = 0;

  constructor(source: RecordSource<T>, { signal, deadline }: StreamOptions = {}) {
    this.#source = source;
    if (signal !== undefined && typeof signal?.addEventListener !== 'function')
      throw new UsageError('signal: give that of an AbortController');
    const stop = (): void => this.#end.abort();
    if (deadline !== undefined) this.#endAt(deadline instanceof Date ? deadline.getTime() : deadline, stop);
    if (signal?.aborted) stop();
    else if (signal !== undefined) {
      signal.addEventListener('abort', stop);
      this.#end.signal.addEventListener('abort', () => signal.removeEventListener('abort', stop), { once: true });
    }
  }

  #endAt(time: number, stop: () => void): void {
    if (typeof time !== 'number' || Number.isNaN(time))
      throw new UsageError('deadline: give a valid Date, or milliseconds since 1970');
    const left = time - Date.now();
    if (left <= 0) stop();
    else {
      const timer = setTimeout(
        () => (left > longestWait ? this.#endAt(time, stop) : stop()),
        Math.min(left, longestWait),
      );
      // Whoever waits keeps the process alive by its descriptor; a stream that nobody reads need not.
      timer.unref();
      this.#end.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    }
  }

  next(): Promise<IteratorResult<T, void>> {
    // Nearly always there is a record: it costs one promise, and no turn of the queue of those that wait.
    if (this.#waiting === 0 && ++this.#count % recordsPerTurn !== 0 && !this.#end.signal.aborted) {
      try {
        const value = this.#source.take();
        if (value !== undefined) return Promise.resolve({ done: false, value });
      } catch (error) {
        this.#end.abort();
        return Promise.reject(error);
      }
    }
    this.#waiting++;
    const result = this.#last === undefined ? this.#inTurn() : this.#last.then(() => this.#inTurn());
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Nobody waits any more once the last has its record: the next one is taken at once again. */
  async #inTurn(): Promise<IteratorResult<T, void>> {
    try {
      return await this.#next();
    } finally {
      if (--this.#waiting === 0) this.#last = undefined;
    }
  }

  async #next(): Promise<IteratorResult<T, void>> {
    const { signal } = this.#end;
    if (this.#count % recordsPerTurn === 0) await setImmediate();
    try {
      while (!signal.aborted && !this.#source.closed) {
        const value = this.#source.take();
        if (value !== undefined) return { done: false, value };
        await this.#source.ready(signal);
      }
    } catch (error) {
      this.#end.abort();
      throw error;
    }
    this.#end.abort();
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#end.abort();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    this.#end.abort();
    return Promise.reject(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
