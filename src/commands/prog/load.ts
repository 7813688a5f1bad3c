// `prog load` and `loadall`: load_with_options() of bpftool's src/prog.c. Words are read, the object is opened, its
// programs and maps are adjusted, all is loaded, then pinned; what fails takes back what was made.
import {
  CommandFailure,
  type Context,
  fail,
  failSilently,
  type Handler,
  strtoul,
  type Words,
} from '../../cli/index.ts';
import { TsbpfError } from '../../errors/index.ts';
import {
  type AttachableProgram,
  autoAttach,
  type LoadedObject,
  loadSteps,
  type LoadOptions,
  ProgramRefused,
  fdOf,
} from '../../loader/index.ts';
import {
  type DiagnosticLog,
  findSection,
  type ObjectSpec,
  sectionDefinitions,
  type ProgramSpec,
} from '../../object/index.ts';
import { type BpfMap, pinFd, syscallError } from '../../kernel/index.ts';
import { BPF_F_XDP_DEV_BOUND_ONLY, bpf_map_type, bpf_prog_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { deviceIndex } from '../shared/net-device.ts';
import { liftMemoryLimit } from '../shared/memlock.ts';
import { mountBpffsDirectory, mountBpffsForFile } from '../shared/pin.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { readObject } from '../shared/object-file.ts';
import { Interruption, Progress } from '../shared/progress.ts';
import { selectMap } from '../shared/select-map.ts';
import { readSettings, settingContents } from './set-option.ts';

/** What `type` or a section's name says. Both numbers are the kernel's enums. */
interface ProgramKind {
  readonly type: number;
  readonly expectedAttachType: number;
}

/** A map of the object that an existing one stands in for. */
interface Replacement {
  /** Position among the object's maps, undefined where a name was given. */
  readonly index: number | undefined;
  /** The object's name of it, undefined where a position was given. */
  readonly name: string | undefined;
  readonly map: BpfMap;
}

/** What the words ask for. */
interface LoadRequest {
  readonly path: string;
  readonly pinPath: string;
  /** Undefined: each program is of the type its section says. */
  kind: ProgramKind | undefined;
  readonly replacements: Replacement[];
  /** Device that runs the programs and holds the maps; 0 for none. */
  offloadIfindex: number;
  /** Device whose XDP metadata the programs read, on this processor; 0 for none. */
  xdpMetaIfindex: number;
  /** Directory for pins of all maps; undefined for none. */
  pinMaps: string | undefined;
  /** Pins links instead of programs. */
  autoAttach: boolean;
  /** File with the types that CO-RE relocates against, instead of the running kernel's. */
  kernelBtf: string | undefined;
}

/** `prog load OBJ FILE …`: pins the first program. */
export const load: Handler = async (ctx, words) => {
  if (ctx.options.useLoader) (await import('./use-loader.ts')).loadByLoader(ctx, words);
  else await loadCommand(ctx, words, 'first');
};

/** `prog loadall OBJ DIR …`: pins every program. */
export const loadAll: Handler = (ctx, words) => loadCommand(ctx, words, 'all');

async function loadCommand(ctx: Context, words: Words, which: 'first' | 'all'): Promise<void> {
  words.require(2);
  const request: LoadRequest = {
    path: words.next(),
    pinPath: words.next(),
    kind: undefined,
    replacements: [],
    offloadIfindex: 0,
    xdpMetaIfindex: 0,
    pinMaps: undefined,
    autoAttach: false,
    kernelBtf: undefined,
  };
  try {
    // Maps that replace others are opened while the words are read: the first that cannot be had ends it.
    while (words.left > 0) readOption(ctx, words, request);
    // Before Linux 5.11 memory counts against RLIMIT_MEMLOCK.
    liftMemoryLimit(ctx);
    const log = diagnostics(ctx);
    const settings = readSettings(ctx.verbOptions.get('set') ?? []);
    const spec = openSpec(ctx, request, log);
    for (const program of spec.programs) if (!program.subprogram) adjust(ctx, program, request);
    const replaceMaps = resolveReplacements(spec, request);
    const contents = settingContents(ctx, spec, settings, replaceMaps);
    const isPinning = spec.maps.some(({ autocreate, pinPath }) => autocreate && pinPath !== undefined);
    // Until something is pinned, a signal may simply end the process: the kernel then frees what was loaded.
    using early = ctx.stderrIsTerminal && isPinning ? new Interruption() : undefined;
    using object = await loadSpec(ctx, spec, { replaceMaps, contents, interruption: early }, request, log);
    using interruption = ctx.stderrIsTerminal ? (early ?? new Interruption()) : undefined;
    // A missing directory is made, a BPF file system mounted where none is.
    if (which === 'all') mountBpffsDirectory(ctx, request.pinPath);
    else mountBpffsForFile(ctx, request.pinPath);
    pinLoaded(ctx, object, { ...request, which }, log);
    await interruption?.look(() => `all was loaded and pinned by then at ${request.pinPath}`);
    ctx.json?.null();
  } finally {
    for (const { map } of request.replacements) map.close();
  }
}

function readOption(ctx: Context, words: Words, request: LoadRequest): void {
  if (words.take('type')) {
    if (request.kind !== undefined) fail('program type already specified');
    words.require(1);
    const word = words.next();
    // Names of sections end in a slash where more may follow; both spellings are tried, and messages name the second.
    request.kind = kindOf(word) ?? kindOf(`${word}/`) ?? unknownKind(ctx, `${word}/`);
  } else if (words.take('map')) {
    words.require(4);
    request.replacements.push(readReplacement(ctx, words));
  } else if (words.at('dev') || words.at('offload_dev')) {
    if (words.at('dev')) {
      ctx.info(
        "Warning: 'bpftool prog load [...] dev <ifname>' syntax is deprecated.\n" +
          "Going further, please use 'offload_dev <ifname>' to offload program to device.\n" +
          "For applications using XDP hints only, use 'xdpmeta_dev <ifname>'.",
      );
    }
    words.next();
    if (request.offloadIfindex !== 0) fail('offload_dev already specified');
    if (request.xdpMetaIfindex !== 0) fail('xdpmeta_dev and offload_dev are mutually exclusive');
    request.offloadIfindex = readDevice(ctx, words);
  } else if (words.take('xdpmeta_dev')) {
    if (request.xdpMetaIfindex !== 0) fail('xdpmeta_dev already specified');
    if (request.offloadIfindex !== 0) fail('xdpmeta_dev and offload_dev are mutually exclusive');
    request.xdpMetaIfindex = readDevice(ctx, words);
  } else if (words.take('pinmaps')) {
    words.require(1);
    request.pinMaps = words.next();
  } else if (words.take('autoattach')) request.autoAttach = true;
  else if (words.take('kernel_btf')) {
    words.require(1);
    request.kernelBtf = words.next();
  } else {
    fail(
      "expected no more arguments, 'type', 'map', 'offload_dev', 'xdpmeta_dev', 'pinmaps', 'autoattach', " +
        `or 'kernel_btf', got: '${words.peek()}'?`,
    );
  }
}

function readReplacement(ctx: Context, words: Words): Replacement {
  let index: number | undefined;
  let name: string | undefined;
  if (words.take('idx')) {
    const word = words.next();
    const { value, rest } = strtoul(word, 0);
    if (rest !== '') fail(`can't parse ${word} as IDX`);
    // strtoul(3) into an int, as in the reference.
    index = Number(BigInt.asIntN(32, value));
  } else if (words.take('name')) name = words.next();
  else fail(`expected 'idx' or 'name', got: '${words.peek()}'?`);
  return { index, name, map: selectMap(ctx, words, { readOnly: false }) };
}

function readDevice(ctx: Context, words: Words): number {
  words.require(1);
  return deviceIndex(ctx, words.next());
}

function kindOf(sectionName: string): ProgramKind | undefined {
  const section = findSection(sectionName);
  return section && { type: section.programType, expectedAttachType: section.attachType };
}

/** The reference repeats the look-up with all of libbpf's messages; nothing else is said. */
function unknownKind(ctx: Context, sectionName: string): never {
  const names = sectionDefinitions().map(({ pattern }) => ` ${pattern}`);
  ctx.printError(`libbpf: failed to guess program type from ELF section '${sectionName}'\n`);
  ctx.printError(`libbpf: supported section(type) names are:${names.join('')}\n`);
  failSilently();
}

function openSpec(ctx: Context, request: LoadRequest, log: DiagnosticLog): ObjectSpec {
  try {
    return readObject(ctx, request.path, log);
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    fail('failed to open object file', { cause });
  }
}

function adjust(ctx: Context, program: ObjectSpec['programs'][number], request: LoadRequest): void {
  // `type` holds for all programs, their sections for none then.
  const kind = request.kind ?? kindOf(program.sectionName) ?? unknownKind(ctx, program.sectionName);
  if (kind.type === bpf_prog_type.BPF_PROG_TYPE_XDP && request.xdpMetaIfindex !== 0) {
    // Bound to a device, and run by this processor: BPF_F_XDP_DEV_BOUND_ONLY, Linux 6.3.
    program.flags = BPF_F_XDP_DEV_BOUND_ONLY;
    program.ifindex = request.xdpMetaIfindex;
  } else {
    program.ifindex = request.offloadIfindex;
  }
  program.type = kind.type;
  program.expectedAttachType = kind.expectedAttachType;
}

/** Index of each replaced map → descriptor. */
function resolveReplacements(spec: ObjectSpec, request: LoadRequest): Map<number, number> {
  const byIndex = new Map<number, number>();
  const indexed = request.replacements.map(({ index, name, map }) => {
    const at = index ?? spec.maps.findIndex((candidate) => candidate.name === name);
    if (index === undefined && at < 0) fail(`unable to find map '${name}'`);
    return { at, map };
  });
  for (const [index, map] of spec.maps.entries()) {
    // The reference never puts perf event arrays on a device.
    if (map.type !== bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY) map.ifindex = request.offloadIfindex;
    const given = indexed.filter(({ at }) => at === index);
    if (given.length > 1) fail(`replacement for map idx ${index} specified more than once`);
    if (given[0] !== undefined) byIndex.set(index, given[0].map.fd.number);
  }
  const unused = indexed.filter(({ at }) => !byIndex.has(at)).map(({ at }) => at);
  // The reference goes through them in order of position, and names the first.
  if (unused.length > 0) fail(`map idx '${Math.min(...unused)}' not used`);
  return byIndex;
}

async function loadSpec(
  ctx: Context,
  spec: ObjectSpec,
  {
    interruption,
    ...given
  }: Pick<LoadOptions, 'replaceMaps' | 'contents'> & { interruption: Interruption | undefined },
  request: LoadRequest,
  log: DiagnosticLog,
): Promise<LoadedObject> {
  const kernel = kernelOf(ctx);
  // Subprograms are loaded with those that call them.
  const total = spec.programs.filter(({ subprogram }) => !subprogram).length;
  const progress = new Progress(ctx, { verb: 'loaded', unit: 'programs', total }, { toFile: true });
  const steps = loadSteps(kernel, spec, {
    log,
    ...given,
    // The level of -d: 1 + 2 for all states, 4 for statistics.
    ...(ctx.options.debug ? { logLevel: 7 } : {}),
    ...(request.kernelBtf === undefined ? {} : { kernelBtf: request.kernelBtf }),
  });
  try {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      progress.add(step.value - progress.count);
      await interruption?.look(() => `${progress}, nothing stays loaded or pinned`);
    }
  } catch (cause) {
    if (!(cause instanceof TsbpfError) || cause instanceof CommandFailure) throw cause;
    const message = 'failed to load object file';
    if (!(cause instanceof ProgramRefused) || !ctx.verbOptions.has('explain')) fail(message, { cause });
    (await import('./explain.ts')).reportRefusal(ctx, message, cause);
    failSilently();
  } finally {
    // What an interrupted load had made is undone.
    steps.return(undefined as never);
    progress.end();
  }
}

