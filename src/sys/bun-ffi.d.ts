/** The part of Bun's own modules that `ffi-bun.ts` uses. */
declare module 'bun:ffi' {
  type FfiType = 'i32' | 'i64' | 'i64_fast' | 'ptr';
  interface Declaration {
    readonly args: readonly FfiType[];
    readonly returns: FfiType;
  }
  /** A `ptr` argument is an address or an array. */
  export function dlopen(
    path: string,
    functions: Readonly<Record<string, Declaration>>,
  ): { readonly symbols: Readonly<Record<string, (...args: unknown[]) => number | bigint>> };
  export function ptr(bytes: ArrayBufferView): number;
  export function toArrayBuffer(address: number, offset: number, length: number): ArrayBuffer;
  export const read: { i32(address: number, offset: number): number };
}
