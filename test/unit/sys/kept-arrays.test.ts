// Arrays that a call points to stay until it has ended, though nobody else refers to them. The calls are made from functions
// that have returned by the time of the collection, whose frames cannot keep anything.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CallMemory, pinInPlace } from '../../../src/sys/call-memory.ts';
import { kernelThrough } from '../../../src/sys/linux-kernel.ts';
import type { NativeStruct } from '../../../src/uapi/index.ts';
import { collectGarbage, WatchedLibc } from '../../support/live/watched-libc.ts';

const libc = new WatchedLibc();
libc.collects = false;

/** A struct with two pointers to arrays that only it refers to; references to them are weak. */
function freshStruct(refs: WeakRef<Uint8Array>[], size: number): NativeStruct {
  const pointers = [0, 8].map((offset) => {
    const target = new Uint8Array(size);
    refs.push(new WeakRef(target));
    return { offset, target, start: 0, isWritten: true };
  });
  return { bytes: new Uint8Array(16), pointers };
}

/** How many of the arrays are still there. A new weak reference keeps its target until the present job ends. */
async function left(refs: readonly WeakRef<Uint8Array>[]): Promise<number> {
  await setImmediate();
  collectGarbage();
  await setImmediate();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

function place(memory: CallMemory, refs: WeakRef<Uint8Array>[], size: number): void {
  memory.place(freshStruct(refs, size));
}

test.each([64, 100_000])('arrays of %d bytes stay from place to takeBack', async (size) => {
  const memory = new CallMemory(libc);
  const refs: WeakRef<Uint8Array>[] = [];
  place(memory, refs, size);
  expect(await left(refs)).toBe(2);
  memory.takeBack();
  expect(await left(refs)).toBe(0);
});

function pin(refs: WeakRef<Uint8Array>[]): ReturnType<typeof pinInPlace>['kept'] {
  return pinInPlace(libc, freshStruct(refs, 500)).kept;
}

test('arrays pinned for a call elsewhere stay with what pinInPlace returns', async () => {
  const refs: WeakRef<Uint8Array>[] = [];
  const held = { kept: pin(refs) };
  expect(await left(refs)).toBe(2);
  held.kept.length = 0;
  expect(await left(refs)).toBe(0);
});

test('arrays of a call in the background stay until it resolves', async () => {
  let end = (_: number) => {};
  class SlowLibc extends WatchedLibc {
    override syscallAtInBackground(): Promise<number> {
      return new Promise((resolve) => {
        end = resolve;
      });
    }
  }
  const slow = new SlowLibc();
  slow.collects = false;
  const kernel = kernelThrough(() => slow);
  const refs: WeakRef<Uint8Array>[] = [];
  const begin = () => kernel.bpfInBackground(0, freshStruct(refs, 500));
  const call = { result: begin() };
  expect(await left(refs)).toBe(2);
  end(0);
  expect(await call.result).toBe(0);
  expect(await left(refs)).toBe(0);
});
