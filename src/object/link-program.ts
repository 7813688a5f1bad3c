// The kernel verifies one flat array of instructions for each program, so that every subprogram that an entry point
// reaches is copied behind it. Source: libbpf.c, bpf_object__relocate_calls and bpf_object__reloc_code.
import { Errno, errnoOf } from '../errors/index.ts';
import type { RecordView } from '../btf/index.ts';
import { Kind } from '../btf/index.ts';
import { Code, Pseudo } from './code.ts';
import { type DiagnosticLog, errorText, failure, LibbpfErrno, tell } from './failure.ts';
import type { ObjectSpec, ProgramSpec, Relocation, SectionRecords } from './spec.ts';

/** Function or line records as the kernel takes them, in the object's byte order: the first word counts instruction slots. */
export interface InfoRecords {
  readonly recordSize: number;
  bytes: Uint8Array;
}

/** Where a function ended up in a linked program, in instruction slots. */
export interface Placement {
  readonly program: ProgramSpec;
  readonly offset: number;
}

/** An entry point with all functions it needs appended. */
export interface LinkedProgram {
  readonly program: ProgramSpec;
  readonly code: Code;
  /** Indexes count slots of the whole program; calls are resolved already. */
  readonly relocations: Relocation[];
  readonly funcInfo: InfoRecords | undefined;
  readonly lineInfo: InfoRecords | undefined;
  readonly placements: readonly Placement[];
}

/** How it is linked. */
export interface LinkOptions {
  readonly log: DiagnosticLog;
  /** Instructions after CO-RE relocation, where they differ from the spec's. */
  readonly codeOf: (program: ProgramSpec) => Uint8Array;
  /** The kernel takes function and line records. */
  readonly withInfo: boolean;
  /** Exception callbacks can be named by declaration tags. */
  readonly withTags: boolean;
  /** What `callbackTags` found, where many programs are linked. */
  readonly callbackTags?: readonly number[];
}

/**
 * Appends to an entry point every subprogram it reaches, in libbpf's order (depth first, at first call), and points all
 * calls at them. ObjectError, after libbpf's warning, when a call leads nowhere.
 */
export function linkProgram(spec: ObjectSpec, program: ProgramSpec, options: LinkOptions): LinkedProgram {
  const linker = new Linker(spec, program, options);
  try {
    linker.place(program, 0);
  } catch (error) {
    const errno = errnoOf(error, Errno.EINVAL);
    options.log('warn', `prog '${program.name}': failed to relocate calls: ${errorText(errno)}`);
    throw error;
  }
  const callback = exceptionCallback(spec, program, options);
  // No instruction refers to the callback of exceptions (bpf_throw(), Linux 6.7): the kernel finds it by the tag.
  if (callback && !linker.isPlaced(callback)) linker.append(callback);
  return linker.finish();
}

