import { Errno } from '../../errors/index.ts';
import type { BtfEdit } from '../../btf/index.ts';
import {
  arenaDataOffset,
  type DiagnosticLog,
  failure,
  type LinkedProgram,
  linkProgram,
  loadableBtf,
  mapAt,
  type MapSpec,
  ObjectError,
  type ObjectSpec,
  type ProgramSpec,
  relocateData,
  swapInstructions,
  unusedStructOpsPrograms,
} from '../../object/index.ts';
import { attr_btf_load, BPF_F_TOKEN_FD, bpf_cmd, bpf_func_id, holdsPrograms } from '../../uapi/index.ts';
import { Emitter, Jump, Register } from './emitter.ts';
import { contextHeader, descriptorSlots, mapPlaces, programPlace, Stack } from './layout.ts';
import { emitMaps, type MapPins } from './maps.ts';
import { emitProgram } from './programs.ts';
import { Steps } from './steps.ts';
import { SymbolPatches } from './symbols.ts';

/** How a loader program is generated. */
export interface LoaderOptions {
  /** Receives libbpf's diagnostics, without prefix and final newline. */
  readonly log?: DiagnosticLog;
  /** Entries of perf event arrays that state none. */
  readonly possibleCpus: number;
  /** First contents of maps of global data, by index of the map; the kernel's configuration is among them. */
  readonly contents?: ReadonlyMap<number, Uint8Array>;
  /** Addresses of kernel symbols without type, by index of the extern. The loader looks them up again. */
  readonly addresses?: ReadonlyMap<number, bigint>;
  /** The caller of the loader may not change sizes and contents of maps. */
  readonly signed?: boolean;
  /** The calls ask for delegated rights, as libbpf's do where it has a token; the loader itself hands none on. */
  readonly asksForToken?: boolean;
  readonly pins?: MapPins;
}

