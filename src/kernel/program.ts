import type { Btf } from '../btf/index.ts';
import { Errno } from '../errors/index.ts';
import { checkResult, type Kernel } from '../sys/index.ts';
import { bpf_func_info, bpf_prog_info, enumNames, type ProgramTypeName, structView } from '../uapi/index.ts';
import { loadBtfById } from './btf.ts';
import { mustInfo, openFdById, tryInfo } from '../bpf/index.ts';
import { type AdoptOptions, adoptPinned, BpfObject } from './object.ts';
import { readProgramStream } from './program-stream.ts';
import { type ProgramInput, type ProgramOutput, runProgram } from './run-program.ts';

/** `struct bpf_prog_info` without its arrays. Lengths in bytes, times in nanoseconds. */
export interface ProgramInfo {
  readonly type: number;
  readonly id: number;
  /** 8 bytes. */
  readonly tag: Uint8Array;
  readonly name: string;
  readonly jitedLength: number;
  readonly xlatedLength: number;
  /** Since boot. */
  readonly loadTime: bigint;
  readonly createdByUid: number;
  readonly mapCount: number;
  readonly ifindex: number;
  readonly gplCompatible: boolean;
  readonly netnsDev: bigint;
  readonly netnsIno: bigint;
  readonly btfId: number;
  readonly functionInfoCount: number;
  readonly functionInfoSize: number;
  readonly lineInfoCount: number;
  readonly lineInfoSize: number;
  readonly jitedLineInfoCount: number;
  readonly jitedLineInfoSize: number;
  readonly jitedSymbolCount: number;
  readonly jitedLengthCount: number;
  readonly tagCount: number;
  readonly runTimeNs: bigint;
  readonly runCount: bigint;
  readonly recursionMisses: bigint;
  readonly verifiedInstructions: number;
  readonly attachBtfObjectId: number;
  readonly attachBtfId: number;
}

/** Which arrays of a program to fetch. */
export interface ProgramArraysRequest {
  readonly mapIds?: boolean;
  readonly xlated?: boolean;
  readonly jited?: boolean;
  readonly functionInfo?: boolean;
  readonly lineInfo?: boolean;
  readonly jitedSymbols?: boolean;
  readonly jitedLengths?: boolean;
  readonly jitedLineInfo?: boolean;
}

/** Arrays of a program; those not asked for, or that the kernel hides, are empty. */
export interface ProgramArrays {
  readonly info: ProgramInfo;
  readonly mapIds: number[];
  readonly xlated: Uint8Array;
  readonly jited: Uint8Array;
  readonly functionInfo: Uint8Array;
  readonly lineInfo: Uint8Array;
  /** Kernel addresses of the program's functions. */
  readonly jitedSymbols: bigint[];
  /** Bytes of machine code of each function. */
  readonly jitedLengths: number[];
  readonly jitedLineInfo: bigint[];
}

/** Size of `struct bpf_prog_info`; a kernel that knows less fills less. */
const infoSize = 232;
/** Programs with more are rare. */
const usualMaps = 64;

/** How a program ran; times in nanoseconds. */
export interface ProgramStatistics {
  readonly runCount: bigint;
  readonly runTimeNs: bigint;
  readonly averageNs: number;
  /** Runs that were left out, since the program was running on that CPU already. */
  readonly recursionMisses: bigint;
}

/** A live program. */
export class BpfProgram extends BpfObject {
  #type: ProgramTypeName | undefined;

  /** Takes over `fd`. Throws UsageError, and leaves it the caller's, if it is of something else. */
  constructor(kernel: Kernel, fd: number, options?: AdoptOptions) {
    super(kernel, fd, 'prog', options);
  }

  static openById(kernel: Kernel, id: number): BpfProgram {
    return new BpfProgram(kernel, checkResult(`open program ${id}`, openFdById(kernel, 'prog', id)), { isKnown: true });
  }

  static openPinned(kernel: Kernel, path: string): BpfProgram {
    return adoptPinned(kernel, { path }, (fd) => new BpfProgram(kernel, fd));
  }

  /** Its type by name, `xdp`; undefined for one newer than this version. Throws SyscallError. */
  get type(): ProgramTypeName | undefined {
    this.#type ??= enumNames.programType.nameOf(this.info().type);
    return this.#type;
  }

