import { readFileSync } from 'node:fs';

/** Of the auxiliary vector: whether the kernel raised the rights of this process when it started. Source: getauxval(3). */
const AT_SECURE = 23n;

/**
 * Whether this process has more rights than its caller, through a set-user-ID bit or file capabilities. Then nothing
 * that its environment says may be obeyed. Without /proc nothing can be said, and it counts as raised.
 */
export function runsWithRaisedRights(): boolean {
  let words: BigUint64Array;
  try {
    const bytes = readFileSync('/proc/self/auxv');
    words = new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~15)));
  } catch {
    return true;
  }
  for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === AT_SECURE) return words[i + 1] !== 0n;
  return true;
}
