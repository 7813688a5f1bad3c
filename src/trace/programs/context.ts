import { op, type Statement } from '../../insn/index.ts';
import { NotSupportedError } from '../../errors/index.ts';
import { syscallNumbers } from '../../sys/index.ts';
import { perfRequestType, TracedCall } from '../calls.ts';
import { type ProgramShape, readKernel, Stack } from './fragments.ts';

const { alu, at, call, jump, load, store } = op;

/** Arguments that each call has. */
const argumentCount = { [TracedCall.bpf]: 3, [TracedCall.perfEventOpen]: 5, [TracedCall.ioctl]: 3 } as const;

/** The context of a tracepoint of one system call: arguments, or the result, behind the call's number. */
const tracepointArguments = 16;

/**
 * Goes to `otherwise` where the program (context in r6) has nothing to do with this call. A tracepoint is of one call and
 * of 64-bit callers; raw tracepoints see all calls, those of 32-bit callers by other numbers.
 */
export function jumpUnlessCalled(
  shape: ProgramShape,
  traced: TracedCall,
  otherwise: string,
  { after = false }: { readonly after?: boolean } = {},
): Statement[] {
  const isPerfRequest = [alu('&=', 'r1', 0xff00), jump('!=', 'r1', perfRequestType << 8, otherwise)];
  if (!shape.raw) {
    return traced === TracedCall.ioctl && !after
      ? [load('u64', 'r1', at('r6', tracepointArguments + 8)), ...isPerfRequest]
      : [];
  }
  const number = callNumber(traced);
  if (after) {
    return [
      load('u64', 'r3', at('r6', 0)),
      ...readKernel(Stack.scratch, { from: 'r3', offset: registerOffset(shape, 'number') }),
      load('u32', 'r1', Stack.scratch),
      jump('!=', 'r1', number, otherwise),
    ];
  }
  return [
    // The raw tracepoint sys_enter has the registers and the number of the call.
    load('u64', 'r1', at('r6', 8)),
    jump('!=', 'r1', number, otherwise),
    ...is64Bit(shape, otherwise),
    ...(traced === TracedCall.ioctl
      ? [...readArgument(shape, 1, Stack.scratch), load('u64', 'r1', Stack.scratch), ...isPerfRequest]
      : []),
  ];
}

/** Source: TS_COMPAT of asm/thread_info.h (x86), TIF_32BIT of arm64. */
function is64Bit({ layout }: ProgramShape, otherwise: string): Statement[] {
  const isX86 = process.arch === 'x64';
  const member = layout.at(isX86 ? 'task_struct.thread_info.status' : 'task_struct.thread_info.flags');
  if (member === undefined) return [];
  return [
    call('get_current_task'),
    store('u64', Stack.scratch, 0),
    ...readKernel(Stack.scratch, { from: 'r0', offset: member, size: 4 }),
    load('u32', 'r1', Stack.scratch),
    alu('&=', 'r1', isX86 ? 2 : 1 << 22),
    jump('!=', 'r1', 0, otherwise),
  ];
}

/** By the convention of system calls, where r10 stands for rcx, which the instruction `syscall` overwrites. */
const x86Registers = ['di', 'si', 'dx', 'r10', 'r8'];

/** Where `struct pt_regs` has an argument, or the number of the call. */
function registerOffset({ layout }: ProgramShape, what: number | 'number'): number {
  if (process.arch === 'x64') return layout.need(`pt_regs.${what === 'number' ? 'orig_ax' : x86Registers[what]!}`);
  return what === 'number' ? layout.need('pt_regs.syscallno') : layout.need('pt_regs.regs') + what * 8;
}

function readArgument(shape: ProgramShape, index: number, into: op.Place): Statement[] {
  return [load('u64', 'r3', at('r6', 0)), ...readKernel(into, { from: 'r3', offset: registerOffset(shape, index) })];
}

/** Stores the call's arguments, zeroes behind them. The context is in r6. */
export function loadArguments(
  shape: ProgramShape,
  traced: TracedCall,
  place: (index: number) => op.Place,
): Statement[] {
  return [0, 1, 2, 3, 4].flatMap((index) => {
    if (index >= argumentCount[traced]) return [store('u64', place(index), 0)];
    if (!shape.raw) {
      return [load('u64', 'r1', at('r6', tracepointArguments + index * 8)), store('u64', place(index), 'r1')];
    }
    return [
      ...readArgument(shape, index, Stack.scratch),
      load('u64', 'r1', Stack.scratch),
      store('u64', place(index), 'r1'),
    ];
  });
}

/** Stores the call's result. The context is in r6. */
export function loadResult({ raw }: ProgramShape, place: op.Place): Statement[] {
  return [load('u64', 'r1', at('r6', raw ? 8 : tracepointArguments)), store('u64', place, 'r1')];
}

function callNumber(traced: TracedCall): number {
  const numbers = syscallNumbers[process.arch];
  if (numbers === undefined) throw new NotSupportedError(`processor architecture ${process.arch}`);
  return [numbers.bpf, numbers.perfEventOpen, numbers.ioctl][traced]!;
}