  /** Runs it in the kernel without attaching it: what it returns, and what it makes of data and context. Errors of `runProgram`. */
  run(input?: ProgramInput): ProgramOutput {
    return runProgram(this, input);
  }

  /** How often and how long it ran, while somebody has run statistics enabled. Throws SyscallError. */
  statistics(): ProgramStatistics {
    const { runCount, runTimeNs, recursionMisses } = this.info();
    return {
      runCount,
      runTimeNs,
      recursionMisses,
      averageNs: runCount === 0n ? 0 : Number(runTimeNs) / Number(runCount),
    };
  }

  /**
   * What the program has written to one of its streams (bpf_stream_printk, or the kernel about it) since the last reading.
   * Since 6.17. Throws SyscallError.
   */
  readStream(stream: 'stdout' | 'stderr'): string {
    return readProgramStream(this, stream);
  }

  info(): ProgramInfo {
    return toInfo(mustInfo(this.kernel, this.fd.number, structView(bpf_prog_info, new Uint8Array(infoSize))));
  }

  /**
   * Info and the ids of the maps it uses: one call, or two where it uses many. Of a program that a device ran which is gone
   * the kernel says no more than that: `isOrphaned`, and everything else is 0.
   */
  infoWithMaps(): { info: ProgramInfo; mapIds: number[]; isOrphaned: boolean } {
    const ids = new Uint32Array(usualMaps);
    const view = structView(bpf_prog_info, new Uint8Array(infoSize));
    view.set('nr_map_ids', ids.length).receive('map_ids', new Uint8Array(ids.buffer));
    const result = tryInfo(this.kernel, this.fd.number, view);
    if (result === -Errno.ENODEV) {
      return { info: toInfo(structView(bpf_prog_info, new Uint8Array(infoSize))), mapIds: [], isOrphaned: true };
    }
    checkResult('get object info', result);
    const info = toInfo(view);
    const mapIds =
      info.mapCount > ids.length ? this.arrays({ mapIds: true }, info).mapIds : [...ids.subarray(0, info.mapCount)];
    return { info, mapIds, isOrphaned: false };
  }

  /** Info and arrays, in two calls: the first tells the sizes. */
  arrays(request: ProgramArraysRequest, known?: ProgramInfo): ProgramArrays {
    const { kernel } = this;
    const info = known ?? this.info();
    const view = structView(bpf_prog_info, new Uint8Array(infoSize));
    const room = (part: keyof ProgramArraysRequest, bytes: number) => new Uint8Array(request[part] ? bytes : 0);
    const mapIds = room('mapIds', info.mapCount * 4);
    const xlated = room('xlated', info.xlatedLength);
    const jited = room('jited', info.jitedLength);
    const functionInfo = room('functionInfo', info.functionInfoCount * info.functionInfoSize);
    const lineInfo = room('lineInfo', info.lineInfoCount * info.lineInfoSize);
    const symbols = room('jitedSymbols', info.jitedSymbolCount * 8);
    const lengths = room('jitedLengths', info.jitedLengthCount * 4);
    const jitedLines = room('jitedLineInfo', info.jitedLineInfoCount * info.jitedLineInfoSize);
    view.set('nr_map_ids', mapIds.length / 4).receive('map_ids', mapIds);
    view.set('xlated_prog_len', xlated.length).receive('xlated_prog_insns', xlated);
    view.set('jited_prog_len', jited.length).receive('jited_prog_insns', jited);
    if (functionInfo.length > 0) {
      view.set('nr_func_info', info.functionInfoCount).set('func_info_rec_size', info.functionInfoSize);
      view.receive('func_info', functionInfo);
    }
    if (lineInfo.length > 0) {
      view.set('nr_line_info', info.lineInfoCount).set('line_info_rec_size', info.lineInfoSize);
      view.receive('line_info', lineInfo);
    }
    view.set('nr_jited_ksyms', symbols.length / 8).receive('jited_ksyms', symbols);
    view.set('nr_jited_func_lens', lengths.length / 4).receive('jited_func_lens', lengths);
    if (jitedLines.length > 0) {
      view.set('nr_jited_line_info', info.jitedLineInfoCount).set('jited_line_info_rec_size', info.jitedLineInfoSize);
      view.receive('jited_line_info', jitedLines);
    }
    mustInfo(kernel, this.fd.number, view);
    const hidden = (name: 'xlated_prog_insns' | 'jited_prog_insns' | 'func_info' | 'line_info') =>
      view.u64(name) === 0n;
    return {
      info: { ...info, ...pickStatistics(toInfo(view)) },
      mapIds: [...new Uint32Array(mapIds.buffer, 0, Math.min(mapIds.length / 4, view.u32('nr_map_ids')))],
      xlated: hidden('xlated_prog_insns') ? new Uint8Array(0) : xlated.subarray(0, view.u32('xlated_prog_len')),
      jited: hidden('jited_prog_insns') ? new Uint8Array(0) : jited.subarray(0, view.u32('jited_prog_len')),
      functionInfo: hidden('func_info') ? new Uint8Array(0) : functionInfo,
      lineInfo: hidden('line_info') ? new Uint8Array(0) : lineInfo,
      jitedSymbols: view.u64('jited_ksyms') === 0n ? [] : [...new BigUint64Array(symbols.buffer)],
      jitedLengths: view.u64('jited_func_lens') === 0n ? [] : [...new Uint32Array(lengths.buffer)],
      jitedLineInfo: view.u64('jited_line_info') === 0n ? [] : [...new BigUint64Array(jitedLines.buffer)],
    };
  }

