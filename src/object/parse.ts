import { ByteReader, cstr } from '../bytes/index.ts';
import { Elf, type ElfFile, type ElfSection, isElf, parseElf } from '../elf/index.ts';
import { ParseError } from '../errors/index.ts';
import { BtfImage, Kind } from './btf-image.ts';
import { swapInstructions } from './code.ts';
import { collectExterns } from './externs.ts';
import { type ExtInfo, parseExtInfo, readCoreRelocations } from './ext-info.ts';
import { type DiagnosticLog, failure, LibbpfErrno, ObjectError } from './failure.ts';
import { fixupDatasecs } from './datasec.ts';
import { collectMaps } from './maps.ts';
import { collectRelocations } from './relocations.ts';
import { findSection } from './sections.ts';
import type { MapSpec, ObjectSpec, ProgramSpec, Relocation, VariableSpec } from './spec.ts';

export interface ParseOptions {
  /** Where the bytes come from; its last part up to the first dot names the object. */
  readonly path: string;
  /** Name of the object, instead of the one from `path`. */
  readonly name?: string;
  readonly log?: DiagnosticLog;
  /** Ignore unknown attributes of maps. */
  readonly relaxedMaps?: boolean;
  /** Directory for maps pinned by name; /sys/fs/bpf unless told. */
  readonly pinRoot?: string;
}

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
  btf: BtfImage | undefined;
  ext: ExtInfo | undefined;
  license: string;
  kernelVersion: number | undefined;
  textIndex: number;
  mapsIndex: number;
  arena: ElfSection | undefined;
  jumpTables: ElfSection | undefined;
  programs: ProgramDraft[];
  maps: MapSpec[];
}

export type ProgramDraft = Omit<ProgramSpec, 'relocations' | 'coreRelocations'> & {
  relocations: Relocation[];
  coreRelocations: ProgramSpec['coreRelocations'] extends readonly (infer R)[] ? R[] : never;
};

/**
 * Reads a BPF object file into plain data. Nothing is asked of the running kernel.
 * ObjectError, after a warning in libbpf's words, if it is not a usable object; ParseError if a part of it is broken.
 */
export function parseObject(bytes: Uint8Array, options: ParseOptions): ObjectSpec {
  const log: DiagnosticLog = options.log ?? (() => undefined);
  const elf = openElf(bytes, options.path, log);
  const draft: ObjectDraft = {
    elf,
    path: options.path,
    name: options.name ?? objectName(options.path),
    log,
    relaxedMaps: options.relaxedMaps ?? false,
    pinRoot: options.pinRoot ?? '/sys/fs/bpf',
    roles: new Map(),
    btf: undefined,
    ext: undefined,
    license: '',
    kernelVersion: undefined,
    textIndex: -1,
    mapsIndex: -1,
    arena: undefined,
    jumpTables: undefined,
    programs: [],
    maps: [],
  };
  collectSections(draft);
  const externs = collectExterns(draft);
  if (draft.btf) fixupDatasecs(draft, draft.btf);
  const { kconfigMap, arenaMap } = collectMaps(draft, externs);
  applySectionDefinitions(draft);
  assignCoreRelocations(draft);
  collectRelocations(draft, { externs, arenaMap });
  return {
    name: draft.name,
    path: draft.path,
    littleEndian: elf.littleEndian,
    license: draft.license,
    kernelVersion: draft.kernelVersion,
    btf: draft.btf,
    ext: draft.ext,
    sectionIndexes: firstByName(elf),
    maps: draft.maps,
    programs: draft.programs,
    externs,
    variables: collectVariables(draft),
    kconfigMap,
    arenaMap,
    jumpTables: draft.jumpTables?.bytes.slice(),
  };
}

function firstByName({ sections }: ElfFile): Map<string, number> {
  const indexes = new Map<string, number>();
  for (const { name, index } of sections) if (!indexes.has(name)) indexes.set(name, index);
  return indexes;
}

/** The name an object gets from its path: the file's name up to its first dot, at most 15 characters. */
export function objectName(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1).slice(0, 15);
  const dot = file.indexOf('.');
  return dot < 0 ? file : file.slice(0, dot);
}

function openElf(bytes: Uint8Array, path: string, log: DiagnosticLog): ElfFile {
  if (!isElf(bytes)) throw failure(log, LibbpfErrno.FORMAT, `elf: '${path}' is not a proper ELF object`);
  if (bytes[4] !== 2) throw failure(log, LibbpfErrno.FORMAT, `elf: '${path}' is not a 64-bit ELF object`);
  let elf: ElfFile;
  try {
    elf = parseElf(bytes);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const isHeader = bytes.length < 64 || error.offset === 5;
    const text = isHeader
      ? `elf: '${path}' is not a proper ELF object`
      : `elf: failed to get section names strings from ${path}: invalid \`Elf' handle`;
    throw failure(log, LibbpfErrno.FORMAT, text, { cause: error });
  }
  if (elf.type !== Elf.ET_REL || (elf.machine !== Elf.EM_NONE && elf.machine !== Elf.EM_BPF)) {
    throw failure(log, LibbpfErrno.FORMAT, `elf: ${path} is not a valid eBPF object file`);
  }
  return elf;
}

