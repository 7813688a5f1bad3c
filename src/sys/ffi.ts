/** An integer or pointer argument of a C function. Byte arrays are passed as the address of their first byte. */
export type NativeArgument = number | bigint | Uint8Array | string | null;

/** C types of arguments and results; `str` is text, passed as NUL-terminated UTF-8. */
export type NativeType = 'int' | 'long' | 'ulong' | 'int64_t' | 'void *' | 'str';

export interface NativeFunction {
  (...args: readonly NativeArgument[]): number | bigint;
  /** Calls on another thread; `done` is called back, while `errno` is still that of the call. */
  async(args: readonly NativeArgument[], done: (error: unknown, result: number | bigint) => void): void;
}

export interface Watcher {
  close(): void;
}

/**
 * What `libc.ts` needs of a foreign function interface. Two files implement it, one for each runtime, and the build
 * chooses: `ffi-koffi.ts` for Node, `ffi-bun.ts` for the standalone file.
 */
export interface ForeignFunctions {
  /** Declares a function of the C library. */
  declare(name: string, result: NativeType, args: readonly NativeType[]): NativeFunction;
  /** errno as the last call left it. */
  errno(): number;
  /** Address of the first byte. It stays valid as long as the array is referenced. */
  address(bytes: Uint8Array): bigint;
  /** The memory at `address` as an ArrayBuffer that neither owns nor copies it. */
  view(address: bigint, length: number): ArrayBuffer;
  /** Calls back when `fd` is readable, from the event loop; undefined where there is no such thing. */
  watchReadable(fd: number, callback: () => void): Watcher | undefined;
}