class Linker {
  readonly #spec: ObjectSpec;
  readonly #main: ProgramSpec;
  readonly #options: LinkOptions;
  readonly #code: Code;
  readonly #relocations: Relocation[];
  /** Where each function stands in the linked code, in slots. */
  readonly #offsets = new Map<ProgramSpec, number>();
  readonly #textIndex: number;
  readonly #info: { func: InfoRecords | undefined; line: InfoRecords | undefined } = {
    func: undefined,
    line: undefined,
  };

  constructor(spec: ObjectSpec, main: ProgramSpec, options: LinkOptions) {
    this.#spec = spec;
    this.#main = main;
    this.#options = options;
    this.#code = new Code(options.codeOf(main));
    this.#relocations = [...main.relocations];
    this.#textIndex = spec.programs.find((program) => program.subprogram)?.sectionIndex ?? -1;
    this.#offsets.set(main, 0);
    this.#mark(main, 0);
  }

  isPlaced(program: ProgramSpec): boolean {
    return this.#offsets.has(program);
  }

  append(subprogram: ProgramSpec): void {
    const offset = this.#code.count;
    this.#code.append(this.#options.codeOf(subprogram));
    for (const relocation of subprogram.relocations) {
      this.#relocations.push({ ...relocation, index: relocation.index + offset });
    }
    this.#offsets.set(subprogram, offset);
    const { log } = this.#options;
    const count = subprogram.code.length / 8;
    tell(log, () => `prog '${this.#main.name}': added ${count} insns from sub-prog '${subprogram.name}'`);
    this.#mark(subprogram, offset);
    this.place(subprogram, offset);
  }

  /** Resolves the calls of a function whose code stands at `offset`. */
  place(program: ProgramSpec, offset: number): void {
    this.#appendInfo(program, offset);
    const code = this.#code;
    const count = program.code.length / 8;
    const byIndex = new Map(program.relocations.map((relocation) => [relocation.index, relocation]));
    const bad = (text: string) => failure(this.#options.log, LibbpfErrno.RELOC, `prog '${program.name}': ${text}`);
    for (let index = 0; index < count; index++) {
      const at = offset + index;
      const isAddress = code.isFunctionAddress(at);
      if (!code.isSubprogramCall(at) && !isAddress) {
        // The second slot of a 64-bit load is no instruction.
        if (code.isLoadImmediate64(at)) index++;
        continue;
      }
      const relocation = byIndex.get(index);
      if (relocation?.kind === 'externCall') continue;
      let slot: number;
      // Calls count from the instruction after them, in slots; addresses of functions are in bytes.
      if (relocation?.kind === 'call') slot = relocation.offset / 8 + code.immediate(at) + 1;
      else if (relocation?.kind === 'function') slot = (relocation.offset + code.immediate(at)) / 8;
      else if (relocation) throw bad(`unexpected relo for insn #${index}, type ${relocation.kind}`);
      else if (isAddress) throw bad(`missing subprog addr relo for insn #${index}`);
      // Within .text the compiler resolves calls of static functions itself, and leaves no relocation.
      else slot = program.sectionOffset + index + code.immediate(at) + 1;
      const callee = this.#spec.programs.find(
        (candidate) =>
          candidate.sectionIndex === this.#textIndex &&
          slot >= candidate.sectionOffset &&
          slot < candidate.sectionOffset + candidate.code.length / 8,
      );
      if (!callee) throw bad('no .text section found yet sub-program call exists');
      if (!this.#offsets.has(callee)) this.append(callee);
      const there = this.#offsets.get(callee)!;
      code.setImmediate(at, there - at - 1);
      const points = `imm ${there - at - 1} points to subprog '${callee.name}' (now at ${there} offset)`;
      tell(this.#options.log, () => `prog '${program.name}': insn #${index} relocated, ${points}`);
      if (isAddress) index++;
    }
  }

  finish(): LinkedProgram {
    return {
      program: this.#main,
      code: this.#code,
      relocations: this.#relocations,
      funcInfo: this.#info.func,
      lineInfo: this.#info.line,
      placements: [...this.#offsets].map(([program, offset]) => ({ program, offset })),
    };
  }

  /** Loads of function addresses look like loads of a number until marked. */
  #mark(program: ProgramSpec, offset: number): void {
    for (const relocation of program.relocations) {
      if (relocation.kind === 'function') this.#code.setSource(offset + relocation.index, Pseudo.FUNC);
    }
  }

  /**
   * Records of a subprogram are added only where the entry point has some: the kernel demands them of all functions or
   * of none.
   */
  #appendInfo(program: ProgramSpec, offset: number): void {
    const { ext, btf } = this.#spec;
    if (!ext || !btf || !this.#options.withInfo) return;
    const isMain = program === this.#main;
    const at = { offset, littleEndian: ext.littleEndian };
    const { log } = this.#options;
    if (isMain || this.#info.func) {
      const records = selectRecords(ext.funcInfo, program, at);
      if (records) this.#info.func = joined(this.#info.func, records);
      else missing(log, program, { known: this.#info.func !== undefined, what: 'function', short: 'func' });
    }
    if (isMain || this.#info.line) {
      const records = selectRecords(ext.lineInfo, program, at);
      if (records) this.#info.line = joined(this.#info.line, records);
      else missing(log, program, { known: this.#info.line !== undefined, what: 'line', short: 'line' });
    }
  }
}

/** Only the entry point may have no records at all. */
function missing(
  log: DiagnosticLog,
  program: ProgramSpec,
  info: { known: boolean; what: string; short: string },
): void {
  if (info.known) throw failure(log, Errno.ENOENT, `prog '${program.name}': missing .BTF.ext ${info.what} info.`);
  log(
    'warn',
    `prog '${program.name}': missing .BTF.ext ${info.what} info for the main program, skipping all of .BTF.ext ${info.short} info.`,
  );
}

function joined(known: InfoRecords | undefined, more: InfoRecords): InfoRecords {
  if (!known) return more;
  const bytes = new Uint8Array(known.bytes.length + more.bytes.length);
  bytes.set(known.bytes);
  bytes.set(more.bytes, known.bytes.length);
  return { recordSize: known.recordSize, bytes };
}

/** The records of one function, moved to where the function stands. */
function selectRecords(
  sections: readonly SectionRecords[],
  program: ProgramSpec,
  { offset, littleEndian }: { offset: number; littleEndian: boolean },
): InfoRecords | undefined {
  const section = sections.find(({ sectionIndex }) => sectionIndex === program.sectionIndex);
  if (!section) return undefined;
  const { recordSize, bytes: records } = section;
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  const first = program.sectionOffset;
  const end = first + program.code.length / 8;
  let start = -1;
  let stop = -1;
  for (let at = 0; at < records.length; at += recordSize) {
    // Records begin with a byte offset in the section, and compilers write them in ascending order of it.
    const slot = Math.floor(view.getUint32(at, littleEndian) / 8);
    if (slot < first) continue;
    if (slot >= end) break;
    if (start < 0) start = at;
    stop = at + recordSize;
  }
  if (start < 0) return undefined;
  const bytes = records.slice(start, stop);
  const moved = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += recordSize) {
    moved.setUint32(at, Math.floor(moved.getUint32(at, littleEndian) / 8) + offset - first, littleEndian);
  }
  return { recordSize, bytes };
}

const callbackTag = 'exception_callback:';

/** Declaration tags that name exception callbacks, found once for all programs of an object. */
export function callbackTags(btf: RecordView): number[] {
  return [...btf.idsOfKind(Kind.decl_tag)].filter(
    (id) => btf.tagComponent(id) === -1 && btf.name(id).startsWith(callbackTag),
  );
}

/** The subprogram a declaration tag names as the exception callback of an entry point. */
function exceptionCallback(spec: ObjectSpec, program: ProgramSpec, options: LinkOptions): ProgramSpec | undefined {
  const { btf } = spec;
  if (!btf || !options.withTags) return undefined;
  const bad = (errno: number, text: string) => failure(options.log, errno, `prog '${program.name}': ${text}`);
  let found: ProgramSpec | undefined;
  for (const id of options.callbackTags ?? callbackTags(btf)) {
    if (!isGlobalFunction(btf, btf.target(id))) {
      throw bad(Errno.EINVAL, 'exception_callback:<value> decl tag not applied to the main program');
    }
    if (btf.name(btf.target(id)) !== program.name) continue;
    // The verifier refuses a program with several callbacks, and says so better.
    if (found) return undefined;
    const name = btf.name(id).slice(callbackTag.length);
    if (name === '') throw bad(Errno.EINVAL, 'exception_callback:<value> decl tag contains empty value');
    found = spec.programs.find((candidate) => candidate.subprogram && candidate.name === name);
    if (!found) throw bad(Errno.ENOENT, `cannot find exception callback '${name}'`);
    if (!found.global || found.hidden) {
      throw bad(Errno.EINVAL, `exception callback ${name} must be a global non-hidden function`);
    }
  }
  return found;
}

/** BTF_FUNC_GLOBAL is 1. */
function isGlobalFunction(btf: RecordView, id: number): boolean {
  return btf.kind(id) === Kind.func && btf.vlen(id) === 1;
}