function isIgnored(section: ElfSection): boolean {
  if (section.type === Elf.SHT_STRTAB || section.type === Elf.SHT_LLVM_ADDRSIG) return true;
  if (section.type === Elf.SHT_PROGBITS && section.size === 0 && section.name === '.text') return true;
  if (section.name.startsWith('.debug_')) return true;
  if (!section.name.startsWith('.rel')) return false;
  const target = section.name.slice(4);
  return target.startsWith('.debug_') || target === '.BTF' || target === '.BTF.ext';
}

const structOpsSections = ['.struct_ops', '.struct_ops.link', '?.struct_ops', '?.struct_ops.link'];

function isNamed(name: string, stem: string): boolean {
  return name === stem || name.startsWith(`${stem}.`);
}

function collectSections(draft: ObjectDraft): void {
  const { elf, log } = draft;
  if (elf.symbolTableIndex === 0) {
    throw failure(log, 2, `elf: couldn't find symbol table in ${draft.path}, stripped object file?`);
  }
  let btf: ElfSection | undefined;
  let ext: ElfSection | undefined;
  for (const section of elf.sections.slice(1)) {
    const { name, type, index } = section;
    if (isIgnored(section)) continue;
    if (name === 'license') {
      draft.license = cstr(section.bytes.subarray(0, 63));
    } else if (name === 'version') {
      if (section.bytes.length !== 4) {
        throw failure(log, LibbpfErrno.FORMAT, `invalid kver section in ${draft.path}`);
      }
      draft.kernelVersion = new ByteReader(section.bytes, { format: 'ELF', littleEndian: elf.littleEndian }).u32();
    } else if (name === 'maps') {
      const text = "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+";
      throw failure(log, 95, text);
    } else if (name === '.maps') {
      draft.mapsIndex = index;
    } else if (name === '.BTF' || name === '.BTF.ext') {
      if (type !== Elf.SHT_PROGBITS) throw new ObjectError(`section ${name} without contents`, LibbpfErrno.FORMAT);
      if (name === '.BTF') btf = section;
      else ext = section;
    } else if (type === Elf.SHT_SYMTAB) {
      // Read with the file.
    } else if (type === Elf.SHT_PROGBITS && section.size > 0) {
      collectContents(draft, section);
    } else if (type === Elf.SHT_REL) {
      collectRelocationSection(draft, section);
    } else if (type === Elf.SHT_NOBITS && isNamed(name, '.bss')) {
      draft.roles.set(index, 'bss');
    } else {
      log('info', `elf: skipping section(${index}) ${name} (size ${section.size})`);
    }
  }
  draft.programs.sort((a, b) => a.sectionIndex - b.sectionIndex || a.sectionOffset - b.sectionOffset);
  readBtf(draft, btf, ext);
}

function collectContents(draft: ObjectDraft, section: ElfSection): void {
  const { name, index } = section;
  if (section.flags & Elf.SHF_EXECINSTR) {
    if (name === '.text') draft.textIndex = index;
    collectPrograms(draft, section);
  } else if (isNamed(name, '.data')) {
    draft.roles.set(index, 'data');
  } else if (isNamed(name, '.rodata')) {
    draft.roles.set(index, 'rodata');
  } else if (isNamed(name, '.percpu')) {
    draft.roles.set(index, 'percpu');
  } else if (structOpsSections.includes(name)) {
    draft.roles.set(index, 'structOps');
  } else if (name === '.addr_space.1') {
    draft.arena = section;
  } else if (name === '.jumptables') {
    draft.jumpTables = section;
  } else {
    draft.log('info', `elf: skipping unrecognized data section(${index}) ${name}`);
  }
}

function collectRelocationSection(draft: ObjectDraft, section: ElfSection): void {
  const target = draft.elf.sections[section.info];
  if (section.entrySize !== 16 || !target) {
    throw new ObjectError(`relocation section ${section.name} is malformed`, LibbpfErrno.FORMAT);
  }
  const named = section.name === '.rel.maps' || structOpsSections.some((name) => section.name === `.rel${name}`);
  if (!(target.flags & Elf.SHF_EXECINSTR) && !named) {
    const text = `elf: skipping relo section(${section.index}) ${section.name} for section(${target.index}) ${target.name}`;
    draft.log('info', text);
    return;
  }
  draft.roles.set(section.index, 'relocations');
}

