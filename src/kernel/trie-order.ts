import { hostIsLittleEndian } from '../bytes/index.ts';
import type { ElementBatch } from './element-batch.ts';

/**
 * Takes the elements of a trie that an earlier batch, or an earlier part of this one, has not had. The kernel walks a
 * trie from the key it gave last and starts over when that is gone meanwhile, so batches can repeat; it always walks in
 * the same order, so what repeats is what does not come after the last. Moves the rest together and answers how many.
 */
export function trieFilter(keySize: number): (batch: ElementBatch) => number {
  const last = viewOf(new Uint8Array(keySize));
  let hasLast = false;
  return ({ keys, values, count, valueSize }) => {
    const view = viewOf(keys);
    let kept = 0;
    if (!hasLast || compareTrieKeys(last, 0, view, 0) < 0) kept = countInOrder(view, keySize, count);
    for (let i = kept; i < count; i++) {
      const at = i * keySize;
      if (kept > 0) {
        if (compareTrieKeys(view, (kept - 1) * keySize, view, at) >= 0) continue;
      } else if (hasLast && compareTrieKeys(last, 0, view, at) >= 0) continue;
      if (kept < i) {
        keys.copyWithin(kept * keySize, at, at + keySize);
        values.copyWithin(kept * valueSize, i * valueSize, (i + 1) * valueSize);
      }
      kept++;
    }
    if (kept > 0) {
      for (let i = 0; i < keySize; i++) last.setUint8(i, keys[(kept - 1) * keySize + i]!);
      hasLast = true;
    }
    return kept;
  };
}

/** How many keys come one after the other: all of them, unless the kernel started over. */
function countInOrder(view: DataView, keySize: number, count: number): number {
  let bits = 0;
  let word = 0;
  for (let i = 0, at = 0; i < count; i++, at += keySize) {
    const nextBits = view.getUint32(at, hostIsLittleEndian);
    const nextWord = keySize < 8 ? 0 : view.getUint32(at + 4);
    // Most keys of a trie say in their first 32 bits which comes first.
    const isOrdered = bits >= 32 && nextBits >= 32 && word < nextWord;
    if (!isOrdered && i > 0 && compareTrieKeys(view, at - keySize, view, at) >= 0) return i;
    bits = nextBits;
    word = nextWord;
  }
  return count;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Order of the kernel's walk (trie_get_next_key) of keys that are `struct bpf_lpm_trie_key`: what a prefix contains
 * before the prefix itself, bit 0 before bit 1. Negative where the first comes first.
 */
export function compareTrieKeys(a: DataView, aAt: number, b: DataView, bAt: number): number {
  const aBits = a.getUint32(aAt, hostIsLittleEndian);
  const bBits = b.getUint32(bAt, hostIsLittleEndian);
  let left = Math.min(aBits, bBits);
  let at = 4;
  for (; left >= 32; left -= 32, at += 4) {
    const difference = a.getUint32(aAt + at) - b.getUint32(bAt + at);
    if (difference !== 0) return difference;
  }
  for (; left > 0; left -= 8, at++) {
    const mask = left < 8 ? 0xff00 >> left : 0xff;
    const difference = (a.getUint8(aAt + at) & mask) - (b.getUint8(bAt + at) & mask);
    if (difference !== 0) return difference;
  }
  return bBits - aBits;
}
