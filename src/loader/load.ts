import { Errno, TsbpfError } from '../errors/index.ts';
import { kernelBtfPath, kernelVersion } from '../host/index.ts';
import { liftMemoryLimit, requireKind } from '../kernel/index.ts';
import {
  callbackTags,
  checkContents,
  type DiagnosticLog,
  errorText,
  failure,
  kernelRelocatesAlike,
  LibbpfErrno,
  type LinkedProgram,
  linkProgram,
  mapAt,
  mapNameInside,
  ObjectError,
  type ObjectSpec,
  type ProgramSpec,
  relocateData,
  tell,
} from '../object/index.ts';
import { explainUnsupported, watchRefusals } from '../probe/index.ts';
import { defaultKernel, type Kernel } from '../sys/index.ts';
import { bpf_prog_type, holdsPrograms } from '../uapi/index.ts';
import { loadProgram } from '../bpf/index.ts';
import { Cleanup } from './cleanup.ts';
import { type ResolvedExterns, resolveExterns } from './externs.ts';
import { Features, trivialCode } from './features.ts';
import { createJumpTables } from './jump-tables.ts';
import { KernelBtf } from './kernel-btf.ts';
import type { MadeMap } from './loaded-map.ts';
import { usableArenaOffset, createMaps, setSlot } from './maps.ts';
import { LoadedObject } from './loaded-object.ts';
import type { MadeProgram } from './loaded-program.ts';
import { needsKernelBtf, relocateTypes } from './kernel-types.ts';
import { loadObjectBtf } from './object-btf.ts';
import { loadOne } from './programs.ts';
import { type PreparedStructOps, prepareStructOps } from './struct-ops.ts';
import { checkTargets, type TargetProgram } from './target.ts';
import { withToken } from './token.ts';

/** How an object is loaded. */
export interface LoadOptions {
  /** Receives libbpf's diagnostics, without prefix and final newline. */
  readonly log?: DiagnosticLog;
  /** Verifier log level asked for from the start, e.g. 7. */
  readonly logLevel?: number;
  /** Levels of single programs, by name. */
  readonly logLevels?: ReadonlyMap<string, number>;
  /** Fds of existing maps to use instead of new ones, by index of the map. They stay the caller's. */
  readonly replaceMaps?: ReadonlyMap<number, number>;
  /** BTF for CO-RE relocations instead of the running kernel's: a path or the bytes of a file, raw or ELF. */
  readonly kernelBtf?: string | Uint8Array;
  /** First contents of maps of global data, by index of the map. */
  readonly contents?: ReadonlyMap<number, Uint8Array>;
  /**
   * By program name: the loaded program whose function it replaces (freplace) or traces (fentry, fexit, fmod_ret).
   * TargetError if that program has no such function. They may be closed when the load is done.
   */
  readonly targets?: ReadonlyMap<string, TargetProgram>;
  /**
   * A mounted BPF file system that delegates rights to this process's user namespace (since 6.9); ObjectError if it does
   * not. '' keeps /sys/fs/bpf from being asked, which is done unless the variable LIBBPF_BPF_TOKEN_PATH names another.
   */
  readonly tokenPath?: string;
  /** Is called when a program is in the kernel, with how many are; from 1 again where the load is tried in another way. */
  readonly onProgram?: (count: number) => void;
}

/**
 * Loads an object into the kernel: BTF, maps, programs. The spec is not changed.
 * On failure everything made so far is undone, and UsageError for options that mean nothing, ObjectError, VerifierError or another TsbpfError is thrown; its
 * `cause` is a NotSupportedError where the running kernel is older than what was asked of it.
 */
