import type { BtfEdit } from '../btf/index.ts';
import type { ElfFile, ElfSection, ElfSymbol } from '../elf/index.ts';
import type { DiagnosticLog } from './failure.ts';
import type { ExtInfo, MapSpec, ProgramSpec, Relocation, SectionRecords, TypeRelocationRecord } from './spec.ts';

/** What a section is to the loader. */
export type SectionRole = 'data' | 'rodata' | 'bss' | 'percpu' | 'structOps' | 'relocations';

/** The object while it is read. */
export interface ObjectDraft {
  readonly elf: ElfFile;
  readonly path: string;
  readonly name: string;
  readonly log: DiagnosticLog;
  readonly relaxedMaps: boolean;
  readonly pinRoot: string;
  readonly roles: Map<number, SectionRole>;
  btf: BtfEdit | undefined;
  ext: ExtInfo | undefined;
  /** By section, before each program has its own. */
  typeRelocations: readonly SectionRecords[];
  license: string;
  kernelVersion: number | undefined;
  textIndex: number;
  mapsIndex: number;
  arena: ElfSection | undefined;
  jumpTables: ElfSection | undefined;
  programs: ProgramDraft[];
  maps: MapSpec[];
}

/** A program while its relocations are collected. */
export type ProgramDraft = Omit<ProgramSpec, 'relocations' | 'coreRelocations'> & {
  relocations: Relocation[];
  coreRelocations: TypeRelocationRecord[];
};

/** The function of a section that holds an instruction slot. */
export function programAt(
  programs: readonly ProgramDraft[],
  sectionIndex: number,
  slot: number,
): ProgramDraft | undefined {
  return programs.find(
    (program) =>
      program.sectionIndex === sectionIndex &&
      slot >= program.sectionOffset &&
      slot < program.sectionOffset + program.code.length / 8,
  );
}

/** True for sections that hold global data. */
export function isDataSection(draft: ObjectDraft, sectionIndex: number): boolean {
  const role = draft.roles.get(sectionIndex);
  return role === 'data' || role === 'rodata' || role === 'bss' || role === 'percpu';
}

/** The name of a symbol; warns where it cannot be had, and answers ''. */
export function nameOfSymbol({ log, path }: ObjectDraft, { name, nameProblem, nameOffset }: ElfSymbol): string {
  if (nameProblem === undefined) return name;
  // libbpf's words for symbols are those for sections.
  log('warn', `elf: failed to get section name string at offset ${nameOffset} from ${path}: ${nameProblem}`);
  return '';
}
