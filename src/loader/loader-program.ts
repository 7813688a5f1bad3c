import { contextHeader, generateLoader, type LoaderProgram, mapPlaces, programPlace } from '../codegen/index.ts';
import { expectBytes } from '../bytes/index.ts';
import { UsageError } from '../errors/index.ts';
import { possibleCpus } from '../host/index.ts';
import { checkContents, type DiagnosticLog, type ObjectSpec } from '../object/index.ts';
import { KEY_SPEC_SESSION_KEYRING, type Kernel, checkResult, syscallError } from '../sys/index.ts';
import { BPF_F_SLEEPABLE, bpf_map_type, bpf_prog_type, type NativeStruct } from '../uapi/index.ts';
import { createMap, freezeMap, loadProgram, runSyscallProgram, updateElement } from '../bpf/index.ts';
import { Cleanup } from './cleanup.ts';
import { resolveExterns } from './externs.ts';
import { findPinned } from './maps.ts';
import { pinMap } from './pin.ts';
import type { ProgramSignature, Signer } from './signing/sign.ts';
import { withToken } from './token.ts';

/** Bytes; room for as many maps as a loader program can create. */
const contextSize = mapPlaces(64).fd;
/** Of libbpf's gen_loader for the log of the verifier: log_level1, log_level2, statistics. */
const fullLog = 7;

/** How a loader program is made. */
export interface LoaderMakeOptions {
  /** Receives libbpf's diagnostics, without prefix and final newline. */
  readonly log?: DiagnosticLog;
  /** Whoever runs the loader may not change sizes and contents of maps. */
  readonly signed?: boolean;
  /** First contents of maps of global data, by index of the map. */
  readonly contents?: ReadonlyMap<number, Uint8Array>;
}

/**
 * Makes the loader program of an object. From the running kernel come its configuration, the addresses of its symbols
 * and its number of processors. ObjectError, after libbpf's warnings, for objects that a loader program cannot load.
 */
export function makeLoaderProgram(kernel: Kernel, spec: ObjectSpec, options: LoaderMakeOptions = {}): LoaderProgram {
  const { log = () => undefined, signed = false } = options;
  const contents = new Map(options.contents);
  checkContents(spec, contents);
  using temporary = new Cleanup(kernel);
  const delegated = withToken({ kernel, log, temporary, objectName: spec.name, path: undefined });
  const externs = resolveExterns({ kernel, log, kernelBtf: undefined }, spec);
  if (externs.kconfig) contents.set(spec.kconfigMap, externs.kconfig);
  const addresses = new Map<number, bigint>();
  for (const [index, found] of externs.found) if (found.kind === 'address') addresses.set(index, found.address);
  return generateLoader(spec, {
    log,
    possibleCpus: possibleCpus(kernel),
    contents,
    addresses,
    signed,
    asksForToken: delegated !== undefined,
    pins: {
      isPinned: (map) => {
        const pinned = findPinned({ kernel, log }, map);
        if (pinned) kernel.close(pinned.fd);
        return pinned !== undefined;
      },
      // There is nothing to pin yet: the kernel refuses, unless the place is refused before.
      pin: (map) => {
        const { name, pinPath, maxEntries } = map;
        const absent = { name, pinPath, maxEntries, spec: map, fd: -1, pinned: false, reused: false };
        pinMap({ kernel, log }, absent, undefined);
      },
    },
  });
}

/** Puts a signer's certificate into the session's keyring, where the kernel looks for it. Throws SyscallError. */
export function addSigner(kernel: Kernel, signer: Signer, description: string): void {
  const result = kernel.addKey({
    type: 'asymmetric',
    description,
    payload: signer.certificate,
    keyring: KEY_SPEC_SESSION_KEYRING,
  });
  checkResult('failed to add a certificate to the session keyring', result);
}

/** Descriptors of what a loader program made, in its order. They are the caller's, to close or to hand to an owner. */
export interface LoaderRun {
  readonly maps: readonly number[];
  readonly programs: readonly number[];
}

/** What became of the run of a loader program. */
export interface LoaderOutcome extends LoaderRun {
  /** 0 or -errno. */
  readonly result: number;
  /** What failed, in libbpf's words. */
  readonly failure: string | undefined;
  /** Descriptors that a failed loader left open; they are closed. */
  readonly leaked: number;
}

/** How a loader program is run. */
export interface LoaderRunOptions {
  /** Filled with the verifier's last log. */
  readonly log?: Uint8Array | undefined;
  readonly signature?: ProgramSignature | undefined;
}

/**
 * Loads a loader program and runs it once; after a failure nothing of it is left. SyscallError where the kernel refuses
 * the loader, or the loader what it loads; UsageError for more maps and programs than a loader program can have.
 */
