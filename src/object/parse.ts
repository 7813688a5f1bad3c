// The first of the steps from an ELF file to a loaded object: the file becomes plain data (spec.ts). Objects without a
// kernel at hand, such as for skeletons, go no further than this. Source: libbpf.c, bpf_object_open.
import { ByteReader, cstr } from '../bytes/index.ts';
import { Elf, type ElfFile, type ElfSection, elfRecordSizes, isElf, parseElf } from '../elf/index.ts';
import { ParseError, Errno } from '../errors/index.ts';
import { Kind } from '../btf/index.ts';
import { swapInstructions } from './code.ts';
import { collectExterns } from './externs.ts';
import { type DiagnosticLog, failure, LibbpfErrno, ObjectError, tell } from './failure.ts';
import { fixupDatasecs } from './datasec.ts';
import { nameOfSymbol, type ObjectDraft } from './draft.ts';
import { collectMaps } from './maps.ts';
import { assignTypeRelocations, readBtf, typeRelocationSections } from './read-btf.ts';
import { collectRelocations } from './relocations.ts';
import { findSection } from './sections.ts';
import type { ObjectSpec, VariableSpec } from './spec.ts';

/** How an object file is read. */
export interface ParseOptions {
  /** Where the bytes come from; its last part up to the first dot names the object. */
  readonly path: string;
  /** Name of the object, instead of the one from `path`. */
  readonly name?: string;
  readonly log?: DiagnosticLog;
  /** The bytes are all there is: libelf says something else of a header that is cut off in memory than in a file. */
  readonly inMemory?: boolean;
  /** Ignore unknown attributes of maps. */
  readonly relaxedMaps?: boolean;
  /** Directory for maps pinned by name; /sys/fs/bpf unless given. */
  readonly pinRoot?: string;
}

/**
 * Reads a BPF object file into plain data. Nothing is asked of the running kernel.
 * ObjectError, after a warning in libbpf's words, if it is not a usable object; ParseError if a part of it is broken.
 */
export function parseObject(bytes: Uint8Array, options: ParseOptions): ObjectSpec {
  const log: DiagnosticLog = options.log ?? (() => undefined);
  const elf = openElf(bytes, options, log);
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
    typeRelocations: [],
    license: '',
    kernelVersion: undefined,
    textIndex: -1,
    mapsIndex: -1,
    arena: undefined,
    jumpTables: undefined,
    programs: [],
    maps: [],
  };
  // The order matters: externs get their layout first, the DATASECs of the other sections theirs next. Whether a map
  // may be mapped depends on the linkage that these leave, and relocations need maps and program types.
  collectSections(draft);
  const externs = collectExterns(draft);
  if (draft.btf) fixupDatasecs(draft, draft.btf);
  const { kconfigMap, arenaMap } = collectMaps(draft, externs);
  applySectionDefinitions(draft);
  assignTypeRelocations(draft);
  collectRelocations(draft, { externs, arenaMap });
  return {
    name: draft.name,
    path: draft.path,
    littleEndian: elf.littleEndian,
    license: draft.license,
    kernelVersion: draft.kernelVersion,
    btf: draft.btf,
    ext: draft.ext,
    maps: draft.maps,
    programs: draft.programs,
    externs,
    variables: collectVariables(draft),
    kconfigMap,
    arenaMap,
    jumpTables: draft.jumpTables?.bytes.slice(),
    typeRelocationSections: typeRelocationSections(draft),
  };
}

/** The name an object gets from its path: the file's name up to its first dot, at most 15 characters. */
export function objectName(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1).slice(0, 15);
  const dot = file.indexOf('.');
  return dot < 0 ? file : file.slice(0, dot);
}

/** EI_NIDENT */
const identityLength = 16;
/** Bytes of an Elf32_Ehdr and an Elf64_Ehdr. */
const headerLength = { of32Bits: 52, of64Bits: 64 } as const;

/** As libelf tells an ELF file: by a whole identity of a known class, byte order and version. */
function hasElfIdentity(bytes: Uint8Array): boolean {
  const [elfClass = 0, byteOrder = 0, version = 0] = bytes.subarray(4, 7);
  const isOneOrTwo = (value: number) => value === 1 || value === 2;
  return (
    isElf(bytes) && bytes.length >= identityLength && isOneOrTwo(elfClass) && isOneOrTwo(byteOrder) && version === 1
  );
}

