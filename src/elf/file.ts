import { ByteReader, StringTable } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { Elf } from './constants.ts';

/**
 * A section; `bytes` is a view into the file, empty for sections without contents (SHT_NOBITS). Asking for it gives
 * ParseError where the contents reach beyond the file: sections that nobody uses may be damaged.
 */
export interface ElfSection {
  readonly index: number;
  /** '' where it cannot be had. */
  readonly name: string;
  /** Why the name cannot be had, in libelf's words. */
  readonly nameProblem: string | undefined;
  /** Where the name stands in the names of sections. */
  readonly nameOffset: number;
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
  /** '' where it cannot be had. */
  readonly name: string;
  /** Why the name cannot be had, in libelf's words. */
  readonly nameProblem: string | undefined;
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
  /** Those of the first symbol table, read when asked for: ParseError where it reaches beyond the file. */
  readonly symbols: readonly ElfSymbol[];
  /** Index of the first symbol table's section, 0 if there is none. */
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
 * Reads a 64-bit ELF file of either byte order. The bytes are not copied. ParseError for tables that reach outside the file,
 * and for 32-bit files; what is wrong with one section or symbol is reported when that one is read.
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
  if (sectionsAt > bytes.length - sectionHeaderSize) throw reader.error('a section header table inside the file', 40);
  reader.seek(sectionsAt);
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

  contents(bytes, headers[namesIndex]!, namesIndex);
  const sections: ElfSection[] = headers.map((header, index) => ({
    ...header,
    index,
    name: '',
    nameProblem: undefined,
    get bytes() {
      return contents(bytes, header, index);
    },
  }));
  const names = stringsOf(sections, namesIndex);
  for (const section of sections) Object.assign(section, nameAt(names, section.nameOffset));
  const symbolTable = sections.find((section) => section.type === Elf.SHT_SYMTAB);
  let symbols: ElfSymbol[] | undefined;
  return {
    littleEndian,
    type,
    machine,
    sections,
    get symbols() {
      symbols ??= symbolTable ? readSymbols(symbolTable, sections, littleEndian) : [];
      return symbols;
    },
    symbolTableIndex: symbolTable?.index ?? 0,
  };
}

/** The strings of a section, or why there are none, in libelf's words. */
function stringsOf(sections: readonly ElfSection[], index: number): StringTable | string {
  const section = sections[index];
  if (section === undefined) return 'invalid section index';
  if (section.type !== Elf.SHT_STRTAB) return 'invalid section';
  try {
    return new StringTable(section.bytes, { format: 'ELF', base: section.offset });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return 'invalid section header';
  }
}

function nameAt(names: StringTable | string, offset: number): { name: string; nameProblem: string | undefined } {
  if (typeof names === 'string') return { name: '', nameProblem: names };
  if (offset >= names.length) return { name: '', nameProblem: 'offset out of range' };
  // Of what begins in the table, only its end may be missing.
  if (names.bytes[names.length - 1] !== 0 && names.bytes.indexOf(0, offset) < 0)
    return { name: '', nameProblem: 'invalid section index' };
  return { name: names.at(offset), nameProblem: undefined };
}

/** The entries of a SHT_REL section. Their symbols may not exist. */
export function readRelocations(file: ElfFile, section: ElfSection): ElfRelocation[] {
  const reader = sectionReader(section, file.littleEndian);
  const relocations: ElfRelocation[] = [];
  while (reader.remaining >= relocationSize) {
    const offset = clamp(reader.u64());
    const info = reader.u64();
    relocations.push({ offset, symbolIndex: Number(info >> 32n), type: Number(info & 0xffffffffn) });
  }
  return relocations;
}

function sectionReader(section: ElfSection, littleEndian: boolean): ByteReader {
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
  const offset = clamp(reader.u64());
  const size = clamp(reader.u64());
  const link = reader.u32();
  const info = reader.u32();
  const alignment = clamp(reader.u64());
  const entrySize = clamp(reader.u64());
  return { nameOffset, type, flags, address, offset, size, link, info, alignment, entrySize };
}

function contents(bytes: Uint8Array, header: SectionHeader, index: number): Uint8Array {
  if (header.type === Elf.SHT_NOBITS) return bytes.subarray(0, 0);
  if (header.offset + header.size > bytes.length) {
    throw new ParseError('ELF', header.offset, `section ${index} reaches beyond the file`);
  }
  return bytes.subarray(header.offset, header.offset + header.size);
}

function readSymbols(table: ElfSection, sections: readonly ElfSection[], littleEndian: boolean): ElfSymbol[] {
  const names = stringsOf(sections, table.link);
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
      ...nameAt(names, nameOffset),
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
