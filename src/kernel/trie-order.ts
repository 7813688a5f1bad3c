import type { ElementBatch } from './batch.ts';

/**
 * Takes the elements of a trie that an earlier batch, or an earlier part of this one, has not had. The kernel walks a
 * trie from the key it gave last and starts over when that is gone meanwhile, so batches can repeat; it always walks in
 * the same order, so what repeats is what does not come after the last. Moves the rest together and answers how many.
 */
export function trieFilter(keySize: number): (batch: ElementBatch) => number {
  let last: Uint8Array | undefined;
  return ({ keys, values, count, valueSize }) => {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const at = i * keySize;
      const before = kept === 0 ? last : keys;
      const beforeAt = kept === 0 ? 0 : (kept - 1) * keySize;
      if (before !== undefined && compareTrieKeys(before, beforeAt, keys, at) >= 0) continue;
      if (kept < i) {
        keys.copyWithin(kept * keySize, at, at + keySize);
        values.copyWithin(kept * valueSize, i * valueSize, (i + 1) * valueSize);
      }
      kept++;
    }
    if (kept > 0) last = keys.slice((kept - 1) * keySize, kept * keySize);
    return kept;
  };
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Bits of the prefix: the `prefixlen` of `struct bpf_lpm_trie_key`. */
function prefixLength(key: Uint8Array, at: number): number {
  const [a, b, c, d] = [key[at]!, key[at + 1]!, key[at + 2]!, key[at + 3]!];
  return isLittleEndian ? a + b * 0x100 + c * 0x10000 + d * 0x1000000 : d + c * 0x100 + b * 0x10000 + a * 0x1000000;
}

/**
 * Order of the kernel's walk (trie_get_next_key): what a prefix contains before the prefix itself, bit 0 before bit 1.
 * Negative where the first comes first.
 */
export function compareTrieKeys(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  const [aBits, bBits] = [prefixLength(a, aAt), prefixLength(b, bAt)];
  const common = Math.min(aBits, bBits);
  const bytes = common >>> 3;
  for (let i = 4; i < 4 + bytes; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!;
    if (difference !== 0) return difference;
  }
  if ((common & 7) !== 0) {
    const mask = 0xff00 >> (common & 7);
    const difference = (a[aAt + 4 + bytes]! & mask) - (b[bAt + 4 + bytes]! & mask);
    if (difference !== 0) return difference;
  }
  return bBits - aBits;
}
