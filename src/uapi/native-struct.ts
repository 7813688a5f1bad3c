/**
 * A struct for the kernel: its bytes, and what the pointers among them point to. Addresses exist only while a system
 * call runs; whoever makes the call writes them, and keeps everything they point to until it has ended.
 */
export interface NativeStruct {
  readonly bytes: Uint8Array;
  /** The kernel writes nothing to the bytes themselves, so that nothing of them has to be taken back. */
  readonly isOnlyRead?: boolean;
  /**
   * Grows with every change of the bytes themselves: a struct that is given to one call after the other need not be laid out
   * anew then. Undefined where nobody counts.
   */
  readonly version?: number | undefined;
  readonly pointers: readonly Pointer[];
}

/** A 64-bit pointer member. */
export interface Pointer {
  /** Where in the struct's bytes the address stands. */
  readonly offset: number;
  /** An empty array is a null pointer. */
  readonly target: Uint8Array | NativeStruct;
  /** The byte of the target that the address names. */
  readonly start: number;
  /** The kernel writes to the target. */
  readonly isWritten: boolean;
}

/** A struct without pointers. */
export function plainStruct(bytes: Uint8Array): NativeStruct {
  return { bytes, pointers: [] };
}

/** An array of pointers to texts, each with a NUL at its end: `const char *names[]`. */
export function textTable(texts: readonly string[]): NativeStruct {
  const encoder = new TextEncoder();
  const encoded = texts.map((text) => encoder.encode(`${text}\0`));
  const target = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  const pointers = encoded.map((text, index): Pointer => {
    const pointer = { offset: index * 8, target, start, isWritten: false };
    target.set(text, start);
    start += text.length;
    return pointer;
  });
  return { bytes: new Uint8Array(texts.length * 8), pointers };
}
