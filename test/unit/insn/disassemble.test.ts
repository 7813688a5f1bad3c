import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { basicBlocks, decodeInstructions, disassemble } from '../../../src/insn/index.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const text = (hex: string) => {
  const [insn, next] = decodeInstructions(bytes(hex));
  return disassemble(insn!, next);
};

describe('an instruction in the notation of the kernel', () => {
  it.each([
    ['b7 01 00 00 01 00 00 00', '(b7) r1 = 1'],
    ['bc 21 00 00 00 00 00 00', '(bc) w1 = w2'],
    ['bf 21 08 00 00 00 00 00', '(bf) r1 = (s8)r2'],
    ['37 01 01 00 03 00 00 00', '(37) r1 s/= 3'],
    ['87 01 00 00 00 00 00 00', '(87) r1 = -r1'],
    ['dc 01 00 00 10 00 00 00', '(dc) r1 = be16 r1'],
    ['d7 01 00 00 20 00 00 00', '(d7) r1 = bswap32 r1'],
    ['61 21 f8 ff 00 00 00 00', '(61) r1 = *(u32 *)(r2 -8)'],
    ['81 21 04 00 00 00 00 00', '(81) r1 = *(s32 *)(r2 +4)'],
    ['db 21 00 00 01 00 00 00', '(db) r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)'],
    ['c3 21 00 00 00 00 00 00', '(c3) lock *(u32 *)(r1 +0) += r2'],
    ['db 21 00 00 f1 00 00 00', '(db) r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)'],
    ['e3 21 00 00 00 00 00 00', '(e3) probe lock *(u32 *)(r1 +0) += r2'],
    ['fb 21 f8 ff 40 00 00 00', '(fb) probe lock *(u64 *)(r1 -8) |= r2'],
    ['e3 21 04 00 51 00 00 00', '(e3) probe r2 = atomic_fetch_and((u32 *)(r1 +4), r2)'],
    ['fb 21 04 00 a1 00 00 00', '(fb) probe r2 = atomic64_fetch_xor((u64 *)(r1 +4), r2)'],
    ['e3 21 00 00 e1 00 00 00', '(e3) probe r2 = atomic_xchg((u32 *)(r1 +0), r2)'],
    ['fb 21 00 00 f1 00 00 00', '(fb) probe r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)'],
    ['eb 21 00 00 00 01 00 00', '(eb) probe r1 = load_acquire((u16 *)(r2 +0))'],
    ['f3 21 00 00 10 01 00 00', '(f3) probe store_release((u8 *)(r1 +0), r2)'],
    ['e3 21 00 00 02 00 00 00', 'BUG_e3'],
    ['a3 21 00 00 00 00 00 00', 'BUG_a3'],
    ['7a 01 00 00 ff ff ff ff', '(7a) *(u64 *)(r1 +0) = -1'],
    ['18 01 00 00 ff ff ff ff 00 00 00 00 01 00 00 00', '(18) r1 = 0x1ffffffff'],
    ['85 00 00 00 01 00 00 00', '(85) call bpf_map_lookup_elem#1'],
    ['85 10 00 00 05 00 00 00', '(85) call pc+5'],
    ['05 00 fe ff 00 00 00 00', '(05) goto pc-2'],
    ['06 00 00 00 fe ff ff ff', '(06) gotol pc-2'],
    ['e5 00 03 00 00 00 00 00', '(e5) may_goto pc+3'],
    ['56 01 02 00 ff ff ff ff', '(56) if w1 != 0xffffffff goto pc+2'],
    ['1d 21 02 00 00 00 00 00', '(1d) if r1 == r2 goto pc+2'],
    ['95 00 00 00 00 00 00 00', '(95) exit'],
    ['30 00 00 00 17 00 00 00', '(30) r0 = *(u8 *)skb[23]'],
  ])('%s', (hex, expected) => {
    expect(text(hex)).toBe(expected);
  });
});

/**
 * Lines of bytes and text: all codes (but 0x99, for which the kernel reads beyond a table) with fields in and out of their ranges, and the variants that offset, immediate
 * and registers choose. The texts are the kernel's own disassembler's, compiled and run on these bytes.
 */
const told = readFileSync(new URL('disassembly.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');

describe("the kernel's disassembler", () => {
  it('says the same of every instruction', () => {
    const ours = told.map((line) => {
      const hex = line.slice(0, line.indexOf(' '));
      return `${hex} ${text(hex)}`;
    });
    expect(ours).toEqual(told);
    expect(new Set(told.map((line) => line.slice(0, 2))).size).toBe(255);
  });
});

describe('names from outside the program', () => {
  const [call, constant] = [bytes('85 20 00 00 05 00 00 00'), bytes('18 21 00 00 05 00 00 00 00 00 00 00 07 00 00 00')];

  it('replace those of kernel functions and constants, not those of helpers', () => {
    const names = { call: () => 'named', constant: (_: unknown, high: number) => `map[${high}]` };
    const [kernelFunction] = decodeInstructions(call);
    const [first, second] = decodeInstructions(constant);
    expect(disassemble(kernelFunction!, undefined, names)).toBe('(85) call named#5');
    expect(disassemble({ ...kernelFunction!, src: 0 }, undefined, names)).toBe('(85) call bpf_ktime_get_ns#5');
    expect(disassemble({ ...kernelFunction!, src: 1 }, undefined, names)).toBe('(85) call pcnamed');
    expect(disassemble(first!, second, names)).toBe('(18) r1 = map[7]');
  });
});

describe('decoding', () => {
  it('reads fields with their signs and leaves a broken last slot out', () => {
    const list = decodeInstructions(bytes('bf 21 ff ff fe ff ff ff  18 f1 00 80 00 00 00 80  95 00 00'));
    expect(list).toEqual([
      { code: 0xbf, dst: 1, src: 2, offset: -1, imm: -2 },
      { code: 0x18, dst: 1, src: 15, offset: -32768, imm: -2147483648 },
    ]);
    expect(decodeInstructions(new Uint8Array(7))).toEqual([]);
  });
});

describe('basic blocks', () => {
  it('split where jumps lead and after conditional ones', () => {
    const program = decodeInstructions(
      bytes(`b7 00 00 00 00 00 00 00  15 01 01 00 00 00 00 00  b7 00 00 00 01 00 00 00  95 00 00 00 00 00 00 00`),
    );
    const [main] = basicBlocks(program);
    expect(main?.blocks.map(({ head, tail, successors }) => [head, tail, successors])).toEqual([
      [-1, -1, [2]],
      [0, 1, [3, 4]],
      [2, 2, [4]],
      [3, 3, [1]],
      [-1, -1, []],
    ]);
  });
});
