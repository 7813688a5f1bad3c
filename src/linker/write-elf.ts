// Always an ELF64 relocatable file, of either byte order. The offsets below are those of Elf64_Ehdr and Elf64_Shdr.
import { alignUp } from '../bytes/index.ts';
import { Elf } from '../elf/index.ts';
import { Errno } from '../errors/index.ts';
import { failure, ObjectError } from '../object/index.ts';
import { compressionHeader, isCompressed } from './elf-input.ts';
import type { Output } from './output.ts';
import { elfIndex, type OutputSection } from './sections.ts';

/** Bytes of an Elf64_Ehdr. */
const headerSize = 64;
/** Bytes of an Elf64_Shdr. */
const sectionHeaderSize = 64;
const tableAlignment = 8;
/** What padding may add beyond the contents: sections of whole pages are common, any larger alignment is hostile. */
const maxPadding = 64 * 2 ** 20;

/** The file: header, sections in their order, section header table, each where libelf would put it. */
export function writeElf(output: Output): Uint8Array {
  const { inFile, littleEndian } = output;
  const offsets: number[] = [];
  let end = headerSize;
  let used = headerSize;
  for (const section of inFile) {
    const { header, size } = section;
    checkEntries(output, section);
    const at = alignUp(end, header!.alignment || 1);
    offsets.push(at);
    // .bss has a size, but no bytes in the file.
    const stored = header!.type === Elf.SHT_NOBITS ? 0 : size;
    end = at + stored;
    used += stored;
  }
  const tableAt = alignUp(end, tableAlignment);
  if (tableAt - used > maxPadding) {
    throw new ObjectError(`alignment of sections adds ${tableAt - used} bytes to ${used}`, Errno.EFBIG);
  }
  const bytes = new Uint8Array(tableAt + (inFile.length + 1) * sectionHeaderSize);
  const view = new DataView(bytes.buffer);
  writeHeader(view, { littleEndian, tableAt, count: inFile.length + 1, names: elfIndex(inFile[0]!) });
  for (const [i, section] of inFile.entries()) {
    const offset = offsets[i]!;
    if (section.header!.type !== Elf.SHT_NOBITS) {
      for (const chunk of section.chunks) bytes.set(chunk.bytes, offset + chunk.offset);
    }
    writeSectionHeader(view, tableAt + (i + 1) * sectionHeaderSize, { section, offset, littleEndian });
  }
  return bytes;
}

/** libelf refuses sections of no whole number of entries; of compressed ones it asks their own header. */
function checkEntries({ log, littleEndian }: Output, section: OutputSection): void {
  const { entrySize, flags, type } = section.header!;
  const bad = (problem: string) => failure(log, Errno.EINVAL, `failed to finalize ELF layout: ${problem}`);
  if (entrySize === 0 || entrySize === 1) return;
  let size = section.size;
  if (isCompressed(flags)) {
    if ((flags & BigInt(Elf.SHF_ALLOC)) !== 0n) throw bad('invalid section flags');
    if (type === Elf.SHT_NOBITS) throw bad('invalid section type');
    const first = section.chunks[0]?.bytes ?? new Uint8Array(0);
    if (first.length < compressionHeader) throw bad('invalid data');
    // ch_size of Elf64_Chdr: the size before compression, which is what entries count in.
    size = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(8, littleEndian));
  }
  if (size % entrySize !== 0) throw bad('invalid section entry size');
}

function writeHeader(
  view: DataView,
  { littleEndian, tableAt, count, names }: { littleEndian: boolean; tableAt: number; count: number; names: number },
): void {
  // e_ident: the magic number, ELFCLASS64, the byte order, version 1. What is not set below stays 0.
  view.setUint32(0, 0x7f454c46);
  view.setUint8(4, 2);
  view.setUint8(5, littleEndian ? 1 : 2);
  view.setUint8(6, 1);
  view.setUint16(16, Elf.ET_REL, littleEndian);
  view.setUint16(18, Elf.EM_BPF, littleEndian);
  view.setUint32(20, 1, littleEndian);
  view.setBigUint64(40, BigInt(tableAt), littleEndian);
  view.setUint16(52, headerSize, littleEndian);
  view.setUint16(58, sectionHeaderSize, littleEndian);
  const fits = count < Elf.SHN_LORESERVE;
  view.setUint16(60, fits ? count : 0, littleEndian);
  view.setUint16(62, names, littleEndian);
  // A count that does not fit stands in the header of the section that is none.
  if (!fits) view.setBigUint64(tableAt + 32, BigInt(count), littleEndian);
}

function writeSectionHeader(
  view: DataView,
  at: number,
  { section, offset, littleEndian }: { section: OutputSection; offset: number; littleEndian: boolean },
): void {
  const { nameOffset, type, flags, link, info, alignment, entrySize } = section.header!;
  view.setUint32(at, nameOffset, littleEndian);
  view.setUint32(at + 4, type, littleEndian);
  view.setBigUint64(at + 8, flags, littleEndian);
  view.setBigUint64(at + 24, BigInt(offset), littleEndian);
  view.setBigUint64(at + 32, BigInt(section.size), littleEndian);
  view.setUint32(at + 40, link, littleEndian);
  view.setUint32(at + 44, info, littleEndian);
  view.setBigUint64(at + 48, BigInt(alignment), littleEndian);
  view.setBigUint64(at + 56, BigInt(entrySize), littleEndian);
}