function pinLoaded(
  ctx: Context,
  object: LoadedObject,
  request: LoadRequest & { which: 'first' | 'all' },
  log: DiagnosticLog,
): void {
  const { pinPath } = request;
  const all = request.which === 'all';
  const kernel = kernelOf(ctx);
  const undo: string[] = [];
  if (all && request.autoAttach) {
    orFail('failed to pin all programs', () => {
      try {
        for (const spec of object.spec.programs) {
          if (spec.subprogram) continue;
          // One that was not loaded (`?` before its section) has its place in the order, and cannot be pinned.
          const program = object.programs.find((candidate) => candidate.spec === spec) ?? unloaded(spec);
          const path = `${pinPath}/${program.name}`;
          attachOrPin(ctx, object, program, path, log);
          undo.push(path);
        }
      } catch (error) {
        // As the reference does: what this run pinned before goes, in order.
        for (const made of undo) kernel.unlink(made);
        throw error;
      }
    });
  } else if (all) orFail('failed to pin all programs', () => object.pinPrograms(pinPath));
  else {
    const first = object.spec.programs.find((program) => !program.subprogram);
    if (first === undefined) fail("object file doesn't contain any bpf program");
    const program = object.program(first.name) ?? unloaded(first);
    orFail(`failed to pin program ${first.sectionName}`, () => {
      if (request.autoAttach) attachOrPin(ctx, object, program, pinPath, log);
      else pinDirectly(ctx, program, pinPath);
    });
  }
  const { pinMaps } = request;
  if (pinMaps === undefined) return;
  try {
    mountBpffsDirectory(ctx, pinMaps);
    orFail('failed to pin all maps', () => object.pinMaps(pinMaps));
  } catch (error) {
    // Pins of programs go with those of maps.
    if (!all) kernel.unlink(pinPath);
    else if (request.autoAttach) for (const made of undo) kernel.unlink(made);
    else object.unpinPrograms(pinPath);
    throw error;
  }
}

