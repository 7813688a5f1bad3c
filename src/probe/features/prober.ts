import {
  createMap,
  loadBtf,
  loadPrepared,
  loadProgram,
  type PreparedProgram,
  prepareProgram,
  type ProgramRequest,
} from '../../bpf/index.ts';
import { Errno } from '../../errors/index.ts';
import { kernelVersion } from '../../host/index.ts';
import type { Kernel } from '../../sys/index.ts';
import { BPF_LOG_FIXED, BPF_LOG_LEVEL1, BPF_LOG_STATS, bpf_map_type, bpf_prog_type } from '../../uapi/index.ts';
import { HelperCall, type MiscellaneousFeature, miscellaneous, returning } from './code.ts';
import { type MapTrial, mapTrial, storageBtf, storageTypes } from './map-request.ts';
import { programTrial, withoutHelperTrial } from './program-request.ts';

/**
 * Far more than the verifier says of two instructions: what is large the kernel writes in place, what is small is copied for every call.
 */
const logSize = 1 << 14;
const noHelper = ['invalid func ', 'unknown func ', 'program of this type cannot use helper '];
const noHelperOfFirmware = ['not supported by FW', 'unsupported function id'];

export interface DeviceTarget {
  readonly ifindex: number;
  /** The vendor, where it words its refusals in a way of its own. */
  readonly vendor?: 'netronome' | undefined;
}

/**
 * Asks the kernel what it can do by trying: each question loads a program or makes a map, which goes away at once. The memory for
 * thousands of questions is that of one.
 */
export class Prober {
  readonly #kernel: Kernel;
  readonly #log = new Uint8Array(logSize);
  readonly #logText = Buffer.from(this.#log.buffer);
  readonly #call = new HelperCall();
  readonly #trivial = returning(0);
  /** For calls of helpers, once it is known. */
  #logLevel: number | undefined;
  #ofHelpers: { readonly type: number; readonly program: PreparedProgram } | undefined;
  /** Of the last call that the kernel refused; successes leave it as it was, as they do errno in C. */
  lastErrno = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Whether programs of a type can be loaded. */
  programType(type: number): boolean {
    const trial = programTrial(this.#kernel, type);
    if (trial === undefined) return false;
    const { refusal } = trial;
    if (refusal === undefined) return this.#loads({ ...trial.request, code: this.#trivial });
    this.#log[0] = 0;
    const result = this.#load({ ...trial.request, code: this.#trivial, log: this.#log, logLevel: BPF_LOG_LEVEL1 });
    if (result !== -refusal.errno) return false;
    return refusal.text === undefined || this.#readLog().includes(refusal.text);
  }

  /**
   * Whether maps of a type can be made. `asLibbpf`: ask for a struct_ops map as libbpf does, in a way that kernels before 6.9 do
   * not know.
   */
  mapType(type: number, { asLibbpf = false } = {}): boolean {
    const trial = mapTrial(this.#kernel, type);
    if (trial === undefined) return false;
    const isStructOps = type === bpf_map_type.BPF_MAP_TYPE_STRUCT_OPS;
    const result = this.#make(asLibbpf && isStructOps ? withBtfFd(trial, -1) : trial);
    return trial.isRefused ? result === -Errno.ENOTSUPP : result >= 0;
  }

  /** Whether programs of a type can call a helper, by its number. */
  helper(programType: number, helper: number): boolean {
    const program = this.#programOfHelpers(programType);
    if (program === undefined) return false;
    this.#call.helper = helper;
    this.#log[0] = 0;
    const fd = this.#noted(loadPrepared(this.#kernel, program));
    if (fd >= 0) this.#kernel.close(fd);
    return fd >= 0 || !this.#saysNoHelper(noHelper);
  }

  miscellaneous(feature: MiscellaneousFeature, device?: DeviceTarget): boolean {
    const code = miscellaneous[feature]();
    return this.#loads({ type: bpf_prog_type.BPF_PROG_TYPE_SOCKET_FILTER, code, ifindex: device?.ifindex ?? 0 });
  }

  /** Whether the device itself runs programs of a type. */
  programTypeOnDevice(type: number, { ifindex }: DeviceTarget): boolean {
    // One vendor's refuse to let everything pass.
    return this.#loads({ type, code: returning(2), ifindex });
  }

  /** Whether the device itself has maps of a type. */
  mapTypeOnDevice(type: number, { ifindex }: DeviceTarget): boolean {
    return this.#makes({ request: { type, ifindex } });
  }

  /** Whether programs of a type that the device runs itself can call a helper. */
  helperOnDevice(type: number, helper: number, { ifindex, vendor }: DeviceTarget): boolean {
    this.#call.helper = helper;
    this.#log[0] = 0;
    this.#loads({ type, code: this.#call.code, log: this.#log, logLevel: BPF_LOG_LEVEL1, ifindex });
    return !this.#saysNoHelper(vendor === 'netronome' ? [...noHelper, ...noHelperOfFirmware] : noHelper);
  }

  /** Whether the kernel has bpf(2) at all. */
  systemCall(): boolean {
    const type = bpf_prog_type.BPF_PROG_TYPE_UNSPEC;
    const result = this.#load({ type, code: new Uint8Array(0) });
    if (result >= 0) this.#kernel.close(result);
    return result !== -Errno.ENOSYS;
  }

  /** What the verifier says of a program with these properties; empty where it is loaded. */
  refusal(request: Omit<ProgramRequest, 'code'>): string {
    this.#log[0] = 0;
    const isLoaded = this.#loads({ ...request, code: this.#trivial, log: this.#log, logLevel: BPF_LOG_LEVEL1 });
    return isLoaded ? '' : this.#readLog();
  }

  /** Keeps the errno of a call that failed. */
  #noted(result: number): number {
    if (result < 0) this.lastErrno = -result;
    return result;
  }

  /** A program of a type that calls the helper of `#call`. */
  #programOfHelpers(type: number): PreparedProgram | undefined {
    if (this.#ofHelpers?.type === type) return this.#ofHelpers.program;
    const trial = withoutHelperTrial.has(type) ? undefined : programTrial(this.#kernel, type);
    if (trial === undefined) return undefined;
    this.#logLevel ??= briefestLog(this.#kernel);
    const request = { ...trial.request, code: this.#call.code, log: this.#log, logLevel: this.#logLevel };
    const program = prepareProgram(request);
    this.#ofHelpers = { type, program };
    return program;
  }

  /** Anything else that the verifier finds wrong comes after it has found the helper. */
  #saysNoHelper(texts: readonly string[]): boolean {
    const log = this.#readLog();
    return texts.some((text) => log.includes(text));
  }

  #load(request: ProgramRequest): number {
    return this.#noted(loadProgram(this.#kernel, request));
  }

  #loads(request: ProgramRequest): boolean {
    const fd = this.#load(request);
    if (fd >= 0) this.#kernel.close(fd);
    return fd >= 0;
  }

