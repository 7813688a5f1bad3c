// What a call may be given by mistake instead of bytes and counts.
import { expect } from 'vitest';

/** As an array looks whose memory was handed to somebody else. */
export function detached(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  expect(bytes.length).toBe(0);
  return bytes;
}

/** What is no bytes of that length: less, more, none, gone, of another kind. */
export function wrongBytes(length: number, { canBeLonger = false } = {}): unknown[] {
  const wrong: unknown[] = [
    new Uint8Array(length - 1),
    new Uint8Array(0),
    detached(length),
    new Uint32Array(length),
    new DataView(new ArrayBuffer(length)),
    new ArrayBuffer(length),
    Array(length).fill(0),
    'x'.repeat(length),
    length,
    null,
    {},
  ];
  if (!canBeLonger) wrong.push(new Uint8Array(length + 1), new Uint8Array(length + 4096));
  return wrong;
}

export const wrongCounts: unknown[] = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40, '2', 1n, null, {}, []];
