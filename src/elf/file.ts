import { ByteReader, StringTable } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { Elf } from './constants.ts';

/**
 * A section; `bytes` is a view into the file, empty for sections without contents (SHT_NOBITS). Asking for it gives
 * ParseError where the contents reach beyond the file: sections that nobody uses may be damaged.
 */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly size: number;
  /** Address in memory once loaded, 0 in relocatable files. */
  readonly address: number;
  /** File offset of the contents. */
  readonly offset: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** Where the name stands in the symbols' strings. */
  readonly nameOffset: number;
  /** STT_* */
  readonly type: number;
  /** STB_* */
  readonly binding: number;
  /** STV_* */
  readonly visibility: number;
  readonly sectionIndex: number;
  /** Offset in the section, bytes. */
  readonly value: number;
  readonly size: number;
}

export interface ElfRelocation {
  /** Offset in the relocated section, bytes. */
  readonly offset: number;
  readonly symbolIndex: number;
  /** R_BPF_* */
  readonly type: number;
}

export interface ElfFile {
  readonly littleEndian: boolean;
  /** ET_* */
  readonly type: number;
  /** EM_* */
  readonly machine: number;
  /** By index; index 0 is the reserved null section. */
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** Index of the symbol table's section, 0 if there is none. */
  readonly symbolTableIndex: number;
}

const headerSize = 64;
const sectionHeaderSize = 64;
const symbolSize = 24;
const relocationSize = 16;

/** True when the bytes begin as an ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Reads a 64-bit ELF file of either byte order, down to its symbols. The bytes are not copied.
 * Anything that reaches outside the file, and 32-bit files, give ParseError.
 */
export function parseElf(input: Uint8Array): ElfFile {
  // A plain view: the `slice` of Buffer does not copy.
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (!isElf(bytes)) throw new ParseError('ELF', 0, 'expected the ELF magic');
  if (bytes[4] !== 2) throw new ParseError('ELF', 4, 'expected a 64-bit file');
  const order = bytes[5];
  if (order !== 1 && order !== 2) throw new ParseError('ELF', 5, 'unknown byte order');
  if (bytes[6] !== 1) throw new ParseError('ELF', 6, 'expected version 1');
  const littleEndian = order === 1;
  const reader = new ByteReader(bytes, { format: 'ELF', littleEndian });
  if (bytes.length < headerSize) throw reader.error(`a header of ${headerSize} bytes`, 0);
  reader.seek(16);
  const type = reader.u16();
  const machine = reader.u16();
  reader.seek(40);
  const sectionsAt = reader.size64();
  reader.seek(58);
  // The size of section headers is that of the class, whatever the header says of it.
  reader.skip(2);
  let count = reader.u16();
  let namesIndex = reader.u16();
  if (sectionsAt === 0) {
    return { littleEndian, type, machine, sections: [], symbols: [], symbolTableIndex: 0 };
  }
  reader.seek(sectionsAt);
  if (reader.remaining < sectionHeaderSize) throw reader.error('a section header table inside the file', 40);
  const first = readSectionHeader(reader);
  // Counts that do not fit 16 bits live in the null section's header.
  if (count === 0) count = first.size;
  if (namesIndex === Elf.SHN_XINDEX) namesIndex = first.link;
  if (count > (bytes.length - sectionsAt) / sectionHeaderSize) {
    throw reader.error(`room for ${count} section headers`, 60);
  }
  if (namesIndex >= count) throw reader.error('a section name table', 62);
  const headers = [first];
  for (let index = 1; index < count; index++) headers.push(readSectionHeader(reader));

  const names = new StringTable(contents(bytes, headers[namesIndex]!, namesIndex), { format: 'ELF' });
  const sections: ElfSection[] = headers.map((header, index) => ({
    ...header,
    index,
    name: header.type === Elf.SHT_NULL ? '' : names.at(header.nameOffset),
    get bytes() {
      return header.type === Elf.SHT_NULL ? bytes.subarray(0, 0) : contents(bytes, header, index);
    },
  }));
  let symbolTable: ElfSection | undefined;
  for (const section of sections) {
    if (section.type !== Elf.SHT_SYMTAB) continue;
    if (symbolTable) throw new ParseError('ELF', section.offset, 'multiple symbol tables');
    symbolTable = section;
  }
  return {
    littleEndian,
    type,
    machine,
    sections,
    symbols: symbolTable ? readSymbols(symbolTable, sections, littleEndian) : [],
    symbolTableIndex: symbolTable?.index ?? 0,
  };
}