/** Runs a step; its failure becomes `message`. */
function orFail(message: string, step: () => void): void {
  try {
    step();
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    fail(message, { cause });
  }
}

type PinnableProgram = AttachableProgram & { readonly spec: ProgramSpec };

/** Stands for a program that is not in the kernel: neither it nor a link of it can be pinned. */
function unloaded(spec: ProgramSpec): PinnableProgram {
  return { name: spec.name, spec, fd: -1 };
}

/** Pins the program's link where it can be attached by itself and by one link, else the program. */
function attachOrPin(
  ctx: Context,
  object: LoadedObject,
  program: PinnableProgram,
  path: string,
  log: DiagnosticLog,
): void {
  using link = attached(() => autoAttach({ kernel: kernelOf(ctx), log, object }, program));
  if (link?.isPinnable) {
    link.pin(path, log);
    return;
  }
  ctx.info(`Program ${program.name} does not support autoattach, falling back to pinning`);
  pinDirectly(ctx, program, path);
}

/** The link, undefined where the program cannot be attached. */
function attached(attach: () => ReturnType<typeof autoAttach>): ReturnType<typeof autoAttach> {
  try {
    return attach();
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
    return undefined;
  }
}

/** Without a directory being made for it, or a word of libbpf's. */
function pinDirectly(ctx: Context, program: PinnableProgram, path: string): void {
  const result = pinFd(kernelOf(ctx), fdOf(program), path);
  if (result < 0) throw syscallError(`prog '${program.name}': failed to pin at '${path}'`, result);
}
