import { Elf } from '../elf/index.ts';
import type { ExtKind } from '../btf/index.ts';
import type { InputSection } from './elf-input.ts';
import { WordBuffer } from './words.ts';

/** A section of an input, or the shell of one that only BTF knows (`.kconfig`, `.ksyms`), which has no `elf`. */
export interface SourceSection {
  readonly name: string;
  readonly elf: InputSection | undefined;
  readonly contents: Uint8Array;
  /** Not carried over. */
  skipped: boolean;
  /** BTF id of its DATASEC, 0 if none. */
  typeId: number;
  /** Where it went. */
  target: OutputSection;
  targetOffset: number;
  /** The output's copy of the contents, which may be edited. */
  copy: Uint8Array | undefined;
}

/** A section of an input on its way: `target` is the output's section that stands for none. */
export function newSourceSection(facts: Pick<SourceSection, 'name' | 'elf' | 'contents' | 'target'>): SourceSection {
  return { ...facts, skipped: false, typeId: 0, targetOffset: 0, copy: undefined };
}

/** A variable in a section, to become part of the section's DATASEC. */
export interface SectionVariable {
  readonly typeId: number;
  readonly offset: number;
  size: number;
}

/** Records of `.BTF.ext` for one section. `recordSize` in words, 0 until records came. */
export interface ExtRecords {
  recordSize: number;
  count: number;
  readonly records: WordBuffer;
}

/** A section of the output as its ELF header tells. */
export interface OutputHeader {
  readonly index: number;
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: bigint;
  readonly entrySize: number;
  alignment: number;
  link: number;
  info: number;
}

/** A section of the output; without `header` while only BTF knows it. */
export interface OutputSection {
  /** Position among all, 0 for the one that stands for no section. */
  readonly id: number;
  readonly name: string;
  header: OutputHeader | undefined;
  size: number;
  /** Contents by offset; gaps are zero. */
  readonly chunks: { readonly offset: number; readonly bytes: Uint8Array }[];
  /** Index of its STT_SECTION symbol, 0 if none. */
  symbol: number;
  hasBtf: boolean;
  readonly variables: SectionVariable[];
  readonly ext: Readonly<Record<ExtKind, ExtRecords>>;
}

/** An empty section of the output; `id` is its place in the list of sections. */
export function newOutputSection(id: number, name: string): OutputSection {
  const records = (): ExtRecords => ({ recordSize: 0, count: 0, records: new WordBuffer() });
  return {
    id,
    name,
    header: undefined,
    size: 0,
    chunks: [],
    symbol: 0,
    hasBtf: false,
    variables: [],
    ext: { funcInfo: records(), lineInfo: records(), coreRelos: records() },
  };
}

/** Index in the output's section header table; 0 for sections that are not in it. */
export const elfIndex = (section: OutputSection) => section.header?.index ?? 0;

/** True for sections whose bytes go into the output, also those that have no ELF section of their own. */
export function isData(section: SourceSection): boolean {
  if (section.skipped) return false;
  return section.elf === undefined || isContents(section.elf.type);
}

/** True for relocation sections (SHT_REL) that are not left out. */
export function isRelocation(section: SourceSection): boolean {
  return !section.skipped && section.elf?.type === Elf.SHT_REL;
}

/** True for sections with instructions. */
export function isExecutable(section: SourceSection): boolean {
  return ((section.elf?.flags ?? 0n) & BigInt(Elf.SHF_EXECINSTR)) !== 0n;
}

export const isContents = (type: number) => type === Elf.SHT_PROGBITS || type === Elf.SHT_NOBITS;