/** A program of type syscall that loads an object when it is run, and the value of the map it works on. */
export interface LoaderProgram {
  /** In the object's byte order. */
  readonly instructions: Uint8Array;
  readonly data: Uint8Array;
  /** In the order of their descriptors in the context. */
  readonly maps: readonly MapSpec[];
  readonly programs: readonly ProgramSpec[];
  /** First contents of maps instead of the object's, by index of the map. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
}

/**
 * Makes the loader program of an object: byte for byte libbpf's, for the newest kernel. CO-RE relocations, kernel
 * symbols and attach targets are left to the running kernel.
 * ObjectError, after libbpf's warnings, for objects that a loader program cannot load; UsageError for contents that no
 * map takes.
 */
export function generateLoader(spec: ObjectSpec, options: LoaderOptions): LoaderProgram {
  for (const index of options.contents?.keys() ?? []) mapAt(spec.maps, index, 'contents');
  const log: DiagnosticLog = options.log ?? (() => undefined);
  const emitter = new Emitter(spec.littleEndian);
  const steps = new Steps(emitter);
  const fdArray = emitter.blob.reserve(descriptorSlots * 4);
  emitStart(emitter, fdArray, { programs: spec.programs.length, maps: spec.maps.length });
  const structOps = spec.maps.find((map) => map.structOps && map.autocreate);
  if (structOps)
    throw failure(log, Errno.EOPNOTSUPP, `map '${structOps.name}': a loader program cannot create struct_ops`);
  const skipped = unusedStructOpsPrograms(spec);
  const linked = spec.programs
    .filter((program) => !program.subprogram && program.autoload && !skipped.has(program))
    .map((program) => linkProgram(spec, program, { log, codeOf: ({ code }) => code, withInfo: true, withTags: true }));
  for (const program of linked) relocate(spec, program, { log, addresses: options.addresses ?? new Map() });
  if (spec.btf) {
    const btf = loadableBtf(spec, spec.btf);
    steps.run(() => emitBtf(emitter, btf));
  }
  const moreFlags = options.asksForToken ? BPF_F_TOKEN_FD : 0;
  const maps = emitMaps({
    moreFlags,
    emitter,
    log,
    steps,
    spec,
    fdArray,
    possibleCpus: options.possibleCpus,
    contents: options.contents ?? new Map(),
    signed: options.signed ?? false,
    pins: options.pins,
  });
  try {
    const symbols = new SymbolPatches(emitter, log, fdArray);
    for (const [number, program] of linked.entries()) {
      emitProgram({ emitter, log, steps, spec, fdArray, symbols, moreFlags }, program, number);
    }
    checkProgramArrays(spec);
    if (maps !== spec.maps.length) {
      const text = `nr_progs ${spec.programs.length}/${linked.length} nr_maps ${spec.maps.length}/${maps} mismatch`;
      throw failure(log, Errno.EFAULT, text);
    }
    steps.run(() => emitEnd(emitter, fdArray, { programs: linked.length, maps }));
    if (steps.error) throw steps.error;
  } catch (error) {
    if (error instanceof ObjectError) log('warn', `failed to load object '${spec.path}'`);
    throw error;
  }
  const instructions = emitter.finish();
  return {
    instructions: spec.littleEndian ? instructions : swapInstructions(instructions),
    data: emitter.blob.finish(),
    maps: spec.maps,
    programs: linked.map(({ program }) => program),
    contents: options.contents ?? new Map(),
  };
}

/** Clears the stack, and skips what failed calls jump to: it closes everything and returns the error. */
function emitStart(emitter: Emitter, fdArray: number, counts: { programs: number; maps: number }): void {
  emitter.move(Register.CONTEXT, 1);
  emitter.move(1, Register.STACK);
  emitter.add(1, -Stack.size);
  emitter.set(2, Stack.size);
  emitter.set(3, 0);
  emitter.call(bpf_func_id.BPF_FUNC_probe_read_kernel);
  const onStack = 2 + counts.programs;
  emitter.skip(onStack * 3 + 2 + counts.maps * 6);
  emitter.markCleanup();
  for (let index = 0; index < onStack; index++) {
    emitter.load(1, 4, { register: Register.STACK, offset: index * 4 - Stack.size });
    emitter.jump(Jump.atMost, { register: 1, immediate: 0 }, 1);
    emitter.call(bpf_func_id.BPF_FUNC_sys_close);
  }
  for (let index = 0; index < counts.maps; index++) emitter.closeInBlob(fdArray + index * 4);
  emitter.move(0, Register.RESULT);
  emitter.exit();
}

function emitBtf(emitter: Emitter, btf: BtfEdit): void {
  const bytes = btf.finishAsGiven();
  const at = emitter.blob.add(bytes);
  const attribute = emitter.blob.addAttribute(attr_btf_load, 'btf_log_level', { btf_size: bytes.length });
  emitter.copyFromContext(attribute.member('btf_log_level'), 4, contextHeader.logLevel);
  emitter.copyFromContext(attribute.member('btf_log_size'), 4, contextHeader.logSize);
  emitter.copyFromContext(attribute.member('btf_log_buf'), 8, contextHeader.logAddress);
  emitter.storePointer(attribute.member('btf'), at);
  emitter.systemCall(bpf_cmd.BPF_BTF_LOAD, attribute);
  emitter.checkResult();
  emitter.store({ register: Register.STACK, offset: Stack.btf }, 4, Register.RESULT);
}

/** Hands the descriptors of maps and programs to the context. */
function emitEnd(emitter: Emitter, fdArray: number, counts: { programs: number; maps: number }): void {
  emitter.closeOnStack(Stack.btf);
  for (let index = 0; index < counts.programs; index++) {
    emitter.copyStackToContext(programPlace(counts.maps, index), 4, Stack.program(index));
  }
  for (let index = 0; index < counts.maps; index++) {
    emitter.copyToContext(mapPlaces(index).fd, 4, fdArray + index * 4);
  }
  emitter.set(0, 0);
  emitter.exit();
}

function checkProgramArrays(spec: ObjectSpec): void {
  const filled = spec.maps.find(({ type, slots }) => {
    return holdsPrograms(type) && slots.length > 0;
  });
  if (filled)
    throw new ObjectError(`map '${filled.name}': a loader program cannot fill a program array`, Errno.EOPNOTSUPP);
}

/** Points instructions at maps by their index, and at what the loader will look up. */
function relocate(
  spec: ObjectSpec,
  program: LinkedProgram,
  { log, addresses }: { log: DiagnosticLog; addresses: ReadonlyMap<number, bigint> },
): void {
  const { name } = program.program;
  relocateData(spec, program, {
    map: (number) => ({ by: 'index', number }),
    dataOffset: (map) => (map === spec.arenaMap ? arenaDataOffset(spec.maps[map]!) : 0),
    symbol: (index) => {
      const extern = spec.externs[index]!;
      const isTyped = extern.kind === 'ksym' && extern.symbolTypeId !== 0;
      return isTyped ? { kind: 'btf', id: 0, moduleFd: 0 } : { kind: 'address', address: addresses.get(index) ?? 0n };
    },
    kfunc: () => ({ id: 0, fdIndex: 0 }),
    jumpTable: ({ offset }, number) => {
      // Not possible in a loader program.
      log('warn', `prog '${name}': relo #${number}: can't create jump table: sym_off ${offset}`);
      throw failure(log, Errno.EINVAL, `prog '${name}': failed to relocate data references: -EINVAL`);
    },
  });
}