function openElf(bytes: Uint8Array, { path, inMemory }: ParseOptions, log: DiagnosticLog): ElfFile {
  if (!hasElfIdentity(bytes)) throw failure(log, LibbpfErrno.FORMAT, `elf: '${path}' is not a proper ELF object`);
  if (inMemory && bytes.length < (bytes[4] === 2 ? headerLength.of64Bits : headerLength.of32Bits)) {
    throw failure(log, LibbpfErrno.LIBELF, `elf: failed to open ${path} as ELF file: invalid ELF file data`);
  }
  if (bytes[4] !== 2) throw failure(log, LibbpfErrno.FORMAT, `elf: '${path}' is not a 64-bit ELF object`);
  let elf: ElfFile;
  try {
    elf = parseElf(bytes);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const isHeader = bytes.length < 64 || error.offset === 5;
    // Of what is in the header, libelf finds no such section; contents beyond the file it does not read.
    const problem = error.offset < 64 ? "invalid `Elf' handle" : 'invalid section header';
    const text = isHeader
      ? `elf: '${path}' is not a proper ELF object`
      : `elf: failed to get section names strings from ${path}: ${problem}`;
    throw failure(log, LibbpfErrno.FORMAT, text, { cause: error });
  }
  // Old compilers wrote EM_NONE; linked files (ET_EXEC, ET_DYN) are never BPF objects.
  if (elf.type !== Elf.ET_REL || (elf.machine !== Elf.EM_NONE && elf.machine !== Elf.EM_BPF)) {
    throw failure(log, LibbpfErrno.FORMAT, `elf: ${path} is not a valid eBPF object file`);
  }
  return elf;
}

/**
 * Sections that no diagnostic mentions: strings, debug information, and the empty .text of files without subprograms.
 */
function isIgnored(section: ElfSection): boolean {
  if (section.type === Elf.SHT_STRTAB || section.type === Elf.SHT_LLVM_ADDRSIG) return true;
  if (section.type === Elf.SHT_PROGBITS && section.size === 0 && section.name === '.text') return true;
  if (section.name.startsWith('.debug_')) return true;
  if (!section.name.startsWith('.rel')) return false;
  const target = section.name.slice(4);
  return target.startsWith('.debug_') || target === '.BTF' || target === '.BTF.ext';
}

const structOpsSections = ['.struct_ops', '.struct_ops.link', '?.struct_ops', '?.struct_ops.link'];

/** True for `.data` and for custom sections such as `.data.custom`. */
function isNamed(name: string, stem: string): boolean {
  return name === stem || name.startsWith(`${stem}.`);
}

