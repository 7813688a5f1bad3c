import { Errno, errnoName, strerror, SyscallError } from '../errors/index.ts';
import type { ElementBatch } from './element-batch.ts';
import type { BpfMap } from './map.ts';
import { type StopSignal, syscallError, throwIfStopped } from '../sys/index.ts';
import { trieFilter } from './trie-order.ts';
import { expectBytes, expectInteger } from '../bytes/index.ts';
import { mapType } from '../uapi/index.ts';
import {
  type BatchLookup,
  type BatchOutcome,
  type BatchUpdate,
  lookupBatch,
  lookupBatchInBackground,
  updateBatch,
  updateBatchInBackground,
} from '../bpf/index.ts';

/** How an iteration over elements may be ended. */
export interface IterationOptions {
  /** Ends the iteration with the signal's reason, at the latest after the batch being read. */
  readonly signal?: StopSignal | undefined;
}

const maxCount = 16384;
/** Of the first batch, which is read while nothing else can be done. */
const firstCount = 2048;
/** Elements that are worked on without a look at whether a call has ended. */
const yieldedCount = 512;
/** Results that wait while others are worked on; none where one element fills a call. */
const mostReady = 2;
const maxBytes = 2 * 1024 * 1024;
const maxInterruptions = 100;

/**
 * All elements of a map, as many together as the kernel hands out; one by one where it has no batches for the map.
 * Batches come through BPF_MAP_LOOKUP_BATCH, at most 16,384 elements and about 2 MiB a call. While some are worked on,
 * the next are read on another thread, into other arrays: what is yielded is the caller's. Elements that stay are seen
 * exactly once: the kernel hands out whole hash buckets, and of a trie only what comes later in its order is taken. An
 * element that is deleted meanwhile may be passed over. Throws SyscallError, ClosedError for a map that is closed
 * meanwhile, and the reason of `signal` once that aborts, at the latest after the batch being read.
 */
export function readBatches(map: BpfMap, { signal }: IterationOptions = {}): AsyncGenerator<ElementBatch, void> {
  return allBatches(map, { signal, reuses: false });
}

/** As `readBatches`, with the arrays of `tryReadBatches`. */
export function lendBatches(map: BpfMap): AsyncGenerator<ElementBatch, void> {
  return allBatches(map, { signal: undefined, reuses: true });
}

async function* allBatches(
  map: BpfMap,
  { signal, reuses }: { signal: StopSignal | undefined; reuses: boolean },
): AsyncGenerator<ElementBatch, void> {
  const batches = batchesOf(map, { reuses });
  let read = 0;
  try {
    for (;;) {
      throwIfStopped(signal);
      const { done, value: batch } = await batches.next();
      if (done) {
        if (batch === 0) return;
        if (read > 0) throw syscallError(`map '${map.info().name}': failed to read elements`, batch);
        break;
      }
      yield batch;
      read += batch.count;
    }
  } finally {
    await batches.return(0);
  }
  yield* oneByOne(map, signal);
}

/** Maps and kernels without batches. An element deleted meanwhile is passed over. */
async function* oneByOne(map: BpfMap, signal: StopSignal | undefined): AsyncGenerator<ElementBatch, void> {
  const { keySize } = map.info();
  const { valueSize } = map;
  let keys = map.nextKey();
  for (let read = 1; keys !== undefined; read++) {
    if (read % 1024 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    throwIfStopped(signal);
    const values = map.lookup(keys);
    // The caller's to change, as of batches.
    const previous = keys.slice();
    if (values !== undefined) yield { keys, values, keySize, valueSize, count: 1 };
    keys = map.nextKey(previous);
  }
}

/**
 * As `readBatches`, but what the kernel hands out only: it returns 0 at the end, -errno where the map or kernel has no
 * batches (before anything was yielded) or a later call fails. With fewer arrays: those of a batch are filled again, on another thread, once the next is asked for.
 * Only for callers that let go of them: an array that is transferred meanwhile could be freed under the kernel's hands.
 */
export function tryReadBatches(map: BpfMap): AsyncGenerator<ElementBatch, number> {
  return batchesOf(map, { reuses: true });
}

async function* batchesOf(map: BpfMap, { reuses }: { reuses: boolean }): AsyncGenerator<ElementBatch, number> {
  const onlyNew = mapType(map.info().type)?.isTrie ? trieFilter(map.info().keySize) : undefined;
  const reader = new BatchReader(map);
  // Most maps end with their first batch, which is not worth a thread.
  let result = reader.readNow();
  const ahead = new ReadingAhead(reader, result, map.info().keySize + map.valueSize > maxBytes ? 0 : mostReady);
  try {
    for (;;) {
      const { batch, ended } = result;
      const count = onlyNew === undefined ? batch.count : onlyNew(batch);
      for (let from = 0; from < count; from += yieldedCount) {
        // A call that ended meanwhile is followed by the next one.
        if (from > 0) await new Promise((resolve) => setImmediate(resolve));
        yield part(batch, from, Math.min(yieldedCount, count - from));
      }
      if (ended !== undefined) return ended;
      if (reuses) reader.release(batch);
      result = await ahead.next();
    }
  } finally {
    // A call under way writes to the arrays and needs the map's descriptor.
    await ahead.stop();
  }
}

function part(batch: ElementBatch, from: number, count: number): ElementBatch {
  const { keys, values, keySize, valueSize } = batch;
  if (from === 0) return count === batch.count ? batch : { ...batch, count };
  return { keys: keys.subarray(from * keySize), values: values.subarray(from * valueSize), count, keySize, valueSize };
}

/** Makes one call after the other on another thread, as long as no more than `most` results wait to be taken. */
class ReadingAhead {
  readonly #reader: BatchReader;
  readonly #most: number;
  readonly #ready: BatchResult[] = [];
  #call: Promise<void> | undefined;
  #ended: boolean;

  constructor(reader: BatchReader, first: BatchResult, most: number) {
    this.#reader = reader;
    this.#most = most;
    this.#ended = first.ended !== undefined;
    this.#goOn(most);
  }

  async next(): Promise<BatchResult> {
    while (this.#ready.length === 0) {
      this.#goOn(1);
      await this.#call;
    }
    const result = this.#ready.shift()!;
    this.#goOn(this.#most);
    return result;
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#call?.catch(() => undefined);
  }

  #goOn(most: number): void {
    if (this.#call !== undefined || this.#ended || this.#ready.length >= most) return;
    this.#call = this.#read();
    // Seen when it is waited for.
    this.#call.catch(() => undefined);
  }

  async #read(): Promise<void> {
    const result = await this.#reader.readAhead();
    this.#call = undefined;
    this.#ready.push(result);
    this.#ended ||= result.ended !== undefined;
    this.#goOn(this.#most);
  }
}

