import { ByteWriter } from '../bytes/index.ts';

const headerSize = 32;

/** A BTF blob of type records (words of this machine's byte order) and strings, with the header that libbpf 1.8 writes. */
export function assembleBtf(words: Uint32Array, strings: Uint8Array, options: { littleEndian: boolean }): Uint8Array {
  const types = new Uint8Array(words.length * 4);
  const view = new DataView(types.buffer);
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i]!, options.littleEndian);
  const out = new ByteWriter({
    littleEndian: options.littleEndian,
    capacity: headerSize + types.length + strings.length,
  });
  out.u16(0xeb9f).u8(1).u8(0).u32(headerSize);
  out.u32(0).u32(types.length).u32(types.length).u32(strings.length);
  // No layouts of kinds: those who read the types know all of them.
  out.u32(0).u32(0);
  return out.bytes(types).bytes(strings).finish();
}
