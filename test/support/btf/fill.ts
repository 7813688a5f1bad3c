// Random bytes for a value whose scalars are known: noise, and here and there something its types give a meaning to.
import type { Leaf } from './assemble.ts';
import { Random } from './random.ts';

export const fillStyles = ['noise', 'zeroes', 'ones', 'small', 'text'] as const;
export type FillStyle = (typeof fillStyles)[number];

export interface Fill {
  style: FillStyle;
  seed: number;
}

const texts = [
  '',
  'a',
  'Hey root!',
  '"quoted" and \\',
  '~',
  ' ',
  'tab\there',
  'naïve ☂',
  '\ufeff',
  '\ufeffmark',
  'x\u007f',
];

export function fill(size: number, leaves: readonly Leaf[], { style, seed }: Fill): Uint8Array {
  const random = new Random(seed);
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = byteOf(style, random);
  if (style === 'zeroes' || style === 'ones') return bytes;
  for (const leaf of leaves) {
    if (leaf.kind === 'enum' && leaf.names !== undefined && leaf.names.size > 0 && random.below(2) === 0) {
      const values = [...leaf.names.keys()];
      writeBits(bytes, leaf, values[random.below(values.length)]!);
    } else if (leaf.kind === 'text' && random.below(3) > 0) {
      const text = Buffer.from(texts[random.below(texts.length)]!);
      const at = leaf.bit / 8;
      const room = leaf.bits / 8;
      for (let i = 0; i < room; i++) bytes[at + i] = text[i] ?? 0;
      // What follows the end of a string is not always empty.
      if (random.below(4) === 0) for (let i = text.length + 1; i < room; i++) bytes[at + i] = random.below(256);
    }
  }
  return bytes;
}

function byteOf(style: FillStyle, random: Random): number {
  switch (style) {
    case 'noise':
      return random.below(256);
    case 'zeroes':
      return 0;
    case 'ones':
      return 255;
    case 'small':
      return random.below(3) === 0 ? random.below(6) : 0;
    case 'text':
      return random.below(12) === 0 ? 0 : 32 + random.below(95);
  }
}

export function readBits(bytes: Uint8Array, { bit, bits }: Pick<Leaf, 'bit' | 'bits'>): bigint {
  let value = 0n;
  for (let i = bits - 1; i >= 0; i--) value = (value << 1n) | BigInt((bytes[(bit + i) >> 3]! >> ((bit + i) & 7)) & 1);
  return value;
}

export function writeBits(bytes: Uint8Array, { bit, bits }: Pick<Leaf, 'bit' | 'bits'>, value: bigint): void {
  for (let i = 0; i < bits; i++) {
    const mask = 1 << ((bit + i) & 7);
    const isSet = ((value >> BigInt(i)) & 1n) === 1n;
    bytes[(bit + i) >> 3] = isSet ? bytes[(bit + i) >> 3]! | mask : bytes[(bit + i) >> 3]! & ~mask;
  }
}
