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