function collectPrograms(draft: ObjectDraft, section: ElfSection): void {
  const { elf, log } = draft;
  const code = elf.littleEndian ? section.bytes : swapInstructions(section.bytes);
  const isText = section.index === draft.textIndex;
  for (const symbol of elf.symbols) {
    if (symbol.sectionIndex !== section.index || symbol.type !== Elf.STT_FUNC) continue;
    const { value, size, name } = symbol;
    if (value + size > section.size) {
      const text = `sec '${section.name}': program at offset ${value} crosses section boundary`;
      throw failure(log, LibbpfErrno.FORMAT, text);
    }
    if (!isText && symbol.binding === Elf.STB_LOCAL) {
      throw failure(log, 95, `sec '${section.name}': program '${name}' is static and not supported`);
    }
    if (size === 0 || size % 8 !== 0 || value % 8 !== 0) {
      throw failure(log, 22, `sec '${section.name}': corrupted program '${name}', offset ${value}, size ${size}`);
    }
    const autoload = !section.name.startsWith('?');
    const global = symbol.binding !== Elf.STB_LOCAL;
    const restricted = symbol.visibility === Elf.STV_HIDDEN || symbol.visibility === Elf.STV_INTERNAL;
    draft.programs.push({
      name,
      sectionName: autoload ? section.name : section.name.slice(1),
      sectionIndex: section.index,
      sectionOffset: value / 8,
      subprogram: isText,
      global,
      hidden: global && restricted,
      code: code.slice(value, value + size),
      relocations: [],
      coreRelocations: [],
      section: undefined,
      type: 0,
      expectedAttachType: 0,
      autoload,
      flags: 0,
      ifindex: 0,
    });
  }
}

function readBtf(draft: ObjectDraft, btf: ElfSection | undefined, ext: ElfSection | undefined): void {
  const { log } = draft;
  let problem: ParseError | undefined;
  if (btf) {
    try {
      draft.btf = new BtfImage(btf.bytes);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      problem = error;
      log('warn', 'Error loading ELF section .BTF: -EINVAL.');
    }
  }
  const usesStructOps = [...draft.roles.values()].includes('structOps');
  const hasExterns = draft.elf.symbols.some(
    (symbol) => symbol.sectionIndex === 0 && symbol.binding !== Elf.STB_LOCAL && symbol.name !== '',
  );
  if (!draft.btf && (draft.mapsIndex >= 0 || usesStructOps || (problem && hasExterns))) {
    const text = 'BTF is required, but is missing or corrupted.';
    throw failure(log, problem ? 22 : 2, text, problem ? { cause: problem } : undefined);
  }
  if (!draft.btf || !ext) return;
  try {
    draft.ext = parseExtInfo(ext.bytes, draft.btf);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    log('warn', 'Error loading ELF section .BTF.ext: -EINVAL. Ignored and continue.');
    if (draft.mapsIndex >= 0 || usesStructOps) {
      throw failure(log, 22, 'BTF is required, but is missing or corrupted.', { cause: error });
    }
  }
}

function applySectionDefinitions(draft: ObjectDraft): void {
  draft.programs = draft.programs.map((program) => {
    const section = findSection(program.sectionName);
    if (!section) return program;
    return { ...program, section, type: section.programType, expectedAttachType: section.attachType };
  });
}

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

function assignCoreRelocations(draft: ObjectDraft): void {
  if (!draft.ext || !draft.btf) return;
  for (const part of draft.ext.coreRelocations) {
    const section = draft.elf.sections.find((candidate) => candidate.name === part.sectionName);
    for (const relocation of readCoreRelocations(part, draft.btf)) {
      if (relocation.index % 8 !== 0) {
        throw new ObjectError('CO-RE relocation between instructions', 22);
      }
      const slot = relocation.index / 8;
      // Records of a weak function that another object's definition replaced belong to no program.
      const program = section && programAt(draft.programs, section.index, slot);
      program?.coreRelocations.push({ ...relocation, index: slot - program.sectionOffset });
    }
  }
}

function collectVariables(draft: ObjectDraft): VariableSpec[] {
  const { btf } = draft;
  if (!btf) return [];
  const variables: VariableSpec[] = [];
  for (const [map, spec] of draft.maps.entries()) {
    if (spec.sectionName === undefined || btf.kind(spec.valueTypeId) !== Kind.DATASEC) continue;
    for (const { typeId, offset, size } of btf.variables(spec.valueTypeId)) {
      if (btf.kind(typeId) !== Kind.VAR || offset + size > spec.valueSize) continue;
      variables.push({ name: btf.name(typeId), map, offset, size, typeId: btf.target(typeId) });
    }
  }
  return variables;
}
