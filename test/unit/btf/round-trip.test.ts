// Values of random types: decoded and encoded again they are the same bytes, and each scalar is what lies in its bits.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BtfValue, compileValueDecoder, compileValueEncoder, parseBtf } from '../../../src/btf/index.ts';
import { Assembly, type Leaf, type Placed } from '../../support/btf/assemble.ts';
import { type Fill, fill, fillStyles, readBits, writeBits } from '../../support/btf/fill.ts';
import { allKinds, type Shape, wideStruct } from '../../support/btf/shapes.ts';

/** `FUZZ_RUNS` and `FUZZ_SEED` make the run longer or other; the default share is small and always the same. */
const runs = Number(process.env.FUZZ_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? 20);
const timeout = 60_000 + runs * 50;

const shape = wideStruct({ unprintable: false, lossy: false, kinds: allKinds }, 8);
const fills = fc.record({ style: fc.constantFrom(...fillStyles), seed: fc.nat() });
const input = fc.tuple(shape, fills, fc.nat(9999));

function prepare(of: Shape, how: Fill, shuffle: number) {
  const assembly = new Assembly();
  const placed = assembly.place(of);
  const { bytes, idOf } = assembly.finish(shuffle);
  return { btf: parseBtf(bytes), id: idOf(placed), placed, bytes: faithful(placed, how) };
}

/** Bytes that lose nothing by being decoded: no padding, no bool but 0 and 1, no NaN. Only ever clears bits. */
function faithful({ size, leaves }: Placed, how: Fill): Uint8Array {
  const filled = fill(size, leaves, how);
  const bytes = new Uint8Array(size);
  for (const leaf of leaves) writeBits(bytes, leaf, readBits(filled, leaf));
  for (const leaf of leaves) {
    if (leaf.kind === 'bool') writeBits(bytes, leaf, readBits(bytes, leaf) & 1n);
    if (leaf.kind === 'float') writeBits(bytes, { bit: leaf.bit + leaf.bits - 2, bits: 1 }, 0n);
  }
  return bytes;
}

test('encoding what was decoded gives the same bytes', { timeout }, () => {
  const property = fc.property(input, ([of, how, shuffle]) => {
    const { btf, id, bytes } = prepare(of, how, shuffle);
    const value = compileValueDecoder(btf, id)(bytes);
    expect(Buffer.from(compileValueEncoder(btf, id)(value)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
  });
  fc.assert(property, { numRuns: runs, seed });
});

test('every scalar is decoded from its own bits', { timeout }, () => {
  const property = fc.property(input, ([of, how, shuffle]) => {
    const { btf, id, placed, bytes } = prepare(of, how, shuffle);
    const value = compileValueDecoder(btf, id)(bytes);
    for (const leaf of placed.leaves) {
      const found = leaf.path.reduce<BtfValue | undefined>(step, value);
      // An element of a char array that became a string.
      if (found === undefined) continue;
      expect(found, `${leaf.path.join('.')} of ${Buffer.from(bytes).toString('hex')}`).toEqual(
        expected(bytes, leaf, found),
      );
    }
  });
  fc.assert(property, { numRuns: runs, seed });
});

function step(value: BtfValue | undefined, key: string | number): BtfValue | undefined {
  return typeof value === 'object' ? (value as Record<string | number, BtfValue>)[key] : undefined;
}

function expected(bytes: Uint8Array, leaf: Leaf, found: BtfValue): BtfValue {
  const raw = readBits(bytes, leaf);
  const number = (value: bigint) => (leaf.bits > 32 ? value : Number(value));
  switch (leaf.kind) {
    case 'bool':
      return raw !== 0n;
    case 'signed':
      return number(BigInt.asIntN(leaf.bits, raw));
    case 'enum': {
      const value = leaf.signed === true ? BigInt.asIntN(leaf.bits, raw) : raw;
      return leaf.names?.get(value) ?? number(value);
    }
    case 'float': {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, raw, true);
      return leaf.bits === 32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    }
    case 'text':
      return typeof found === 'string'
        ? Buffer.from(bytes.subarray(leaf.bit / 8))
            .toString()
            .split('\0')[0]!
        : found;
    default:
      return number(raw);
  }
}