  /**
   * The program's full name. The kernel keeps 15 characters; a longer one is that of the function where the program
   * starts, in its BTF. `btf` spares loading it.
   */
  fullName(info: ProgramInfo, btf?: Btf): string {
    if (info.name.length < 15 || info.btfId === 0 || info.functionInfoCount === 0) return info.name;
    try {
      const first = this.arrays({ functionInfo: true }, info).functionInfo;
      if (first.length === 0) return info.name;
      const typeId = structView(bpf_func_info, first.slice()).u32('type_id');
      const type = (btf ?? loadBtfById(this.kernel, info.btfId)).typeById(typeId);
      return type?.kind === 'func' ? type.name : info.name;
    } catch {
      return info.name;
    }
  }
}

type InfoView = ReturnType<typeof structView<typeof bpf_prog_info>>;

function pickStatistics(info: ProgramInfo): Partial<ProgramInfo> {
  const { runTimeNs, runCount, recursionMisses } = info;
  return { runTimeNs, runCount, recursionMisses };
}

function toInfo(view: InfoView): ProgramInfo {
  return {
    type: view.u32('type'),
    id: view.u32('id'),
    tag: view.bytesOf('tag'),
    name: view.text('name'),
    jitedLength: view.u32('jited_prog_len'),
    xlatedLength: view.u32('xlated_prog_len'),
    loadTime: view.u64('load_time'),
    createdByUid: view.u32('created_by_uid'),
    mapCount: view.u32('nr_map_ids'),
    ifindex: view.u32('ifindex'),
    gplCompatible: view.u32('gpl_compatible') !== 0,
    netnsDev: view.u64('netns_dev'),
    netnsIno: view.u64('netns_ino'),
    btfId: view.u32('btf_id'),
    functionInfoCount: view.u32('nr_func_info'),
    functionInfoSize: view.u32('func_info_rec_size'),
    lineInfoCount: view.u32('nr_line_info'),
    lineInfoSize: view.u32('line_info_rec_size'),
    jitedLineInfoCount: view.u32('nr_jited_line_info'),
    jitedLineInfoSize: view.u32('jited_line_info_rec_size'),
    jitedSymbolCount: view.u32('nr_jited_ksyms'),
    jitedLengthCount: view.u32('nr_jited_func_lens'),
    tagCount: view.u32('nr_prog_tags'),
    runTimeNs: view.u64('run_time_ns'),
    runCount: view.u64('run_cnt'),
    recursionMisses: view.u64('recursion_misses'),
    verifiedInstructions: view.u32('verified_insns'),
    attachBtfObjectId: view.u32('attach_btf_obj_id'),
    attachBtfId: view.u32('attach_btf_id'),
  };
}
