import { describe, expect, it } from 'vitest';
import { type Kernel, queryAttached } from '../../../src/kernel/index.ts';
import { attr_query, type StructView } from '../../../src/uapi/index.ts';
import { Errno } from '../../../src/errors/index.ts';

type Query = StructView<typeof attr_query>;

/** A hook with so many programs; answers as the kernel does, and keeps how many it was asked for. */
function hookOf(count: number, result = 0) {
  const asked: number[] = [];
  const bpf = (_command: number, attr: Query) => {
    const room = attr.u32('count');
    asked.push(room);
    attr.set('count', count);
    if (count > room) return -Errno.ENOSPC;
    for (const { member, bytes } of pointersOf(attr)) {
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset, count);
      words.forEach((_, i) => {
        words[i] = (member === 'link_ids' ? 1000 : 1) + i;
      });
    }
    return result;
  };
  return { kernel: { bpf } as unknown as Kernel, asked };
}

/** What the struct points to, by the member that does. */
function pointersOf(attr: Query): { member: string; bytes: Uint8Array }[] {
  return attr.pointers.map(({ offset, target, start }) => {
    const found = Object.entries(attr_query.members).find(([, member]) => member.offset === offset);
    return { member: found?.[0] ?? '', bytes: (target as Uint8Array).subarray(start) };
  });
}

describe('the programs of a hook', () => {
  it.each([0, 1, 32, 33, 64, 65, 1000])('are all there where there are %i', (count) => {
    const { kernel } = hookOf(count);
    const answer = queryAttached(kernel, { ifindex: 3, attachType: 46, details: 'links' });
    if (typeof answer === 'number') throw new Error(`refused with ${answer}`);
    expect(answer.programs).toHaveLength(count);
    expect(answer.programs.at(-1)).toEqual(
      count === 0 ? undefined : expect.objectContaining({ id: count, linkId: 999 + count }),
    );
  });

  it('are asked for in ever larger rooms', () => {
    const { kernel, asked } = hookOf(100);
    queryAttached(kernel, { ifindex: 3, attachType: 46 });
    expect(asked).toEqual([32, 64, 128]);
  });

  it('are an errno where the kernel refuses', () => {
    expect(queryAttached(hookOf(0, -Errno.EPERM).kernel, { attachType: 1 })).toBe(-Errno.EPERM);
    expect(queryAttached(hookOf(1 << 20).kernel, { attachType: 1 })).toBe(-Errno.EINVAL);
  });
});
