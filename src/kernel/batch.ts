import type { BpfMap } from './map.ts';
import { elementValueSize } from './map.ts';
import { attr_map_batch, bpf_cmd, bpf_map_type, structView } from '../uapi/index.ts';

/** Elements read together: key `i` at `i * keySize`, value `i` at `i * valueSize` (all CPUs for per-CPU maps). */
export interface ElementBatch {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
  readonly keySize: number;
  readonly valueSize: number;
}

const maxCount = 16384;
const maxBytes = 2 * 1024 * 1024;
const ENOENT = -2;
const ENOSPC = -28;
const EINTR = -4;
const EOPNOTSUPP = -95;
const maxInterruptions = 100;

/**
 * All elements of a map through BPF_MAP_LOOKUP_BATCH, at most 16,384 and about 2 MiB a call. The arrays are reused by
 * the next batch. Returns -errno when the map type or kernel has no batches (before anything was yielded) or a later
 * call fails; 0 at the end. Elements that stay are seen exactly once: the kernel hands out whole hash buckets.
 */
export function* readBatches(map: BpfMap): Generator<ElementBatch, number> {
  const { type, keySize, maxEntries } = map.info();
  // The kernel walks a trie from the key it gave last and starts over when that is gone: batches could repeat.
  if (type === bpf_map_type.BPF_MAP_TYPE_LPM_TRIE) return EOPNOTSUPP;
  const valueSize = elementValueSize(map.kernel, map.info());
  const kernel = map.kernel;
  let capacity = Math.max(1, Math.min(maxCount, maxEntries, Math.floor(maxBytes / (keySize + valueSize))));
  let keys = new Uint8Array(capacity * keySize);
  let values = new Uint8Array(capacity * valueSize);
  // A token is a bucket number or a whole key.
  let [inToken, outToken] = [new Uint8Array(Math.max(8, keySize)), new Uint8Array(Math.max(8, keySize))];
  const attr = structView(attr_map_batch);
  let interruptions = 0;
  for (let first = true; ; ) {
    attr.set('in_batch', first ? 0n : kernel.address(inToken)).set('out_batch', kernel.address(outToken));
    attr.set('keys', kernel.address(keys)).set('values', kernel.address(values));
    attr.set('count', capacity).set('map_fd', map.fd.number);
    const result = kernel.bpf(bpf_cmd.BPF_MAP_LOOKUP_BATCH, attr.bytes);
    if (result === ENOSPC && capacity <= maxEntries) {
      // One bucket holds more than fits: nothing was consumed.
      capacity *= 2;
      keys = new Uint8Array(capacity * keySize);
      values = new Uint8Array(capacity * valueSize);
      continue;
    }
    const count = attr.u32('count');
    // Array-like maps report a busy element so, after handing over what came before it.
    const interrupted = result === EINTR && count < capacity && interruptions++ < maxInterruptions;
    if (interrupted && count === 0) continue;
    if (result < 0 && result !== ENOENT && !interrupted) return result;
    if (count > 0) yield { keys, values, count, keySize, valueSize };
    if (result === ENOENT) return 0;
    [inToken, outToken] = [outToken, inToken];
    first = false;
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

const noBatches = new Set([-22, EOPNOTSUPP, -524, -7]);

/** Writes elements into one map, in batches where type and kernel have them (5.6, or later for some types). */
export class ElementWriter {
  readonly #map: BpfMap;
  readonly #flags: number;
  readonly #attr = structView(attr_map_batch);
  #hasBatches = true;

  /** `flags`: BPF_ANY, BPF_NOEXIST, BPF_EXIST. */
  constructor(map: BpfMap, flags = 0) {
    this.#map = map;
    this.#flags = flags;
    // The kernel's generic batch takes flags only for spin locks.
    this.#hasBatches = flags === 0 && map.info().keySize > 0;
  }

  write({ keys, values, count }: ElementsToWrite): WriteOutcome {
    if (count === 0) return { count: 0, errno: 0 };
    if (this.#hasBatches) {
      const map = this.#map;
      const attr = this.#attr;
      attr.set('keys', map.kernel.address(keys)).set('values', map.kernel.address(values));
      attr.set('count', count).set('map_fd', map.fd.number);
      const result = map.kernel.bpf(bpf_cmd.BPF_MAP_UPDATE_BATCH, attr.bytes);
      if (result === 0) return { count, errno: 0 };
      // Where the call was refused as a whole, the count stands as it was given.
      const done = attr.u32('count') % count;
      if (done > 0 || !noBatches.has(result)) return { count: done, errno: -result };
      // No batches here, or the first element itself is what is wrong.
      this.#hasBatches = false;
    }
    return this.#oneByOne({ keys, values, count });
  }

  #oneByOne({ keys, values, count }: ElementsToWrite): WriteOutcome {
    const { keySize } = this.#map.info();
    const valueSize = elementValueSize(this.#map.kernel, this.#map.info());
    for (let i = 0; i < count; i++) {
      const key = keySize > 0 ? keys.subarray(i * keySize, (i + 1) * keySize) : undefined;
      const result = this.#map.update(key, values.subarray(i * valueSize, (i + 1) * valueSize), this.#flags);
      if (result < 0) return { count: i, errno: -result };
    }
    return { count, errno: 0 };
  }
}