export function loadObject(spec: ObjectSpec, options?: LoadOptions): LoadedObject;
export function loadObject(kernel: Kernel, spec: ObjectSpec, options?: LoadOptions): LoadedObject;
export function loadObject(...args: readonly unknown[]): LoadedObject {
  const isKernelFirst = typeof (args[0] as Partial<Kernel> | undefined)?.bpf === 'function';
  const [kernel, spec, options = {}] = (isKernelFirst ? args : [defaultKernel(), ...args]) as [
    Kernel,
    ObjectSpec,
    LoadOptions?,
  ];
  const steps = loadSteps(kernel, spec, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * `loadObject` in steps, for callers that do something in between: one step a program, which gives how many are in the
 * kernel. A generator that is returned from before its end undoes what was made.
 */
export function* loadSteps(
  kernel: Kernel,
  spec: ObjectSpec,
  options: LoadOptions = {},
): Generator<number, LoadedObject, void> {
  const log: DiagnosticLog = options.log ?? (() => undefined);
  checkContents(spec, options.contents ?? new Map());
  for (const [index, fd] of options.replaceMaps ?? []) {
    mapAt(spec.maps, index, 'replaceMaps');
    requireKind(kernel, fd, 'map');
  }
  if (!spec.littleEndian) {
    const text = `object '${spec.name}': loading non-native endianness is unsupported`;
    throw failure(log, LibbpfErrno.ENDIAN, text);
  }
  using temporary = new Cleanup(kernel);
  const delegated = withToken({ kernel, log, temporary, objectName: spec.name, path: options.tokenPath });
  const { kernelBtf: targetBtf, ...others } = options;
  const hasToken = delegated !== undefined;
  const load: OneLoad = function* (given) {
    const { kernel: watched, lastRefusal } = watchRefusals(delegated ?? kernel);
    using cleanup = new Cleanup(kernel);
    using kernelBtf = new KernelBtf(kernel, given.log);
    try {
      const context = { ...others, ...given, cleanup, kernelBtf, targetBtf, hasToken };
      const loaded = yield* new Load(watched, spec, context).run();
      cleanup.release();
      return loaded;
    } catch (error) {
      const refusal = lastRefusal();
      const unsupported = refusal && explainUnsupported(kernel, refusal);
      if (unsupported !== undefined && error instanceof TsbpfError) error.cause ??= unsupported;
      throw error;
    }
  };
  const loaded = kernelMayRelocate(kernel, spec, options) ? yield* loadByKernel(load, log) : undefined;
  return loaded ?? (yield* load({ log, relocatedByKernel: false }));
}

type OneLoad = (given: Pick<LoadContext, 'log' | 'relocatedByKernel'>) => Generator<number, LoadedObject, void>;

/**
 * Whether the kernel may apply the type relocations, which saves a look at all of its types. Its code for that is libbpf's,
 * as it is now, since 6.15.
 */
function kernelMayRelocate(kernel: Kernel, spec: ObjectSpec, options: LoadOptions): boolean {
  const { kernelBtf, logLevel = 0, logLevels } = options;
  if (kernelBtf !== undefined || logLevel > 0 || (logLevels?.size ?? 0) > 0 || options.log?.tellsAll) return false;
  // Where the types stand elsewhere, that is worth words.
  if (!kernel.exists(kernelBtfPath)) return false;
  if (!spec.programs.some(({ coreRelocations }) => coreRelocations.length > 0)) return false;
  const { major, minor } = kernelVersion(kernel);
  return (major > 6 || (major === 6 && minor >= 15)) && kernelRelocatesAlike(spec);
}

/** Loads with the kernel's relocations. Undefined where anything fails: the messages of that are found without them. */
function* loadByKernel(load: OneLoad, log: DiagnosticLog): Generator<number, LoadedObject | undefined, void> {
  let deferred: Parameters<DiagnosticLog>[] | undefined = [];
  const later: DiagnosticLog = (...line) => {
    if (deferred === undefined) log(...line);
    else deferred.push(line);
  };
  try {
    const loaded = yield* load({ log: later, relocatedByKernel: true });
    for (const line of deferred) log(...line);
    deferred = undefined;
    return loaded;
  } catch (error) {
    if (error instanceof TsbpfError) return undefined;
    throw error;
  }
}

type LoadContext = Omit<LoadOptions, 'kernelBtf'> & {
  log: DiagnosticLog;
  cleanup: Cleanup;
  kernelBtf: KernelBtf;
  /** For CO-RE, instead of the running kernel's. */
  targetBtf: string | Uint8Array | undefined;
  /** Rights were delegated to this process: what a program of no rights may load does not matter. */
  hasToken: boolean;
  /** The kernel applies type relocations. */
  relocatedByKernel: boolean;
};

class Load {
  readonly #kernel: Kernel;
  readonly #spec: ObjectSpec;
  readonly #options: LoadContext;
  readonly #targetBtf: string | Uint8Array | undefined;
  readonly #kernelBtf: KernelBtf;
  readonly #log: DiagnosticLog;
  readonly #features: Features;
  readonly #targets: ReadonlyMap<string, TargetProgram>;

  constructor(kernel: Kernel, spec: ObjectSpec, options: LoadContext) {
    this.#kernel = kernel;
    this.#spec = spec;
    this.#options = options;
    this.#targetBtf = options.targetBtf;
    this.#kernelBtf = options.kernelBtf;
    this.#log = options.log;
    this.#features = new Features(kernel);
    this.#targets = options.targets ?? new Map();
  }

  *run(): Generator<number, LoadedObject, void> {
    const kernel = this.#kernel;
    const spec = this.#spec;
    const { cleanup } = this.#options;
    checkTargets(spec, this.#targets);
    if (!this.#options.hasToken) this.#checkLoading();
    const relocatesTypes = this.#targetBtf === undefined && !this.#options.relocatedByKernel;
    if (needsKernelBtf(spec, { targets: this.#targets, relocatesTypes })) void this.#kernelBtf.vmlinux;
    const externs = resolveExterns({ kernel, log: this.#log, kernelBtf: this.#kernelBtf }, spec);
    const structOps = prepareStructOps({ log: this.#log, kernelBtf: this.#kernelBtf, spec });
    const codes = this.#options.relocatedByKernel
      ? new Map<ProgramSpec, Uint8Array>()
      : relocateTypes({ kernel, log: this.#log, kernelBtf: this.#kernelBtf, targetBtf: this.#targetBtf }, spec);
    const tags = spec.btf ? callbackTags(spec.btf) : [];
    const linked = spec.programs
      .filter((program) => this.#isLoaded(program, structOps.skipped))
      .map((program) =>
        linkProgram(spec, program, {
          log: this.#log,
          codeOf: (part) => codes.get(part) ?? part.code,
          withInfo: true,
          withTags: true,
          callbackTags: tags,
        }),
      );
    if (this.#options.relocatedByKernel) this.#checkPlaced(linked);
    const jumpTables = linked.map((program) => createJumpTables({ kernel, log: this.#log, cleanup, spec }, program));
    for (const program of linked) this.#tellPoison(program, externs);
    const btfFd = loadObjectBtf({ kernel, log: this.#log, features: this.#features }, spec);
    if (btfFd > 0) cleanup.fd(btfFd);
    const contents = new Map(this.#options.contents);
    if (externs.kconfig) contents.set(spec.kconfigMap, externs.kconfig);
    const maps = createMaps(
      {
        kernel,
        log: this.#log,
        features: this.#features,
        cleanup,
        objectName: spec.name,
        btfFd,
        contents,
        replacements: this.#options.replaceMaps ?? new Map(),
        structOps: structOps.maps,
      },
      spec.maps,
    );
    for (const [at, program] of linked.entries()) {
      relocateData(spec, program, {
        map: (map) => maps[map] && { by: 'fd', number: maps[map].fd },
        dataOffset: (map) => (map === spec.arenaMap ? usableArenaOffset(this.#features, spec.maps[map]!) : 0),
        symbol: (extern) => {
          const found = externs.found.get(extern);
          return found && found.kind !== 'kconfig' ? found : { kind: 'address', address: 0n };
        },
        kfunc: (extern) => {
          const found = externs.found.get(extern);
          return found?.kind === 'btf' ? found : undefined;
        },
        jumpTable: (relocation) => jumpTables[at]!.get(relocation)!,
      });
    }
    const programs = yield* this.#loadPrograms(linked, { maps, externs, structOps, btfFd });
    structOps.finish(programs);
    return new LoadedObject(kernel, {
      spec,
      log: this.#log,
      btfFd,
      maps: maps.filter((map) => map !== undefined),
      programs,
      structOpsValues: structOps.values,
    });
  }

  /** What cannot be resolved is reported before anything is made. */
  #tellPoison({ program, relocations }: LinkedProgram, externs: ResolvedExterns): void {
    for (const [number, relocation] of relocations.entries()) {
      const { kind, index } = relocation;
      let what: string | undefined;
      if (kind === 'map' || kind === 'data') {
        const map = this.#spec.maps[relocation.map]!;
        const name = mapNameInside(this.#spec.name, map);
        if (!map.autocreate) what = `loads map #${relocation.map} '${name}'`;
      } else if (kind === 'externCall' && externs.found.get(relocation.extern)?.kind !== 'btf') {
        what = `calls kfunc '${this.#spec.externs[relocation.extern]!.name}'`;
      }
      if (what === undefined) continue;
      tell(this.#log, () => `prog '${program.name}': relo #${number}: poisoning insn #${index} that ${what}`);
    }
  }

  *#loadPrograms(
    linked: readonly LinkedProgram[],
    made: {
      maps: readonly (MadeMap | undefined)[];
      externs: ResolvedExterns;
      structOps: PreparedStructOps;
      btfFd: number;
    },
  ): Generator<number, MadeProgram[], void> {
    const { maps, externs, structOps, btfFd } = made;
    const { cleanup } = this.#options;
    const context = {
      kernel: this.#kernel,
      log: this.#log,
      features: this.#features,
      kernelBtf: this.#kernelBtf,
      spec: this.#spec,
      maps,
      btfFd,
      kernelVersion: this.#spec.kernelVersion ?? kernelVersion(this.#kernel).code,
      fdArray: externs.fdArray,
      logLevel: this.#options.logLevel ?? 0,
      logLevels: this.#options.logLevels ?? new Map(),
      structOps: structOps.programs,
      targets: this.#targets,
      relocatedByKernel: this.#options.relocatedByKernel,
    };
    try {
      const byProgram = new Map(linked.map((program) => [program.program, program]));
      const programs: MadeProgram[] = [];
      for (const program of this.#spec.programs) {
        const one = byProgram.get(program);
        if (one) {
          programs.push({ name: program.name, spec: program, fd: cleanup.fd(loadOne(context, one)) });
          this.#options.onProgram?.(programs.length);
          yield programs.length;
        } else if (!program.subprogram) tell(this.#log, () => `prog '${program.name}': skipped loading`);
      }
      this.#fillProgramArrays(maps, programs);
      return programs;
    } catch (error) {
      if (error instanceof TsbpfError) this.#log('warn', `failed to load object '${this.#spec.path}'`);
      throw error;
    }
  }

  /** Says early and clearly that this process or kernel cannot load BPF at all. */
  #checkLoading(): void {
    let result = loadProgram(this.#kernel, { code: trivialCode });
    if (result < 0) {
      const type = bpf_prog_type.BPF_PROG_TYPE_TRACEPOINT;
      result = loadProgram(this.#kernel, { code: trivialCode, type });
    }
    if (result >= 0) {
      this.#kernel.close(result);
      return;
    }
    const lifted = liftMemoryLimit(this.#kernel);
    if (lifted < 0) {
      const problem = `Failed to bump RLIMIT_MEMLOCK (err = ${errorText(lifted)}), you might need to do it explicitly!`;
      this.#log('warn', problem);
    }
    const text = `Error in bpf_object__probe_loading(): ${errorText(result)}. Couldn't load trivial BPF program. Make sure your kernel supports BPF (CONFIG_BPF_SYSCALL=y) and/or that RLIMIT_MEMLOCK is set to big enough value.`;
    throw failure(this.#log, -result, text);
  }

  /** The kernel relocates only what it is given: functions that nobody calls could hold what must be refused. */
  #checkPlaced(linked: readonly LinkedProgram[]): void {
    const placed = new Set(linked.flatMap(({ placements }) => placements.map(({ program }) => program)));
    const isLeft = (program: ProgramSpec) => program.autoload && program.coreRelocations.length > 0;
    if (this.#spec.programs.some((program) => isLeft(program) && !placed.has(program))) {
      throw new ObjectError('relocations outside of the programs', Errno.EINVAL);
    }
  }

  #isLoaded(program: ProgramSpec, skipped: ReadonlySet<ProgramSpec>): boolean {
    return !program.subprogram && program.autoload && !skipped.has(program);
  }

  #fillProgramArrays(maps: readonly (MadeMap | undefined)[], programs: readonly MadeProgram[]): void {
    for (const map of maps) {
      if (!map || map.reused || !holdsPrograms(map.spec.type)) continue;
      for (const [slot, target] of map.spec.slots.entries()) {
        if (target === undefined) continue;
        const slotSpec = this.#spec.programs[target]!;
        const program = programs.find((candidate) => candidate.spec === slotSpec);
        const result = program ? setSlot(this.#kernel, map.fd, { slot, fd: program.fd }) : -Errno.EBADF;
        if (result >= 0) {
          const set = `slot [${slot}] set to prog '${slotSpec.name}' fd=${program!.fd}`;
          tell(this.#log, () => `map '${map.name}': ${set}`);
          continue;
        }
        const text = `map '${map.name}': failed to initialize slot [${slot}] to prog '${slotSpec.name}' fd=${program?.fd ?? -1}: ${errorText(result)}`;
        throw failure(this.#log, -result, text);
      }
    }
  }
}
