import { Elf, isElf } from '../elf/index.ts';

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

/** Bytes of one entry of the section types whose contents libelf knows; a section holds whole entries. */
const entrySizes: Readonly<Record<number, number>> = {
  [Elf.SHT_SYMTAB]: 24,
  [Elf.SHT_DYNSYM]: 24,
  [Elf.SHT_RELA]: 24,
  [Elf.SHT_REL]: 16,
  5: 4, // SHT_HASH
  6: 16, // SHT_DYNAMIC
  14: 8, // SHT_INIT_ARRAY
  15: 8, // SHT_FINI_ARRAY
  16: 8, // SHT_PREINIT_ARRAY
  17: 4, // SHT_GROUP
  18: 4, // SHT_SYMTAB_SHNDX
};

/**
 * An ELF file as libelf shows it to libbpf: what is damaged is an ElfProblem only when it is asked for, so that the first
 * problem met is the one libbpf would report. Source: elf_begin, elf_getdata and elf_strptr of elfutils.
 */
export class ElfInput {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  /** From index 1 on. */
  readonly sections: readonly InputSection[];
  readonly #view: DataView;
  readonly #namesIndex: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!hasElfIdentity(bytes) || bytes.length < (bytes[4] === 1 ? 52 : headerSize)) {
      throw new ElfProblem("invalid `Elf' handle");
    }
    if (bytes[4] !== 2) throw new ElfProblem('invalid binary class');
    this.littleEndian = bytes[5] === 1;
    this.type = this.#u16(16);
    this.machine = this.#u16(18);
    this.#namesIndex = this.#u16(62);
    const start = this.#u64(40);
    const count = this.#countSections(start);
    const sections: InputSection[] = [];
    for (let index = 1; index < count; index++) sections.push(this.#header(start + index * sectionHeaderSize, index));
    this.sections = sections;
  }

  /** Index of the section with the names of sections. */
  namesIndex(): number {
    if (this.#namesIndex !== Elf.SHN_XINDEX) return this.#namesIndex;
    if (this.sections.length === 0) throw new ElfProblem('invalid section header');
    return this.#view.getUint32(this.#u64(40) + 40, this.littleEndian);
  }

  /** The contents of a section; empty where it has none in the file. */
  contents(section: InputSection): Uint8Array {
    const { type, size, exactSize, offset } = section;
    if (size === 0 || type === Elf.SHT_NOBITS) return this.bytes.subarray(0, 0);
    const entrySize = isCompressed(section.flags) ? 1 : (entrySizes[type] ?? 1);
    if (exactSize % BigInt(entrySize) !== 0n) throw new ElfProblem('invalid data');
    if (offset > this.bytes.length || this.bytes.length - offset < size) throw new ElfProblem('invalid section header');
    return this.bytes.subarray(offset, offset + size);
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
    const end = contents.indexOf(0, offset);
    if (end < 0) throw new ElfProblem('invalid section index');
    return Buffer.from(contents.buffer, contents.byteOffset + offset, end - offset).toString('latin1');
  }

  /** No compiler compresses the names of sections; what libelf says of damaged flags is said here too. */
  #compressionProblem(section: InputSection): ElfProblem {
    if ((section.flags & BigInt(Elf.SHF_ALLOC)) !== 0n) return new ElfProblem('invalid section flags');
    const contents = this.contents(section);
    if (contents.length < compressionHeader) return new ElfProblem('invalid data');
    const kind = this.#view.getUint32(section.offset, this.littleEndian);
    return new ElfProblem(kind === 1 || kind === 2 ? 'cannot decompress data' : 'unknown compression type');
  }

  /** Headers that reach beyond the file count as none. */
  #countSections(start: number): number {
    const room = Math.floor((this.bytes.length - start) / sectionHeaderSize);
    let count = this.#u16(60);
    if (count === 0 && start !== 0) {
      if (room < 1) return 0;
      count = this.#u64(start + 32);
      if (count > 0xffff_ffff) throw new ElfProblem('invalid ELF file data');
    }
    return count > room ? 0 : count;
  }

  #header(at: number, index: number): InputSection {
    const u32 = (offset: number) => this.#view.getUint32(at + offset, this.littleEndian);
    return {
      index,
      nameOffset: u32(0),
      type: u32(4),
      flags: this.#view.getBigUint64(at + 8, this.littleEndian),
      offset: this.#u64(at + 24),
      size: this.#u64(at + 32),
      exactSize: this.#view.getBigUint64(at + 32, this.littleEndian),
      link: u32(40),
      info: u32(44),
      alignment: this.#view.getBigUint64(at + 48, this.littleEndian),
      entrySize: this.#u64(at + 56),
    };
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.littleEndian);
  }

  /** Numbers beyond 2^53 lose digits, but stay far beyond any file. */
  #u64(at: number): number {
    return Number(this.#view.getBigUint64(at, this.littleEndian));
  }
}

function hasElfIdentity(bytes: Uint8Array): boolean {
  const known = (value: number | undefined, last: number) => value !== undefined && value > 0 && value <= last;
  return isElf(bytes) && bytes.length >= 16 && known(bytes[4], 2) && known(bytes[5], 2) && bytes[6] === 1;
}
