import { ByteWriter } from '../../../src/bytes/index.ts';

/** Layout of the ELF files that are made. */
export interface ElfOptions {
  readonly bits?: 32 | 64;
  readonly littleEndian?: boolean;
}

const sectionTypes: Readonly<Record<string, number>> = { '.shstrtab': 3, '.symtab': 2 };

/** A relocatable file with these sections, in their order from 1 on, and one of names after them. */
export function elfFile(contents: Readonly<Record<string, Uint8Array>>, options: ElfOptions = {}): Uint8Array {
  const { bits = 64, littleEndian = true } = options;
  const [headerSize, sectionSize] = bits === 64 ? [64, 64] : [52, 40];
  const names = ['', ...Object.keys(contents), '.shstrtab'];
  const table = new TextEncoder().encode(names.map((name) => `${name}\0`).join(''));
  const bodies = [new Uint8Array(0), ...Object.values(contents), table];
  const body = new ByteWriter({ littleEndian });
  const places = bodies.map((bytes) => {
    body.pad((8 - (body.length % 8)) % 8);
    const at = headerSize + body.length;
    body.bytes(bytes);
    return { offset: at, size: bytes.length };
  });
  body.pad((8 - ((headerSize + body.length) % 8)) % 8);
  const out = new ByteWriter({ littleEndian });
  const word = (value: number) => (bits === 64 ? out.u64(BigInt(value)) : out.u32(value));
  out.bytes(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, littleEndian ? 1 : 2, 1)).pad(9);
  out.u16(1).u16(247).u32(1);
  word(0);
  word(0);
  word(headerSize + body.length);
  out
    .u32(0)
    .u16(headerSize)
    .u16(0)
    .u16(0)
    .u16(sectionSize)
    .u16(names.length)
    .u16(names.length - 1);
  out.bytes(body.finish());
  let nameAt = 0;
  for (const [index, name] of names.entries()) {
    const { offset, size } = index === 0 ? { offset: 0, size: 0 } : places[index]!;
    out.u32(nameAt).u32(index === 0 ? 0 : (sectionTypes[name] ?? 1));
    for (const value of [0, 0, offset, size]) word(value);
    out.u32(0).u32(0);
    word(1);
    word(0);
    nameAt += name.length + 1;
  }
  return out.finish();
}