function collectSections(draft: ObjectDraft): void {
  const { elf, log } = draft;
  if (elf.symbolTableIndex === 0) {
    throw failure(log, Errno.ENOENT, `elf: couldn't find symbol table in ${draft.path}, stripped object file?`);
  }
  const tables = elf.sections.filter(({ type }) => type === Elf.SHT_SYMTAB);
  checkContents(draft, tables[0]!);
  if (tables.length > 1) throw failure(log, LibbpfErrno.FORMAT, `elf: multiple symbol tables in ${draft.path}`);
  let btf: ElfSection | undefined;
  let ext: ElfSection | undefined;
  for (const section of elf.sections.slice(1)) {
    const { name, type, index } = section;
    if (section.nameProblem !== undefined) {
      const text = `elf: failed to get section name string at offset ${section.nameOffset} from ${draft.path}: ${section.nameProblem}`;
      throw failure(log, LibbpfErrno.FORMAT, text);
    }
    if (isIgnored(section)) continue;
    checkContents(draft, section);
    const facts = `size ${section.size}, link ${section.link}, flags ${section.flags.toString(16)}, type=${type}`;
    tell(log, () => `elf: section(${index}) ${name}, ${facts}`);
    if (name === 'license') {
      if (section.bytes.length === 0) {
        throw failure(log, LibbpfErrno.FORMAT, `invalid license section in ${draft.path}`);
      }
      // libbpf has 64 bytes for it, of which the last is the NUL.
      draft.license = cstr(section.bytes.subarray(0, 63));
      tell(log, () => `license of ${draft.path} is ${draft.license}`);
    } else if (name === 'version') {
      if (section.bytes.length !== 4) {
        throw failure(log, LibbpfErrno.FORMAT, `invalid kver section in ${draft.path}`);
      }
      // A number as KERNEL_VERSION() makes it. Kernels since 5.0 no longer look at it.
      const version = new ByteReader(section.bytes, { format: 'ELF', littleEndian: elf.littleEndian }).u32();
      draft.kernelVersion = version;
      tell(log, () => `kernel version of ${draft.path} is ${version.toString(16)}`);
    } else if (name === 'maps') {
      const text = "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+";
      throw failure(log, Errno.EOPNOTSUPP, text);
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
  const { link } = tables[0]!;
  if (link === 0 || link >= elf.sections.length) {
    throw failure(log, LibbpfErrno.FORMAT, `elf: symbol strings section missing or invalid in ${draft.path}`);
  }
  // Instructions are little-endian from here on, whatever the file's byte order.
  if (!elf.littleEndian) tell(log, () => `converted ${draft.programs.length} BPF programs to native byte order`);
  // Searches by section and position rely on this order, which that of the symbols need not be.
  draft.programs.sort((a, b) => a.sectionIndex - b.sectionIndex || a.sectionOffset - b.sectionOffset);
  readBtf(draft, btf, ext);
}

/** What is looked at has to be in the file, records as whole ones. The texts are those of elfutils. */
function checkContents({ path, log }: ObjectDraft, section: ElfSection): void {
  let problem: string | undefined;
  try {
    const { length } = section.bytes;
    if (length % (elfRecordSizes[section.type] ?? 1) !== 0) problem = 'invalid data';
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    problem = 'invalid section header';
  }
  if (problem === undefined) return;
  const text = `elf: failed to get section(${section.index}) ${section.name} data from ${path}: ${problem}`;
  throw failure(log, LibbpfErrno.FORMAT, text);
}

/** Code by SHF_EXECINSTR, data by its name. */
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
    // Clang puts the variables of address space 1 there: those of an arena.
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
  // An Elf64_Rel; BPF has no relocations with addends (SHT_RELA).
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

/** Every STT_FUNC symbol of a section with code is a program, or a subprogram if the section is .text. */
function collectPrograms(draft: ObjectDraft, section: ElfSection): void {
  const { elf, log } = draft;
  const code = elf.littleEndian ? section.bytes : swapInstructions(section.bytes);
  const isText = section.index === draft.textIndex;
  for (const symbol of elf.symbols) {
    if (symbol.sectionIndex !== section.index || symbol.type !== Elf.STT_FUNC) continue;
    const { value, size } = symbol;
    const name = nameOfSymbol(draft, symbol);
    if (symbol.nameProblem !== undefined) {
      const text = `sec '${section.name}': failed to get symbol name for offset ${value}`;
      throw failure(log, LibbpfErrno.FORMAT, text);
    }
    if (value + size > section.size) {
      const text = `sec '${section.name}': program at offset ${value} crosses section boundary`;
      throw failure(log, LibbpfErrno.FORMAT, text);
    }
    // Only global functions of other sections than .text are entry points.
    if (!isText && symbol.binding === Elf.STB_LOCAL) {
      throw failure(log, Errno.EOPNOTSUPP, `sec '${section.name}': program '${name}' is static and not supported`);
    }
    if (size === 0 || size % 8 !== 0 || value % 8 !== 0) {
      throw failure(
        log,
        Errno.EINVAL,
        `sec '${section.name}': corrupted program '${name}', offset ${value}, size ${size}`,
      );
    }
    const place = `at insn offset ${value / 8} (${value} bytes), code size ${size / 8} insns (${size} bytes)`;
    tell(log, () => `sec '${section.name}': found program '${name}' ${place}`);
    // `SEC("?xdp")` is for programs that are loaded only if user space says so.
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

function applySectionDefinitions(draft: ObjectDraft): void {
  draft.programs = draft.programs.map((program) => {
    const section = findSection(program.sectionName);
    if (!section) {
      const { name, sectionName } = program;
      if (!program.subprogram) {
        tell(draft.log, () => `prog '${name}': unrecognized ELF section name '${sectionName}'`);
      }
      return program;
    }
    return { ...program, section, type: section.programType, expectedAttachType: section.attachType };
  });
}

/** Where each global variable is, from the DATASECs of the maps of global data. Static variables are among them. */
function collectVariables(draft: ObjectDraft): VariableSpec[] {
  const { btf } = draft;
  if (!btf) return [];
  const variables: VariableSpec[] = [];
  for (const [map, spec] of draft.maps.entries()) {
    if (spec.sectionName === undefined || btf.kind(spec.valueTypeId) !== Kind.datasec) continue;
    for (const { typeId, offset, size } of btf.variables(spec.valueTypeId)) {
      if (btf.kind(typeId) !== Kind.var || offset + size > spec.valueSize) continue;
      variables.push({ name: btf.name(typeId), map, offset, size, typeId: btf.target(typeId) });
    }
  }
  return variables;
}
