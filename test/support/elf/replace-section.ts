import { parseElf } from '../../../src/elf/index.ts';

const sectionHeaderSize = 64;

/** A copy of a 64-bit little-endian object with other contents in a section: they stand at its end. */
export function withSection(object: Uint8Array, name: string, contents: Uint8Array): Uint8Array {
  const section = parseElf(object).sections.find((candidate) => candidate.name === name);
  if (section === undefined) throw new Error(`no section ${name}`);
  const at = Math.ceil(object.length / 8) * 8;
  const copy = new Uint8Array(at + contents.length);
  copy.set(object);
  copy.set(contents, at);
  const view = new DataView(copy.buffer);
  const header = Number(view.getBigUint64(40, true)) + section.index * sectionHeaderSize;
  view.setBigUint64(header + 24, BigInt(at), true);
  view.setBigUint64(header + 32, BigInt(contents.length), true);
  return copy;
}
