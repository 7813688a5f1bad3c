import { UsageError } from '../errors/index.ts';
import type { ForeignFunctions, NativeArgument, NativeFunction, NativeType, Watcher } from './ffi.ts';
import { openForeignFunctions } from './ffi-koffi.ts';

/** The C library of this process, its functions declared on first use. */
export class Libc {
  readonly #ffi: ForeignFunctions;
  readonly #functions = new Map<string, NativeFunction>();
  readonly #syscall: NativeFunction;

  constructor() {
    this.#ffi = openForeignFunctions();
    this.#syscall = this.#ffi.declare('syscall', 'long', ['long', 'long', 'int64_t', 'ulong']);
  }

  /** `syscall(number, first, pointer, third)`: the shape of bpf(2), with an address. Returns the result, or -errno. */
  syscallAt(number: number, first: number, address: number, third: number): number {
    const result = this.#syscall(number, first, address, third) as number;
    return result < 0 ? -this.#ffi.errno() : result;
  }

  /** As `syscallAt`, on another thread. What is at the address must stay and be left alone until it resolves. */
  syscallAtInBackground(number: number, first: number, address: number, third: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#syscall.async([number, first, address, third], (error, result) => {
        // errno is that of the call while this runs.
        if (error !== null) reject(error);
        else resolve(result < 0 ? -this.#ffi.errno() : Number(result));
      });
    });
  }

  /** `syscall(number, …)` with up to six integer arguments. Returns the result, or -errno. */
  syscall(number: number, args: readonly (number | bigint)[]): number {
    const padded = [0, 0, 0, 0, 0, 0].map((zero, index) => args[index] ?? zero);
    return this.call('syscall', 'iiiiiii', [number, ...padded]);
  }

  /**
   * Calls the libc function `name`. `shape` has a letter per argument: `i` integer (register wide), `p` bytes, `s` string, `o`
   * string or null. UsageError for an argument of another kind.
   * Returns what it returns, or -errno where that is -1.
   */
  call(name: string, shape: string, args: readonly NativeArgument[]): number {
    checkArguments(name, shape, args);
    const result = this.#function(name, shape)(...args) as number | bigint;
    if (result === -1) return -this.#ffi.errno();
    return Number(result);
  }

  /** As `call`, for functions that return a pointer: the address, or -errno as a negative number. */
  callForPointer(name: string, shape: string, args: readonly NativeArgument[]): bigint {
    checkArguments(name, shape, args);
    const result = BigInt(this.#function(name, shape)(...args) as number | bigint);
    return result === -1n ? BigInt(-this.#ffi.errno()) : result;
  }

  errno(): number {
    return this.#ffi.errno();
  }

  /** Address of the first byte. It stays valid as long as the array is referenced. */
  address(bytes: Uint8Array): bigint {
    return this.#ffi.address(bytes);
  }

  /** The memory at `address` as an ArrayBuffer that neither owns nor copies it. */
  view(address: bigint, length: number): ArrayBuffer {
    return this.#ffi.view(address, length);
  }

  /** Calls back when `fd` is readable, from the event loop. Undefined where the FFI has no such thing. */
  watchReadable(fd: number, callback: () => void): Watcher | undefined {
    return this.#ffi.watchReadable(fd, callback);
  }

  #function(name: string, shape: string): NativeFunction {
    const key = `${name}:${shape}`;
    let found = this.#functions.get(key);
    if (found === undefined) {
      const types = Array.from(shape, (letter): NativeType => kinds[letter as keyof typeof kinds].native);
      // Functions returning int leave the upper half of the register undefined: only these are declared 64 bits wide.
      found = this.#ffi.declare(name, wideResults.has(name) ? 'int64_t' : 'int', types);
      this.#functions.set(key, found);
    }
    return found;
  }
}

/**
 * An FFI takes a number for a pointer, cuts fractions off and ends text at its first NUL: the call would then be about other
 * memory, another descriptor or another file than meant.
 */
function checkArguments(name: string, shape: string, args: readonly unknown[]): void {
  for (let i = 0; i < shape.length; i++) {
    const kind = kinds[shape[i] as keyof typeof kinds];
    const value = args[i];
    if (kind.has(value)) continue;
    const got =
      typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? 'an object' : String(value);
    throw new UsageError(`${name}: expected ${kind.what}, got ${got}`);
  }
}

const isText = (value: unknown) => typeof value === 'string' && !value.includes('\0');
/** By the letters of a shape. */
const kinds = {
  i: {
    what: 'a whole number',
    native: 'int64_t',
    has: (value: unknown) => typeof value === 'bigint' || Number.isInteger(value),
  },
  p: { what: 'bytes', native: 'void *', has: (value: unknown) => value instanceof Uint8Array },
  s: { what: 'text without NUL', native: 'str', has: isText },
  o: { what: 'text without NUL, or null', native: 'str', has: (value: unknown) => value === null || isText(value) },
} as const;

const wideResults: ReadonlySet<string> = new Set([
  'syscall',
  'mmap',
  'if_indextoname',
  'read',
  'write',
  'recv',
  'sendto',
  'sysconf',
]);

let opened: Libc | undefined;

/** The C library, loaded by the first call. */
export function libc(): Libc {
  opened ??= new Libc();
  return opened;
}

/** The C library if it has been loaded. */
export function loadedLibc(): Libc | undefined {
  return opened;
}
