import { ByteReader, type ByteSource, cstr } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { Elf } from './constants.ts';

/** A section of a linked file; its contents are read when asked for. */
export interface LinkedSection {
  readonly index: number;
  /** Where its name stands in the section of names. */
  readonly nameOffset: number;
  /** SHT_* */
  readonly type: number;
  /** In memory, before the file as a whole is moved. */
  readonly address: number;
  /** File offset of the contents, and their length in bytes. */
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly entrySize: number;
}

/** A part of a linked file that is loaded into memory. */
export interface ElfSegment {
  /** PT_* */
  readonly type: number;
  /** PF_* bits. */
  readonly flags: number;
  /** In memory, before the file as a whole is moved. */
  readonly address: number;
  /** Bytes in memory. */
  readonly size: number;
  /** Where it begins in the file. */
  readonly offset: number;
}

/** Sizes of the records of a file of one class. */
const layouts = {
  32: { header: 52, section: 40, segment: 32, symbol: 16 },
  64: { header: 64, section: 64, segment: 56, symbol: 24 },
} as const;

/** Bytes of a name read at first. */
const shortName = 256;

/**
 * A program or library, of 32 or 64 bits and either byte order, of which only headers and what is asked for are read.
 * Source of the layouts: elf(5).
 */
export class LinkedFile {
  /** 32 or 64. */
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** ET_* */
  readonly type: number;
  readonly sections: readonly LinkedSection[];
  readonly #source: ByteSource;
  readonly #namesIndex: number;
  readonly #segments: { offset: number; entrySize: number; count: number };

  /** ParseError for what is no ELF file, and for tables that reach beyond its end. */
  constructor(source: ByteSource) {
    this.#source = source;
    const magic = source.read(0, Math.min(7, source.size));
    const isElf = magic.length === 7 && magic[0] === 0x7f && cstr(magic.subarray(1, 4)) === 'ELF';
    if (!isElf) throw new ParseError('ELF', 0, 'expected the ELF magic');
    if (magic[4] !== 1 && magic[4] !== 2) throw new ParseError('ELF', 4, 'expected a class of 32 or 64 bits');
    if (magic[5] !== 1 && magic[5] !== 2) throw new ParseError('ELF', 5, 'unknown byte order');
    if (magic[6] !== 1) throw new ParseError('ELF', 6, 'expected version 1');
    this.bits = magic[4] === 1 ? 32 : 64;
    this.littleEndian = magic[5] === 1;
    const reader = this.#reader(0, layouts[this.bits].header);
    reader.seek(16);
    this.type = reader.u16();
    reader.skip(6);
    this.#word(reader);
    const segmentsAt = this.#word(reader);
    const sectionsAt = this.#word(reader);
    reader.skip(6);
    const [segmentSize, segmentCount] = [reader.u16(), reader.u16()];
    // The size of section headers is that of the class, whatever the header says of it.
    reader.skip(2);
    const [count, namesIndex] = [reader.u16(), reader.u16()];
    this.#segments = { offset: segmentsAt, entrySize: segmentSize, count: segmentCount };
    this.sections = this.#readSections({ at: sectionsAt, count });
    // Indexes that do not fit 16 bits live in the null section's header.
    this.#namesIndex = namesIndex === Elf.SHN_XINDEX ? (this.sections[0]?.link ?? 0) : namesIndex;
  }

  get symbolSize(): number {
    return layouts[this.bits].symbol;
  }

  /** The first section of a type. */
  ofType(type: number): LinkedSection | undefined {
    return this.sections.find((section) => section.type === type);
  }

  /** The first section of a name. ParseError without a usable table of names. */
  named(name: string): LinkedSection | undefined {
    return this.sectionNames().find(([candidate]) => candidate === name)?.[1];
  }

  /** All sections but the null one, with their names. ParseError without a usable table of names. */
  sectionNames(): (readonly [string, LinkedSection])[] {
    const names = this.names();
    return this.sections.slice(1).map((section) => [this.text(names, section.nameOffset), section] as const);
  }

