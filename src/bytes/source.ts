import { ParseError } from '../errors/index.ts';

/** Bytes that are read where they are needed: a file too large to be read as a whole, or memory. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** A copy or view of `length` bytes from `offset`. ParseError where they reach beyond the end. */
  read(offset: number, length: number): Uint8Array;
}

/** Memory as a source; what it gives are views. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => {
      checkRange(bytes.length, { offset, length });
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A stretch of a source as a source of its own. ParseError if it reaches beyond the end. */
export function partOf(source: ByteSource, stretch: { offset: number; length: number }): ByteSource {
  checkRange(source.size, stretch);
  const size = stretch.length;
  return {
    size,
    read: (offset, length) => {
      checkRange(size, { offset, length });
      return source.read(stretch.offset + offset, length);
    },
  };
}

/** ParseError unless a stretch lies within `size` bytes. */
export function checkRange(size: number, { offset, length }: { offset: number; length: number }): void {
  const isInside = offset >= 0 && length >= 0 && offset <= size && length <= size - offset;
  if (!isInside) throw new ParseError('file', offset, `expected ${length} bytes, the end is at ${size}`);
}