export function runLoaderProgram(kernel: Kernel, loader: LoaderProgram, options: LoaderRunOptions = {}): LoaderRun {
  const { result, failure, maps, programs } = tryLoaderProgram(kernel, loader, options);
  if (result < 0) throw syscallError(`loader program: ${failure}`, result);
  return { maps, programs };
}

/** As `runLoaderProgram`, with what failed as a part of the outcome. */
export function tryLoaderProgram(kernel: Kernel, loader: LoaderProgram, options: LoaderRunOptions = {}): LoaderOutcome {
  checkLoader(loader);
  const before = bpfDescriptors(kernel);
  const context = new Uint8Array(contextSize);
  const view = new DataView(context.buffer);
  view.setUint32(0, contextSize, true);
  if (options.log) {
    view.setUint32(contextHeader.logLevel, fullLog, true);
    view.setUint32(contextHeader.logSize, options.log.length, true);
  }
  const pointers = options.log
    ? [{ offset: contextHeader.logAddress, target: options.log, start: 0, isWritten: true }]
    : [];
  const { result, failure } = run(kernel, loader, { context: { bytes: context, pointers }, ...options });
  if (result < 0) {
    const leaked = [...bpfDescriptors(kernel)].filter((fd) => !before.has(fd));
    for (const fd of leaked) kernel.close(fd);
    return { result, failure, leaked: leaked.length, maps: [], programs: [] };
  }
  return {
    result,
    failure,
    leaked: 0,
    maps: loader.maps.map((_, index) => view.getInt32(mapPlaces(index).fd, true)),
    programs: loader.programs.map((_, index) => view.getInt32(programPlace(loader.maps.length, index), true)),
  };
}

function checkLoader({ instructions, data, maps, programs }: LoaderProgram): void {
  expectBytes(instructions, 'instructions of a loader program', { least: 8 });
  expectBytes(data, 'data of a loader program', { least: 1 });
  if (maps.length > 0 && mapPlaces(maps.length - 1).fd + 4 > contextSize) throw new UsageError(tooMany(maps, 'maps'));
  if (programPlace(maps.length, programs.length) > contextSize) throw new UsageError(tooMany(programs, 'programs'));
}

function tooMany({ length }: readonly unknown[], what: string): string {
  return `${length} ${what} are more than a loader program can have`;
}

/** Source of the steps: libbpf, bpf_load_and_run. */
function run(
  kernel: Kernel,
  loader: LoaderProgram,
  { context, log, signature }: LoaderRunOptions & { context: NativeStruct },
): { result: number; failure: string | undefined } {
  using cleanup = new Cleanup(kernel);
  const failed = (result: number, failure: string) => ({ result, failure });
  const map = createMap(kernel, {
    type: bpf_map_type.BPF_MAP_TYPE_ARRAY,
    name: '__loader.map',
    valueSize: loader.data.length,
    programHash: signature?.programHash,
  });
  if (map < 0) return failed(map, 'failed to create loader map');
  cleanup.fd(map);
  const updated = updateElement(kernel, map, { key: new Uint8Array(4), value: loader.data });
  if (updated < 0) return failed(updated, 'failed to update loader map');
  const frozen = freezeMap(kernel, map);
  if (frozen < 0) return failed(frozen, 'failed to freeze map');
  const program = loadProgram(kernel, {
    type: bpf_prog_type.BPF_PROG_TYPE_SYSCALL,
    name: '__loader.prog',
    code: loader.instructions,
    license: 'Dual BSD/GPL',
    flags: BPF_F_SLEEPABLE,
    fdArray: new Uint8Array(Int32Array.of(map).buffer),
    signature: signature && { bytes: signature.bytes, keyring: KEY_SPEC_SESSION_KEYRING },
    logLevel: log ? fullLog : 0,
    log,
  });
  if (program < 0) return failed(program, 'failed to load loader prog');
  cleanup.fd(program);
  const ran = runSyscallProgram(kernel, program, context);
  if (typeof ran === 'number') return failed(ran, 'failed to execute loader prog');
  const returned = ran.returnValue | 0;
  return returned < 0 ? failed(returned, 'error returned by loader prog') : { result: 0, failure: undefined };
}

/** Open descriptors of BPF objects of this process. */
function bpfDescriptors(kernel: Kernel): Set<number> {
  const found = new Set<number>();
  for (const name of kernel.listDirectory('/proc/self/fd')) {
    let target = '';
    try {
      target = kernel.readLink(`/proc/self/fd/${name}`);
    } catch {
      // The directory's own, closed by now.
    }
    if (/^anon_inode:\[?(bpf|btf)/.test(target)) found.add(Number(name));
  }
  return found;
}