  /** The section with the names of sections. ParseError where there is none in the file. */
  names(): LinkedSection {
    const names = this.sections[this.#namesIndex];
    if (names === undefined) throw new ParseError('ELF', 0, 'expected a table of names');
    this.contents(names, { offset: names.size, length: 0 });
    return names;
  }

  /** The name of a section; undefined for what is no text of a table of names. */
  name(names: LinkedSection, { nameOffset }: LinkedSection): string | undefined {
    if (names.type !== Elf.SHT_STRTAB || nameOffset >= names.size) return undefined;
    return this.text(names, nameOffset);
  }

  /** Text of a table of strings; '' beyond its end. */
  text(table: LinkedSection, offset: number): string {
    for (let span = shortName; ; span *= 2) {
      const length = Math.min(span, table.size - offset);
      if (length <= 0) return '';
      const bytes = this.contents(table, { offset, length });
      if (bytes.includes(0) || length < span) return cstr(bytes);
    }
  }

  /** Contents of a section, or a stretch of them. ParseError where they reach beyond the file. */
  contents(section: LinkedSection, stretch = { offset: 0, length: section.size }): Uint8Array {
    if (section.type === Elf.SHT_NOBITS) return new Uint8Array(0);
    if (stretch.offset + stretch.length > section.size) {
      throw new ParseError(
        'ELF',
        section.offset,
        `expected ${stretch.offset + stretch.length} bytes in section ${section.index}`,
      );
    }
    return this.#source.read(section.offset + stretch.offset, stretch.length);
  }

  /** The segments, in order. ParseError when the table reaches outside the file. */
  segments(): ElfSegment[] {
    const { offset: tableAt, entrySize, count } = this.#segments;
    const { segment } = layouts[this.bits];
    if (count === 0) return [];
    if (entrySize !== segment) throw new ParseError('ELF', 54, `expected program headers of ${segment} bytes`);
    const reader = this.#reader(tableAt, count * segment);
    return Array.from({ length: count }, (_, index) => {
      reader.seek(index * segment);
      const type = reader.u32();
      const early = this.bits === 64 ? reader.u32() : 0;
      const offset = this.#word(reader);
      const address = this.#word(reader);
      this.#word(reader);
      this.#word(reader);
      const size = this.#word(reader);
      const flags = this.bits === 64 ? early : reader.u32();
      return { type, flags, offset, address, size };
    });
  }

  #readSections(table: { at: number; count: number }): LinkedSection[] {
    const { section: size } = layouts[this.bits];
    // A file that was cut off has no sections, but may have segments.
    if (table.at === 0 || table.at + size > this.#source.size) return [];
    const first = this.#section(this.#reader(table.at, size), 0);
    const count = table.count === 0 ? first.size : table.count;
    if (count > (this.#source.size - table.at) / size) return [];
    const reader = this.#reader(table.at, count * size);
    return Array.from({ length: count }, (_, index) => {
      reader.seek(index * size);
      return this.#section(reader, index);
    });
  }

  #section(reader: ByteReader, index: number): LinkedSection {
    const nameOffset = reader.u32();
    const type = reader.u32();
    this.#word(reader);
    const address = this.#word(reader);
    const offset = this.#word(reader);
    const size = this.#word(reader);
    const link = reader.u32();
    reader.skip(4);
    this.#word(reader);
    const entrySize = this.#word(reader);
    return { index, nameOffset, type, address, offset, size, link, entrySize };
  }

  #reader(offset: number, length: number): ByteReader {
    const bytes = this.#source.read(offset, length);
    return new ByteReader(bytes, { format: 'ELF', littleEndian: this.littleEndian, base: offset });
  }

  /** An address, offset or size. What no file can hold stays too large. */
  #word(reader: ByteReader): number {
    if (this.bits === 32) return reader.u32();
    const value = reader.u64();
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
  }
}
