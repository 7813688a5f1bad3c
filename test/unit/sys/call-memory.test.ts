// What the kernel would read and write when one struct is given to many calls: its layout is kept only as long as it holds.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CallMemory } from '../../../src/sys/call-memory.ts';
import type { Libc } from '../../../src/sys/libc.ts';
import { attr_map_elem, plainStruct, structView } from '../../../src/uapi/index.ts';

const base = 1 << 20;
const elsewhere = 1 << 30;

/** Memory of calls, whose first address is `base`; arrays that are not copied are at `elsewhere`. */
function callMemory() {
  let bytes: Uint8Array | undefined;
  const libc = {
    address(array: Uint8Array) {
      bytes ??= array;
      return BigInt(array === bytes ? base : elsewhere);
    },
  };
  const memory = new CallMemory(libc as unknown as Libc);
  const view = new DataView(bytes!.buffer);
  return { memory, bytes: bytes!, pointer: (at: number) => Number(view.getBigUint64(at, true)), view };
}

const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;
const target = fc.oneof(
  fc.uint8Array({ minLength: 0, maxLength: 40 }),
  fc.constantFrom(new Uint8Array(9000).fill(7), new Uint8Array(8192).fill(9)),
);
const step = fc.record({
  key: fc.option(target, { nil: undefined }),
  value: target,
  isWritten: fc.boolean(),
  isSame: fc.boolean(),
  fd: fc.constantFrom(1, 1, 1, 2),
  other: fc.constantFrom(false, false, true),
});

it('is laid out as each call needs it, whatever the calls before had', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), (steps) => {
      const { memory, bytes, pointer, view } = callMemory();
      const attr = structView(attr_map_elem);
      attr.isOnlyRead = true;
      attr.version = 0;
      const [key, value] = [attr.pointer('key'), attr.pointer('value')];
      for (const { key: keyBytes, value: given, isWritten, isSame, fd, other } of steps) {
        const valueBytes = isSame && keyBytes !== undefined ? keyBytes : given.slice();
        if (other) {
          memory.place(plainStruct(new Uint8Array(64).fill(0xee)));
          memory.takeBack();
        }
        // As its users do: what is the same is not set again.
        if (fd !== attr.u32('map_fd')) attr.set('map_fd', fd);
        key.target = keyBytes ?? new Uint8Array(0);
        value.target = valueBytes;
        value.isWritten = isWritten;
        expect(memory.place(attr)).toBe(base);
        expect(view.getUint32(0, true)).toBe(fd);
        for (const [at, array] of [
          [8, keyBytes ?? new Uint8Array(0)],
          [16, valueBytes],
        ] as const) {
          const address = pointer(at);
          if (array.length === 0) expect(address).toBe(0);
          else if (array.length > 8192) expect(address).toBe(elsewhere);
          else expect(same(bytes.subarray(address - base, address - base + array.length), array)).toBe(true);
        }
        // The kernel writes.
        const address = pointer(16);
        const before = valueBytes.slice();
        const isCopied = valueBytes.length > 0 && valueBytes.length <= 8192;
        if (isCopied) bytes.fill(0x55, address - base, address - base + valueBytes.length);
        memory.takeBack();
        expect(same(valueBytes, isCopied && isWritten ? before.fill(0x55) : before)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

it('keeps no layout of a struct that nobody counts the changes of', () => {
  const { memory, view } = callMemory();
  const struct = plainStruct(Uint8Array.of(1, 2, 3, 4));
  memory.place(struct);
  struct.bytes[0] = 9;
  memory.place(struct);
  expect(view.getUint8(0)).toBe(9);
});