interface BatchResult {
  readonly batch: ElementBatch;
  /** Nothing comes after it: 0, or -errno. */
  readonly ended: number | undefined;
}

/** Arrays that one call fills. */
interface BatchArrays {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

class BatchReader {
  readonly #map: BpfMap;
  readonly #keySize: number;
  readonly #valueSize: number;
  /** The most elements of a batch, but for buckets that hold more. */
  readonly #most: number;
  #capacity: number;
  /** Where the call goes on, and where the next will: a bucket number or a whole key. */
  #from: Uint8Array | undefined;
  #to: Uint8Array;
  /** What a call fills; made when it is. */
  #filling: BatchArrays | undefined;
  /** Of the full capacity, free to be filled. */
  readonly #free: BatchArrays[] = [];
  #interruptions = 0;

  constructor(map: BpfMap) {
    const { keySize, maxEntries } = map.info();
    this.#map = map;
    this.#keySize = keySize;
    this.#valueSize = map.valueSize;
    this.#most = Math.max(1, Math.min(maxCount, maxEntries, Math.floor(maxBytes / (keySize + this.#valueSize))));
    this.#capacity = Math.min(firstCount, this.#most);
    this.#to = this.#token();
  }

  readNow(): BatchResult {
    for (;;) {
      const result = this.#taken(lookupBatch(this.#map.kernel, this.#request()));
      if (result !== undefined) return result;
    }
  }

  async readAhead(): Promise<BatchResult> {
    for (;;) {
      const { kernel, fd } = this.#map;
      const result = this.#taken(await fd.during(() => lookupBatchInBackground(kernel, this.#request())));
      if (result !== undefined) return result;
    }
  }

  #request(): BatchLookup {
    this.#filling ??= this.#free.pop() ?? this.#arrays();
    const { keys, values } = this.#filling;
    return { fd: this.#map.fd.number, from: this.#from, to: this.#to, keys, values, count: this.#capacity };
  }

