import { expectBytes, expectInteger } from '../bytes/index.ts';
import type { Kernel } from '../sys/index.ts';
import {
  attr_prog_attach,
  attr_prog_stream_read,
  attr_test_run,
  bpf_cmd,
  type NativeStruct,
  structView,
} from '../uapi/index.ts';
import type { OpenObject } from './object.ts';

/**
 * A hook that takes programs without a link. `targetFd`: the descriptor or, for hooks of devices, the index; 0 where the
 * hook is the network namespace of this process.
 */
export interface AttachTarget {
  readonly targetFd: number;
  /** BPF_SK_MSG_VERDICT … */
  readonly attachType: number;
  /** BPF_F_ALLOW_MULTI, BPF_F_BEFORE …; only for attaching. */
  readonly flags?: number;
}

/** Attaches by BPF_PROG_ATTACH. Returns 0 or -errno. */
export function attachProgram(program: OpenObject, target: AttachTarget): number {
  return program.kernel.bpf(bpf_cmd.BPF_PROG_ATTACH, hook(target, program.fd.number));
}

/** Takes this program off a hook. Returns 0 or -errno (-ENOENT where it is not attached). */
export function detachProgram(program: OpenObject, target: AttachTarget): number {
  return program.kernel.bpf(bpf_cmd.BPF_PROG_DETACH, hook(target, program.fd.number));
}

/** Takes whichever program off a hook; of several the kernel chooses the last. Returns 0 or -errno. */
export function detachAny(kernel: Kernel, target: AttachTarget): number {
  return kernel.bpf(bpf_cmd.BPF_PROG_DETACH, hook(target, 0));
}

function hook({ targetFd, attachType, flags = 0 }: AttachTarget, programFd: number): NativeStruct {
  return structView(attr_prog_attach)
    .set('target_fd', targetFd)
    .set('attach_bpf_fd', programFd)
    .set('attach_type', attachType)
    .set('attach_flags', flags);
}

/** Input of a test run. What is left out is not given to the program at all; an output size is the room for it in bytes. */
export interface TestRunRequest {
  readonly data?: Uint8Array | undefined;
  readonly context?: Uint8Array | undefined;
  readonly dataOut?: Uint8Array | undefined;
  readonly contextOut?: Uint8Array | undefined;
  /** Told to the kernel, which refuses room without a place for it; the length of `dataOut` unless given. */
  readonly dataOutSize?: number;
  readonly contextOutSize?: number;
  readonly repeat: number;
}

export interface TestRunResult {
  /** What the program returned. */
  readonly returnValue: number;
  /** Nanoseconds, the average where the program ran several times. */
  readonly duration: number;
  /** Bytes of data and context that came back; the kernel filled so much of `dataOut` and `contextOut`. */
  readonly dataSize: number;
  readonly contextSize: number;
}

/**
 * Runs a program once or several times by BPF_PROG_TEST_RUN: the result, or -errno. UsageError for an output size beyond
 * the room there is.
 */
export function testRun(program: OpenObject, request: TestRunRequest): TestRunResult | number {
  const { kernel } = program;
  const { data, context, dataOut, contextOut } = request;
  const dataRoom = roomOf(dataOut, request.dataOutSize, 'data');
  const contextRoom = roomOf(contextOut, request.contextOutSize, 'context');
  // An empty array has no address, but the kernel tells "nothing" from "not given" by the pointer.
  const spare = new Uint8Array(8);
  const orSpare = (bytes: Uint8Array | undefined) => (bytes?.length === 0 ? spare : bytes);
  const attr = structView(attr_test_run)
    .set('prog_fd', program.fd.number)
    .set('repeat', request.repeat)
    .point('data_in', orSpare(data))
    .set('data_size_in', data?.length ?? 0)
    .receive('data_out', dataRoom.bytes)
    .set('data_size_out', dataRoom.size)
    .point('ctx_in', orSpare(context))
    .set('ctx_size_in', context?.length ?? 0)
    .receive('ctx_out', contextRoom.bytes)
    .set('ctx_size_out', contextRoom.size);
  const result = kernel.bpf(bpf_cmd.BPF_PROG_TEST_RUN, attr);
  if (result < 0) return result;
  return {
    returnValue: attr.u32('retval'),
    duration: attr.u32('duration'),
    dataSize: attr.u32('data_size_out'),
    contextSize: attr.u32('ctx_size_out'),
  };
}

/** Room for what comes out. A size of 0 bounds nothing, the kernel would write all there is: it gets no address then. */
function roomOf(
  bytes: Uint8Array | undefined,
  size: number | undefined,
  what: string,
): { bytes: Uint8Array | undefined; size: number } {
  if (size !== undefined) expectInteger(size, `size of the ${what} that comes out`);
  if (bytes === undefined) return { bytes, size: size ?? 0 };
  expectBytes(bytes, `room for the ${what} that comes out`, { least: size ?? 0 });
  const length = size ?? bytes.length;
  return { bytes: length === 0 ? undefined : bytes, size: length };
}

/** Runs a program of type syscall once; `context` is what it is given, and gets back. The result, or -errno. */
export function runSyscallProgram(kernel: Kernel, fd: number, context: NativeStruct): { returnValue: number } | number {
  const attr = structView(attr_test_run).set('prog_fd', fd);
  // The kernel refuses a place of no size.
  if (context.bytes.length > 0) attr.receive('ctx_in', context).set('ctx_size_in', context.bytes.length);
  const result = kernel.bpf(bpf_cmd.BPF_PROG_TEST_RUN, attr);
  return result < 0 ? result : { returnValue: attr.u32('retval') };
}

/**
 * Takes what a program has written to one of its streams (BPF_STREAM_STDOUT …) since the last reading, in pieces of up to
 * `into.length` bytes. Returns the number of bytes, 0 at the end, or -errno. Since 6.17.
 */
export function readStream(program: OpenObject, streamId: number, into: Uint8Array): number {
  const attr = structView(attr_prog_stream_read)
    .receive('stream_buf', into)
    .set('stream_buf_len', into.length)
    .set('stream_id', streamId)
    .set('prog_fd', program.fd.number);
  return program.kernel.bpf(bpf_cmd.BPF_PROG_STREAM_READ_BY_FD, attr);
}
