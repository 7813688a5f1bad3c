// A C library that collects garbage at the moment of a call, and can say what the kernel finds at an address then.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NativeArgument } from '../../../src/sys/ffi.ts';
import { Libc } from '../../../src/sys/libc.ts';

setFlagsFromString('--expose-gc');
/** Collects garbage now. */
export const collectGarbage = runInNewContext('gc') as () => void;

export class WatchedLibc extends Libc {
  /** Called after the collection, with the address of the struct, and before the kernel. */
  onCall: ((address: number) => void) | undefined;
  /** Calls are only counted while this is false. */
  collects = true;
  /** What stands for the kernel's result, where it is not asked. */
  answer: number | undefined;
  calls = 0;

  #before(address: number): void {
    this.calls++;
    if (!this.collects) return;
    collectGarbage();
    // Takes what was freed, so that an array nobody kept has other bytes.
    for (const length of sizes) for (let i = 0; i < 40; i++) garbage[i] = new Uint8Array(length).fill(0xee);
    this.onCall?.(address);
  }

  override syscallAt(number: number, first: number, address: number, third: number): number {
    this.#before(address);
    return this.answer ?? super.syscallAt(number, first, address, third);
  }

  override syscallAtInBackground(number: number, first: number, address: number, third: number): Promise<number> {
    this.#before(address);
    const { answer } = this;
    if (answer === undefined) return super.syscallAtInBackground(number, first, address, third);
    // The event loop goes on meanwhile.
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#before(address);
        resolve(answer);
      });
    });
  }

  override syscall(number: number, args: readonly (number | bigint)[]): number {
    this.#before(Number(args[0]));
    return this.answer ?? super.syscall(number, args);
  }

  override call(name: string, shape: string, args: readonly NativeArgument[]): number {
    this.#before(0);
    return super.call(name, shape, args);
  }

  override callForPointer(name: string, shape: string, args: readonly NativeArgument[]): bigint {
    this.#before(0);
    return super.callForPointer(name, shape, args);
  }

  /** A copy of the memory. */
  bytesAt(address: number, length: number): Uint8Array {
    return new Uint8Array(this.view(BigInt(address), length)).slice();
  }
}

const sizes = [4, 16, 64, 72, 144, 512, 4096, 20_000, 200_000];
const garbage: Uint8Array[] = [];