  #makes(trial: MapTrial): boolean {
    return this.#make(trial) >= 0;
  }

  /** Makes a map and lets it go. Returns >= 0 or -errno. */
  #make({ request, needs }: MapTrial): number {
    const fd = needs === undefined ? 0 : this.#noted(this.#needed(needs));
    if (fd < 0) return fd;
    const { key, value } = storageTypes;
    const more =
      needs === 'innerMap'
        ? { innerMapFd: fd }
        : needs === 'storageTypes'
          ? { btfFd: fd, keyTypeId: key, valueTypeId: value }
          : {};
    const result = this.#noted(createMap(this.#kernel, { ...request, ...more }));
    if (result >= 0) this.#kernel.close(result);
    if (needs !== undefined) this.#kernel.close(fd);
    return result;
  }

  #needed(what: NonNullable<MapTrial['needs']>): number {
    if (what === 'storageTypes') return loadBtf(this.#kernel, storageBtf());
    return createMap(this.#kernel, { type: bpf_map_type.BPF_MAP_TYPE_HASH });
  }

  /** The verifier's log. */
  #readLog(): string {
    const end = this.#log.indexOf(0);
    return this.#logText.toString('latin1', 0, end < 0 ? logSize : end);
  }
}

function withBtfFd(trial: MapTrial, valueTypeBtfFd: number): MapTrial {
  return { ...trial, request: { ...trial.request, valueTypeBtfFd } };
}

/** To tell each instruction, as the first level does, takes the kernel a quarter of the time; the reason of a refusal is always in the log. */
function briefestLog(kernel: Kernel): number {
  const { code } = kernelVersion(kernel);
  if (code >= 0x060400) return BPF_LOG_FIXED;
  return code >= 0x050200 ? BPF_LOG_STATS : BPF_LOG_LEVEL1;
}
