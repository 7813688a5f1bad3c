import { setImmediate } from 'node:timers/promises';

/** Where the records of a stream come from. */
export interface RecordSource<T> {
  /** The next record; undefined if there is none now, or if the source is closed. */
  take(): T | undefined;
  readonly closed: boolean;
  /** Resolves when there may be a record, `signal` aborts or the source is closed. */
  ready(signal: AbortSignal): Promise<void>;
}

/**
 * What `transform` makes of the records of a stream; undefined leaves a record out. It ends as the stream does, also while
 * `next` waits, and where `transform` throws.
 */
export class TransformedStream<From, To> implements AsyncGenerator<To, void, undefined> {
  readonly #records: AsyncGenerator<From, void, undefined>;
  readonly #transform: (record: From) => To | undefined;
  /** One `next` after the other, so that records left out do not change the order. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(records: AsyncGenerator<From, void, undefined>, transform: (record: From) => To | undefined) {
    this.#records = records;
    this.#transform = transform;
  }

  next(): Promise<IteratorResult<To, void>> {
    const result = this.#last.then(() => this.#next());
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #next(): Promise<IteratorResult<To, void>> {
    for (;;) {
      const result = await this.#records.next();
      if (result.done) return result;
      try {
        const value = this.#transform(result.value);
        if (value !== undefined) return { done: false, value };
      } catch (error) {
        await this.#records.return(undefined);
        throw error;
      }
    }
  }

  return(): Promise<IteratorResult<To, void>> {
    return this.#records.return(undefined) as Promise<IteratorResult<To, void>>;
  }

  throw(error: unknown): Promise<IteratorResult<To, void>> {
    return this.#records.throw(error) as Promise<IteratorResult<To, void>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Records after which the event loop gets its turn, however fast more come. */
const recordsPerTurn = 256;

/**
 * Records as they come. It ends when its signal aborts, when the source is closed, or by `return`, each also while
 * `next` waits: a generator function could not be ended while it waits. Records that were not asked for stay in the source.
 */
export class RecordStream<T> implements AsyncGenerator<T, void, undefined> {
  readonly #source: RecordSource<T>;
  readonly #end = new AbortController();
  /** One `next` after the other: each settles before the one that was called after it. */
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(source: RecordSource<T>, signal?: AbortSignal) {
    this.#source = source;
    if (signal?.aborted) this.#end.abort();
    else signal?.addEventListener('abort', () => this.#end.abort(), { once: true, signal: this.#end.signal });
  }

  next(): Promise<IteratorResult<T, void>> {
    const result = this.#last.then(() => this.#next());
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #next(): Promise<IteratorResult<T, void>> {
    const { signal } = this.#end;
    if (++this.#count % recordsPerTurn === 0) await setImmediate();
    while (!signal.aborted && !this.#source.closed) {
      const value = this.#source.take();
      if (value !== undefined) return { done: false, value };
      await this.#source.ready(signal);
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
