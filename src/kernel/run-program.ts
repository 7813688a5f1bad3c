import { type OpenObject, runSyscallProgram, type TestRunResult, testRun } from '../bpf/index.ts';
import { expectBytes, expectInteger } from '../bytes/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { syscallError } from '../sys/index.ts';
import { plainStruct } from '../uapi/index.ts';

/** What can be run: an open program that knows its type. */
export interface RunnableProgram extends OpenObject {
  readonly type: string | undefined;
}

/** What a test run gives a program. */
export interface ProgramInput {
  /** A packet, or whatever data programs of the type are run on. */
  readonly data?: Uint8Array;
  /** The struct of the program's context, as far as it can be given: `struct __sk_buff` …, or the arguments of a syscall program. */
  readonly context?: Uint8Array;
  /** How many times it runs, one unless given; only some types can be run several times. */
  readonly repeat?: number;
  /** Room for the data that comes out, in bytes; that of `data` and 256 more (headers that it pushes) unless given. */
  readonly dataRoom?: number;
}

/** What came of it. */
export interface ProgramOutput {
  /** What the program returned, as a number without a sign. */
  readonly returnValue: number;
  /** Nanoseconds of a run, the average where there were several. */
  readonly duration: number;
  /** The data after the last run. */
  readonly data: Uint8Array;
  /** The context after the last run. */
  readonly context: Uint8Array;
}

const unusualErrors: Readonly<Record<number, string>> = {
  [Errno.ENOTSUPP]: ' (programs of its type cannot be run so)',
  [Errno.EINVAL]: ' (give the data, at least 14 bytes of a packet, or the context that its type takes)',
  [Errno.ENOSPC]: ' (give more dataRoom)',
  [Errno.EPERM]: ' (it takes CAP_BPF, and CAP_NET_ADMIN or CAP_PERFMON by its type)',
};

/**
 * Runs a program in the kernel without attaching it, by BPF_PROG_TEST_RUN: what it returns, and what it makes of data and
 * context. UsageError for what is no bytes, SyscallError where the kernel refuses, as for types that cannot be run so.
 */
export function runProgram(program: RunnableProgram, input: ProgramInput = {}): ProgramOutput {
  if (typeof input !== 'object' || input === null) throw new UsageError('a run is given an object, as { data }');
  const { data, context, repeat = 1 } = input;
  if (data !== undefined) expectBytes(data, 'data', { least: 0 });
  if (context !== undefined) expectBytes(context, 'context', { least: 0 });
  expectInteger(repeat, 'repeat', { least: 1, most: 0x7fff_ffff });
  if (input.dataRoom !== undefined) expectInteger(input.dataRoom, 'dataRoom', { most: 1 << 26 });
  if (program.type === 'syscall') return runSyscall(program, input);
  // Some types refuse to be asked for data that they do not have.
  const dataOut =
    data === undefined && input.dataRoom === undefined
      ? undefined
      : new Uint8Array(input.dataRoom ?? data!.length + 256);
  const contextOut = context === undefined ? undefined : new Uint8Array(context.length);
  let result: TestRunResult | number;
  // Many runs are broken off by a signal: they are made again, a few times.
  for (let attempt = 0; ; attempt++) {
    result = testRun(program, { data, context, dataOut, contextOut, repeat });
    if (result !== -Errno.EINTR || attempt === 10) break;
  }
  if (typeof result === 'number') throw syscallError(`run the program${unusualErrors[-result] ?? ''}`, result);
  const { returnValue, duration, dataSize, contextSize } = result;
  return {
    returnValue,
    duration,
    data: dataOut?.subarray(0, dataSize) ?? new Uint8Array(0),
    context: contextOut?.subarray(0, contextSize) ?? new Uint8Array(0),
  };
}

/** A program of type syscall gets its context to write to; it has no data, runs once, and nothing is measured. */
function runSyscall(program: OpenObject, { context: given, data, dataRoom, repeat = 1 }: ProgramInput): ProgramOutput {
  if (data !== undefined || dataRoom !== undefined || repeat !== 1)
    throw new UsageError('a program of type syscall is run once, and has a context only: give neither data nor repeat');
  const context = given === undefined || given.length === 0 ? new Uint8Array(0) : given.slice();
  const result = runSyscallProgram(program.kernel, program.fd.number, plainStruct(context));
  if (typeof result === 'number') throw syscallError(`run the program${unusualErrors[-result] ?? ''}`, result);
  return { returnValue: result.returnValue, duration: 0, data: new Uint8Array(0), context };
}
