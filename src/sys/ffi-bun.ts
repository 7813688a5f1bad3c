import { dlopen, ptr, read, toArrayBuffer } from 'bun:ffi';
import { encodeUtf8 } from '../bytes/index.ts';
import type { ForeignFunctions, NativeArgument, NativeFunction, NativeType } from './ffi.ts';
import { OtherThread } from './other-thread.ts';

/** Foreign functions of Bun, which the standalone file has inside: no addon is unpacked or loaded. */
export function openForeignFunctions(): ForeignFunctions {
  const errnoAddress = Number(symbolOf('__errno_location', 'void *', [])());
  /** errno of a call that another thread made, while its callback runs. */
  let errnoElsewhere: number | undefined;
  const thread = new OtherThread();
  return {
    declare(name, result, args) {
      const symbol = symbolOf(name, result, args);
      // Text is rare; only functions that take it go through a wrapper.
      const native: NativeFunction = Object.assign(
        args.includes('str') ? (...values: readonly NativeArgument[]) => symbol(...values.map(textToBytes)) : symbol,
        {
          async(values: readonly NativeArgument[], done: (error: unknown, result: number | bigint) => void): void {
            const bytes = values.map(textToBytes);
            thread.call({ name, result, args, values: bytes.map(toNumber) }, (outcome) => {
              // The arrays are named here so that they outlive the call.
              void bytes.length;
              errnoElsewhere = outcome.errno;
              try {
                done(outcome.error, outcome.result);
              } finally {
                errnoElsewhere = undefined;
              }
            });
          },
        },
      );
      return native;
    },
    errno: () => errnoElsewhere ?? read.i32(errnoAddress, 0),
    address: (bytes) => BigInt(addressOf(bytes)),
    view: (address, length) => toArrayBuffer(Number(address), 0, length),
    // The caller looks again after a while.
    watchReadable: () => undefined,
  };
}

const bunTypes = { int: 'i32', long: 'i64', ulong: 'i64', int64_t: 'i64', 'void *': 'ptr', str: 'ptr' } as const;

/** A function of the C library; results of 64 bits are numbers where they fit. */
export function symbolOf(
  name: string,
  result: NativeType,
  args: readonly NativeType[],
): (...values: readonly unknown[]) => number | bigint {
  const returns = bunTypes[result] === 'i64' ? 'i64_fast' : bunTypes[result];
  const declared: Parameters<typeof dlopen>[1] = { [name]: { args: args.map((type) => bunTypes[type]), returns } };
  return openLibc(declared)[name]!;
}

/** This process has its C library loaded already, under the name that the file was linked with. */
function openLibc(declared: Parameters<typeof dlopen>[1]): ReturnType<typeof dlopen>['symbols'] {
  try {
    return dlopen('libc.so.6', declared).symbols;
  } catch {
    const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
    return dlopen(`libc.musl-${machine}.so.1`, declared).symbols;
  }
}

function textToBytes(value: NativeArgument): Exclude<NativeArgument, string> {
  return typeof value === 'string' ? encodeUtf8(`${value}\0`) : value;
}

function toNumber(value: Exclude<NativeArgument, string>): number | bigint {
  if (value === null) return 0;
  return typeof value === 'object' ? addressOf(value) : value;
}

function addressOf(bytes: Uint8Array): number {
  // A small array's bytes lie inside the heap until its buffer is asked for, which moves them.
  return bytes.buffer.byteLength === 0 || bytes.length === 0 ? 0 : ptr(bytes);
}
