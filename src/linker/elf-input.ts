import type { ByteSource } from '../bytes/index.ts';
import { Elf, elfRecordSizes, isElf } from '../elf/index.ts';
import { textAt } from './strings.ts';

/** What libelf calls an error, in its words. */
export class ElfProblem extends Error {}

/** A section as an input file has it. */
export interface InputSection {
  readonly index: number;
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: bigint;
  readonly offset: number;
  /** Bytes; for sections without contents (SHT_NOBITS) too. */
  readonly size: number;
  /** The same where `size` loses digits. */
  readonly exactSize: bigint;
  readonly link: number;
  readonly info: number;
  readonly alignment: bigint;
  readonly entrySize: number;
}

const headerSize = 64;
const compressionAlignment = 8n;
export const compressionHeader = 24;
/** Bytes of a relocation without addend. */
export const relocationSize = 16;
const sectionHeaderSize = 64;

/** Contents behind a header of their own (SHF_COMPRESSED). */
export const isCompressed = (flags: bigint) => (flags & 0x800n) !== 0n;

/**
 * An ELF file as libelf shows it to libbpf: what is damaged is an ElfProblem only when it is asked for, so that the first
 * problem met is the one libbpf would report. Only headers and what is asked for are read: most of an object is DWARF. Source: elf_begin, elf_getdata and elf_strptr of elfutils.
 */
export class ElfInput {
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  /** From index 1 on. */
  readonly sections: readonly InputSection[];
  readonly #source: ByteSource;
  readonly #namesIndex: number;
  /** `sh_link` of the section that is none. */
  readonly #firstLink: number;
  /** Contents that were asked for, by index of their section. */
  readonly #contents: (Uint8Array | undefined)[] = [];