/** The entries of a SHT_REL section. */
export function readRelocations(file: ElfFile, section: ElfSection): ElfRelocation[] {
  if (section.entrySize !== relocationSize) {
    throw new ParseError('ELF', section.offset, `expected relocations of ${relocationSize} bytes`);
  }
  const reader = sectionReader(section, file.littleEndian);
  const relocations: ElfRelocation[] = [];
  while (reader.remaining >= relocationSize) {
    const offset = reader.size64();
    const info = reader.u64();
    const symbolIndex = Number(info >> 32n);
    if (symbolIndex >= file.symbols.length) {
      throw reader.error(`one of ${file.symbols.length} symbols, not ${symbolIndex}`, reader.offset - 8);
    }
    relocations.push({ offset, symbolIndex, type: Number(info & 0xffffffffn) });
  }
  return relocations;
}

/** Contents of a section of records. ParseError where they are no whole number. */
function sectionReader(section: ElfSection, littleEndian: boolean): ByteReader {
  if (section.entrySize > 0 && section.size % section.entrySize !== 0) {
    throw new ParseError('ELF', section.offset, `expected records of ${section.entrySize} bytes`);
  }
  return new ByteReader(section.bytes, { format: 'ELF', littleEndian, base: section.offset });
}

interface SectionHeader {
  nameOffset: number;
  type: number;
  flags: number;
  address: number;
  offset: number;
  size: number;
  link: number;
  info: number;
  alignment: number;
  entrySize: number;
}

function readSectionHeader(reader: ByteReader): SectionHeader {
  const nameOffset = reader.u32();
  const type = reader.u32();
  const flags = Number(reader.u64() & 0xffffffffn);
  const address = clamp(reader.u64());
  const offset = reader.size64();
  const size = reader.size64();
  const link = reader.u32();
  const info = reader.u32();
  const alignment = reader.size64();
  const entrySize = reader.size64();
  return { nameOffset, type, flags, address, offset, size, link, info, alignment, entrySize };
}

function contents(bytes: Uint8Array, header: SectionHeader, index: number): Uint8Array {
  if (header.type === Elf.SHT_NOBITS) return bytes.subarray(0, 0);
  if (header.offset + header.size > bytes.length) {
    throw new ParseError('ELF', header.offset, `section ${index} reaches beyond the file`);
  }
  return bytes.subarray(header.offset, header.offset + header.size);
}

/** The entries of a symbol table, static or dynamic. */
export function readSymbols(table: ElfSection, sections: readonly ElfSection[], littleEndian: boolean): ElfSymbol[] {
  if (table.entrySize !== symbolSize)
    throw new ParseError('ELF', table.offset, `expected symbols of ${symbolSize} bytes`);
  const namesSection = sections[table.link];
  if (!namesSection || namesSection.type !== Elf.SHT_STRTAB) {
    throw new ParseError('ELF', table.offset, 'symbol strings section missing or invalid');
  }
  const names = new StringTable(namesSection.bytes, { format: 'ELF', base: namesSection.offset });
  const reader = sectionReader(table, littleEndian);
  const symbols: ElfSymbol[] = [];
  while (reader.remaining >= symbolSize) {
    const nameOffset = reader.u32();
    const info = reader.u8();
    const other = reader.u8();
    const sectionIndex = reader.u16();
    const value = reader.u64();
    const size = reader.u64();
    symbols.push({
      index: symbols.length,
      name: nameOffset === 0 ? '' : names.at(nameOffset),
      nameOffset,
      type: info & 15,
      binding: info >> 4,
      visibility: other & 3,
      sectionIndex,
      value: clamp(value),
      size: clamp(size),
    });
  }
  return symbols;
}

/** Offsets beyond 2^53 point nowhere in any file; they stay "too large" as the largest safe integer. */
function clamp(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}