  /** What a call brought; undefined where it is to be made again. */
  #taken({ result, count }: BatchOutcome): BatchResult | undefined {
    if (result === -Errno.ENOSPC && this.#capacity <= this.#map.info().maxEntries) {
      // One bucket holds more than fits: nothing was consumed.
      this.#capacity *= 2;
      this.#filling = undefined;
      this.#free.length = 0;
      return undefined;
    }
    // Array-like maps report a busy element so, after handing over what came before it.
    const interrupted = result === -Errno.EINTR && count < this.#capacity && this.#interruptions++ < maxInterruptions;
    if (interrupted && count === 0) return undefined;
    const failed = result < 0 && result !== -Errno.ENOENT && !interrupted;
    const { keys, values } = this.#filling!;
    const sizes = { keySize: this.#keySize, valueSize: this.#valueSize };
    const batch = { keys, values, count: failed ? 0 : count, ...sizes };
    if (failed) return { batch, ended: result };
    if (result === -Errno.ENOENT) return { batch, ended: 0 };
    [this.#from, this.#to] = [this.#to, this.#from ?? this.#token()];
    this.#capacity = Math.max(this.#capacity, this.#most);
    this.#filling = undefined;
    return { batch, ended: undefined };
  }

  /** The arrays of a batch may be filled again. */
  release({ keys, values }: BatchArrays): void {
    if (keys.length === this.#capacity * this.#keySize && values.length === this.#capacity * this.#valueSize) {
      this.#free.push({ keys, values });
    }
  }

  #token(): Uint8Array {
    return new Uint8Array(Math.max(8, this.#keySize));
  }

  #arrays(): BatchArrays {
    return {
      keys: new Uint8Array(this.#capacity * this.#keySize),
      values: new Uint8Array(this.#capacity * this.#valueSize),
    };
  }
}

/** Elements to be written together, packed as `ElementBatch` has them. */
export interface ElementsToWrite {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

/** How far a write came: `count` elements are in the map; `errno` (positive) says why not more. */
export interface WriteOutcome {
  readonly count: number;
  readonly errno: number;
}

/** The kernel did not take an element; those before it, `written` of them, are in the map. */
export class ElementsRefused extends SyscallError {
  readonly written: number;

  constructor(map: string, written: number, errno: number) {
    const call = `map '${map}': failed to write elements after ${written}`;
    super(call, errno, errnoName(errno), strerror(errno));
    this.written = written;
  }
}

const allWritten: WriteOutcome = { count: 0, errno: 0 };

/** Errors by which a call says that there are no batches here. */
export const noBatches = new Set([-Errno.EINVAL, -Errno.EOPNOTSUPP, -Errno.ENOTSUPP, -Errno.E2BIG]);

/**
 * Writes elements into one map, in batches where type and kernel have them (5.6, or later for some types). UsageError
 * for fewer bytes than so many elements have.
 */
export class ElementWriter {
  readonly #map: BpfMap;
  readonly #flags: number;
  #hasBatches = true;

  /** `flags`: BPF_ANY, BPF_NOEXIST, BPF_EXIST. */
  constructor(map: BpfMap, flags = 0) {
    this.#map = map;
    this.#flags = flags;
    // The kernel's generic batch takes flags only for spin locks.
    this.#hasBatches = flags === 0 && map.info().keySize > 0;
  }

  /** Writes all of them. Throws ElementsRefused where the kernel took only some, or none. */
  write(elements: ElementsToWrite): void {
    this.#allWritten(this.tryWrite(elements));
  }

  /** As `write`, on another thread where there are batches, of what the arrays have now. */
  async writeInBackground(elements: ElementsToWrite): Promise<void> {
    this.#allWritten(await this.tryWriteInBackground(elements));
  }

  #allWritten({ count, errno }: WriteOutcome): void {
    if (errno !== 0) throw new ElementsRefused(this.#map.info().name, count, errno);
  }

  /** @internal As `write`, answering how far it came. */
  tryWrite(elements: ElementsToWrite): WriteOutcome {
    this.#check(elements);
    if (elements.count === 0) return allWritten;
    if (!this.#hasBatches) return this.#oneByOne(elements);
    return this.#outcome(elements, updateBatch(this.#map.kernel, this.#request(elements)));
  }

  /** @internal As `writeInBackground`, answering how far it came. */
  async tryWriteInBackground(elements: ElementsToWrite): Promise<WriteOutcome> {
    this.#check(elements);
    if (elements.count === 0 || !this.#hasBatches) return this.tryWrite(elements);
    const copies = this.#copy(elements);
    const { kernel, fd } = this.#map;
    return this.#outcome(copies, await fd.during(() => updateBatchInBackground(kernel, this.#request(copies))));
  }

  #check({ keys, values, count }: ElementsToWrite): void {
    const { name, keySize } = this.#map.info();
    expectInteger(count, 'count of elements');
    expectBytes(keys, `${count} keys of map '${name}'`, { least: count * keySize });
    expectBytes(values, `${count} values of map '${name}'`, { least: count * this.#map.valueSize });
  }

  /** The caller's arrays could be transferred while another thread reads them. */
  #copy({ keys, values, count }: ElementsToWrite): ElementsToWrite {
    const { keySize } = this.#map.info();
    return { keys: keys.slice(0, count * keySize), values: values.slice(0, count * this.#map.valueSize), count };
  }

  #request({ keys, values, count }: ElementsToWrite): BatchUpdate {
    return { fd: this.#map.fd.number, keys, values, count };
  }

  #outcome(elements: ElementsToWrite, { result, count: counted }: BatchOutcome): WriteOutcome {
    const { count } = elements;
    if (result === 0) return { count, errno: 0 };
    // Where the call was refused as a whole, the count stands as it was given.
    const done = counted % count;
    if (done > 0 || !noBatches.has(result)) return { count: done, errno: -result };
    // No batches here, or the first element itself is what is wrong.
    this.#hasBatches = false;
    return this.#oneByOne(elements);
  }

  #oneByOne({ keys, values, count }: ElementsToWrite): WriteOutcome {
    const { keySize } = this.#map.info();
    const { valueSize } = this.#map;
    for (let i = 0; i < count; i++) {
      const key = keySize > 0 ? keys.subarray(i * keySize, (i + 1) * keySize) : undefined;
      const result = this.#map.tryUpdate(key, values.subarray(i * valueSize, (i + 1) * valueSize), this.#flags);
      if (result < 0) return { count: i, errno: -result };
    }
    return { count, errno: 0 };
  }
}
