import { ParseError } from '../../errors/index.ts';

type Pad = readonly [name: string, bits: number];

const smallPads: readonly Pad[] = [
  ['int', 32],
  ['short', 16],
  ['char', 8],
];

/** By bytes of a pointer, which are those of `long`. */
const padsOf: Readonly<Record<number, readonly Pad[]>> = {
  4: [['long', 32], ...smallPads],
  8: [['long', 64], ...smallPads],
};

/** A gap (1 MiB) beyond which padding members would be more text than any real type has. */
const maxPaddingBits = 2 ** 23;

const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;

export interface Gap {
  /** Bits from the start of the struct. */
  readonly from: number;
  readonly to: number;
  /** Alignment of what follows, in bytes. */
  readonly nextAlign: number;
  /** The gap lies between two bit-fields. */
  readonly inBitfield: boolean;
  /** Bytes of a pointer. */
  readonly pointerSize: number;
  /** What begins each line. */
  readonly indent: string;
}

/** Unnamed bit-fields that fill a gap, as few and as natural as C allows. Source: btf_dump_emit_bit_padding of libbpf. */
export function paddingText({ from, to, nextAlign, inBitfield, pointerSize, indent }: Gap): string {
  if (from >= to) return '';
  if (to - from > maxPaddingBits) throw new ParseError('BTF', 0, `a gap of ${to - from} bits cannot be written as C`);
  const pads = padsOf[pointerSize] ?? padsOf[8]!;
  let text = '';
  let [name, bits] = pads[0]!;
  let aligned = 0;
  for ([name, bits] of pads) {
    aligned = roundUp(from, bits);
    if (aligned <= to) break;
  }
  let at = from;
  if (aligned > at && aligned <= to) {
    if (
      inBitfield ||
      (aligned === to && roundUp(at, nextAlign * 8) !== aligned) ||
      (aligned !== to && to - aligned <= aligned - at)
    ) {
      text += `${indent}${name}: ${inBitfield ? aligned - at : 0};`;
    }
    at = aligned;
  }
  while (at !== to) {
    const rest = Math.min(to - at, bits);
    if (rest !== bits) [name, bits] = pads.findLast(([, width]) => width >= rest) ?? pads[0]!;
    text += `${indent}${name}: ${rest};`;
    at += rest;
  }
  return text;
}
