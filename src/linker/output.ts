import { Elf } from '../elf/index.ts';
import { Errno } from '../errors/index.ts';
import { type DiagnosticLog, failure, ObjectError } from '../object/index.ts';
import type { InputSection } from './elf-input.ts';
import { GlobalSymbols } from './globals.ts';
import { LinkedTypes } from './linked-types.ts';
import { newOutputSection, type OutputHeader, type OutputSection, type SourceSection } from './sections.ts';
import { readable, StringSet } from './strings.ts';
import type { OutputSymbol } from './symbols.ts';

/** Where the linker is: all that the files added so far made of the output. */
export class Output {
  readonly log: DiagnosticLog;
  /** Names of sections and symbols. */
  readonly names = new StringSet();
  readonly symbols: OutputSymbol[] = [];
  readonly globals = new GlobalSymbols();
  readonly types = new LinkedTypes();
  /** By id; 0 stands for no section. */
  readonly sections: OutputSection[] = [newOutputSection(0, '')];
  /** Those that are in the file, in its order. */
  readonly inFile: OutputSection[] = [];
  readonly #byName = new Map<string, OutputSection>();
  #littleEndian: boolean | undefined;

  constructor(log: DiagnosticLog) {
    this.log = log;
    const names = this.addSection('.strtab');
    names.header = this.#newHeader('.strtab', { type: Elf.SHT_STRTAB, flags: 0x20n, alignment: 1, entrySize: 0 });
    this.inFile.push(names);
    const symbols = this.addSection('.symtab');
    symbols.header = this.#newHeader('.symtab', { type: Elf.SHT_SYMTAB, flags: 0n, alignment: 8, entrySize: 24 });
    symbols.header.link = names.header.index;
    this.inFile.push(symbols);
    this.symbols.push({ name: 0, type: 0, binding: 0, other: 0, section: 0, value: 0n, size: 0n });
  }

  get symbolTable(): OutputSection {
    return this.inFile[1]!;
  }

  /** Byte order of the files; little-endian before the first. */
  get littleEndian(): boolean {
    return this.#littleEndian ?? true;
  }

  /** The first file decides on the byte order of all. */
  agreeOnOrder(name: string, littleEndian: boolean): void {
    if (this.#littleEndian === undefined) {
      this.#littleEndian = littleEndian;
      this.log('debug', `linker: set ${littleEndian ? 'little' : 'big'}-endian output byte order`);
    } else if (this.#littleEndian !== littleEndian) {
      throw failure(this.log, Errno.EOPNOTSUPP, `byte order mismatch with ELF file ${name}`);
    }
  }

  findSection(name: string): OutputSection | undefined {
    return this.#byName.get(name);
  }

  addSection(name: string): OutputSection {
    const section = newOutputSection(this.sections.length, name);
    this.sections.push(section);
    this.#byName.set(name, section);
    return section;
  }

  /** The output section of this name, in the file unless the input has only the shell of one. */
  beginSection(source: SourceSection): OutputSection {
    const section = this.addSection(source.name);
    if (source.elf !== undefined) this.#enter(section, source.elf);
    return section;
  }

  #enter(section: OutputSection, header: InputSection): void {
    const alignment = Number(header.alignment);
    section.header = this.#newHeader(section.name, { ...header, alignment });
    section.size = 0;
    this.inFile.push(section);
  }

  #newHeader(name: string, facts: { type: number; flags: bigint; alignment: number; entrySize: number }): OutputHeader {
    const { type, flags, alignment, entrySize } = facts;
    const nameOffset = this.names.addText(name);
    return { index: this.inFile.length + 1, nameOffset, type, flags, entrySize, alignment, link: 0, info: 0 };
  }

  /** Two sections of one name can be joined: true, after a warning false. */
  canJoin({ header, name }: OutputSection, { elf }: SourceSection): boolean {
    if (header === undefined || elf === undefined) return true;
    const what = (['type', 'flags', 'entrySize'] as const).find((field) => header[field] !== elf[field]);
    if (what === undefined) return true;
    const word = { type: 'types', flags: 'flags', entrySize: 'entsize' }[what];
    this.log('warn', `sec ${readable(name)} ${word} mismatch`);
    return false;
  }

  /** Appends the contents of an input's section, aligned as both want it. Source: extend_sec of libbpf. */
  extend(target: OutputSection, source: SourceSection): void {
    source.target = target;
    if (source.elf === undefined) return;
    if (target.header === undefined) this.#enter(target, source.elf);
    const header = target.header!;
    const alignment = Math.max(header.alignment, Number(source.elf.alignment), 1);
    const offset = Math.ceil(target.size / alignment) * alignment;
    const size = offset + source.elf.size;
    if (target.size > countable || alignment > countable || !Number.isSafeInteger(size)) {
      throw new ObjectError(`section '${readable(target.name)}' becomes larger than can be linked`, Errno.EFBIG);
    }
    if (source.elf.type !== Elf.SHT_NOBITS) {
      source.copy = source.contents.slice();
      target.chunks.push({ offset, bytes: source.copy });
    }
    target.size = size;
    header.alignment = alignment;
    source.targetOffset = offset;
  }

  /** A section with contents that are made here. */
  emit(name: string, contents: Uint8Array, alignment: number): void {
    const section = this.addSection(name);
    section.header = this.#newHeader(name, { type: Elf.SHT_PROGBITS, flags: 0n, alignment, entrySize: 0 });
    this.inFile.push(section);
    section.chunks.push({ offset: 0, bytes: contents });
    section.size = contents.length;
  }
}

/** libbpf counts the bytes of a section that grows in an int. */
const countable = 2 ** 31 - 1;