  constructor(source: ByteSource) {
    this.#source = source;
    const bytes = this.#read(0, Math.min(headerSize, source.size));
    if (!hasElfIdentity(bytes) || bytes.length < (bytes[4] === 1 ? 52 : headerSize)) {
      throw new ElfProblem("invalid `Elf' handle");
    }
    if (bytes[4] !== 2) throw new ElfProblem('invalid binary class');
    const littleEndian = bytes[5] === 1;
    this.littleEndian = littleEndian;
    const view = viewOf(bytes);
    this.type = view.getUint16(16, littleEndian);
    this.machine = view.getUint16(18, littleEndian);
    this.#namesIndex = view.getUint16(62, littleEndian);
    const start = u64(view, 40, littleEndian);
    const count = this.#countSections(start, view.getUint16(60, littleEndian));
    const sections: InputSection[] = [];
    const table = viewOf(this.#read(count === 0 ? 0 : start, count * sectionHeaderSize));
    for (let index = 1; index < count; index++) sections.push(sectionHeader(table, index, littleEndian));
    this.sections = sections;
    this.#firstLink = count === 0 ? 0 : table.getUint32(40, littleEndian);
  }

  /** Index of the section with the names of sections. */
  namesIndex(): number {
    if (this.#namesIndex !== Elf.SHN_XINDEX) return this.#namesIndex;
    if (this.sections.length === 0) throw new ElfProblem('invalid section header');
    return this.#firstLink;
  }

  /** Refuses sections whose contents cannot be had; they are not read. */
  checkContents({ type, size, exactSize, offset, flags }: InputSection): void {
    if (size === 0 || type === Elf.SHT_NOBITS) return;
    const entrySize = isCompressed(flags) ? 1 : (elfRecordSizes[type] ?? 1);
    if (entrySize > 1 && exactSize % BigInt(entrySize) !== 0n) throw new ElfProblem('invalid data');
    const { size: whole } = this.#source;
    if (offset > whole || whole - offset < size) throw new ElfProblem('invalid section header');
  }

  /** The contents of a section; empty where it has none in the file. */
  contents(section: InputSection): Uint8Array {
    const known = this.#contents[section.index];
    if (known !== undefined) return known;
    this.checkContents(section);
    const { type, size, offset } = section;
    const read = size === 0 || type === Elf.SHT_NOBITS ? new Uint8Array(0) : this.#read(offset, size);
    this.#contents[section.index] = read;
    return read;
  }

  /** Bytes of the file. What became shorter since it was opened is refused. */
  #read(offset: number, length: number): Uint8Array {
    const bytes = this.#source.read(offset, length);
    if (bytes.length < length) throw new ElfProblem('file size changed');
    // A view that is no Buffer, whose `slice` would not copy.
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The alignment that libelf gives the contents: never beyond what their place in the file has. */
  dataAlignment({ type, flags, alignment, offset, size }: InputSection): bigint {
    const isPacked = isCompressed(flags) && type !== Elf.SHT_NOBITS && size > 0;
    const own = isPacked ? compressionAlignment : alignment;
    const declared = own === 0n ? 1n : own;
    if (type === Elf.SHT_NOBITS || declared <= BigInt(offset)) return declared;
    if (offset === 0) return 0n;
    let power = 1n;
    while (power < BigInt(offset)) power *= 2n;
    return power;
  }

  /** The string at an offset of a string section, one character for each byte. */
  text(sectionIndex: number, offset: number): string {
    const section = this.sections[sectionIndex - 1];
    if (section === undefined) {
      const known = sectionIndex === 0 && this.sections.length > 0;
      throw new ElfProblem(known ? 'invalid section' : 'invalid section index');
    }
    if (section.type !== Elf.SHT_STRTAB) throw new ElfProblem('invalid section');
    if (isCompressed(section.flags)) throw this.#compressionProblem(section);
    if (offset >= section.size) throw new ElfProblem('offset out of range');
    const contents = this.contents(section);
    if (contents.indexOf(0, offset) < 0) throw new ElfProblem('invalid section index');
    return textAt(contents, offset);
  }

  /** No compiler compresses the names of sections; what libelf says of damaged flags is said here too. */
  #compressionProblem(section: InputSection): ElfProblem {
    if ((section.flags & BigInt(Elf.SHF_ALLOC)) !== 0n) return new ElfProblem('invalid section flags');
    const contents = this.contents(section);
    if (contents.length < compressionHeader) return new ElfProblem('invalid data');
    const kind = viewOf(contents).getUint32(0, this.littleEndian);
    return new ElfProblem(kind === 1 || kind === 2 ? 'cannot decompress data' : 'unknown compression type');
  }

  /** Headers that reach beyond the file count as none. */
  #countSections(start: number, given: number): number {
    const room = Math.floor((this.#source.size - start) / sectionHeaderSize);
    let count = given;
    if (count === 0 && start !== 0) {
      if (room < 1) return 0;
      count = u64(viewOf(this.#read(start, sectionHeaderSize)), 32, this.littleEndian);
      if (count > 0xffff_ffff) throw new ElfProblem('invalid ELF file data');
    }
    return count > room ? 0 : count;
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Numbers beyond 2^53 lose digits, but stay far beyond any file. */
function u64(view: DataView, at: number, littleEndian: boolean): number {
  const low = view.getUint32(littleEndian ? at : at + 4, littleEndian);
  const high = view.getUint32(littleEndian ? at + 4 : at, littleEndian);
  return high * 2 ** 32 + low;
}

function sectionHeader(table: DataView, index: number, littleEndian: boolean): InputSection {
  const at = index * sectionHeaderSize;
  return {
    index,
    nameOffset: table.getUint32(at, littleEndian),
    type: table.getUint32(at + 4, littleEndian),
    flags: table.getBigUint64(at + 8, littleEndian),
    offset: u64(table, at + 24, littleEndian),
    size: u64(table, at + 32, littleEndian),
    exactSize: table.getBigUint64(at + 32, littleEndian),
    link: table.getUint32(at + 40, littleEndian),
    info: table.getUint32(at + 44, littleEndian),
    alignment: table.getBigUint64(at + 48, littleEndian),
    entrySize: u64(table, at + 56, littleEndian),
  };
}

function hasElfIdentity(bytes: Uint8Array): boolean {
  const known = (value: number | undefined, last: number) => value !== undefined && value > 0 && value <= last;
  return isElf(bytes) && bytes.length >= 16 && known(bytes[4], 2) && known(bytes[5], 2) && bytes[6] === 1;
}
