import { op, type Statement } from '../../insn/index.ts';
import type { KernelLayout } from '../kernel-layout.ts';
import { Counter } from '../format.ts';

const { alu, at, atomicAdd, call, jump, load, mapAddress, store } = op;

/** Maps by the names that programs know them by. */
export type TraceMap = 'ring' | 'slots' | 'zero' | 'followed' | 'sent' | 'plans' | 'counters';

/** Which file operations mean which kind of object, as found on descriptors of each kind. */
export interface FileOperations {
  readonly map: bigint;
  readonly prog: bigint;
  readonly link: bigint;
  readonly btf: bigint;
  readonly perf: bigint;
}

/** What the programs are made for. */
export interface ProgramShape {
  readonly layout: KernelLayout;
  readonly operations: FileOperations;
  /** Through raw tracepoints, which hand over registers, instead of those of each system call. */
  readonly raw: boolean;
  /** Depth of the reader's namespace of process ids; 0 where numbers are the machine's own. */
  readonly pidLevel: number;
  /** The reader's own process id: of the whole machine all others are followed. Undefined: those in `followed`. */
  readonly allBut: number | undefined;
  /** The most bytes of a key, value or other buffer that are sent. */
  readonly limit: number;
  readonly cpus: number;
  /** Types of perf events that are probes of functions. */
  readonly probeTypes: readonly number[];
  readonly filter: ProgramFilter;
}

export interface ProgramFilter {
  readonly comms: readonly string[];
  readonly failedOnly: boolean;
  /** Ids or names; calls that concern none of these objects are left out, if there are any. */
  readonly objects: readonly ObjectFilter[];
}

export interface ObjectFilter {
  readonly kind: 'map' | 'prog';
  readonly id?: number;
  readonly name?: string;
}

/** Places on the stack. */
export const Stack = {
  scratch: at('r10', -8),
  pointer: at('r10', -16),
  second: at('r10', -24),
  operations: at('r10', -32),
  data: at('r10', -40),
  /** The thread's and process's numbers on the machine (4 bytes each). */
  ids: at('r10', -48),
  /** The same as the reader sees them. */
  shownIds: at('r10', -56),
  context: at('r10', -64),
  item: at('r10', -72),
  length: at('r10', -80),
  full: at('r10', -88),
  address: at('r10', -96),
  sectionFlags: at('r10', -104),
  descriptor: at('r10', -112),
  itemFlags: at('r10', -120),
  comm: at('r10', -136),
} as const;

/** `dst` = the address of a place of the stack. */
export function addressOf(dst: op.Register, place: op.Place): Statement[] {
  return [alu('=', dst, place.base), alu('+=', dst, place.offset)];
}

/** Reads `size` bytes of the kernel's memory at `address` + `offset` into the stack. r1 to r5 are lost. */
export function readKernel(
  into: op.Place,
  { from, offset, size = 8 }: { readonly from: op.Register; readonly offset: number; readonly size?: number },
): Statement[] {
  return [
    ...(from === 'r3' ? [] : [alu('=', 'r3', from)]),
    ...(offset === 0 ? [] : [alu('+=', 'r3', offset)]),
    ...addressOf('r1', into),
    alu('=', 'r2', size),
    call('probe_read_kernel'),
  ];
}

/** As `readKernel`, into what `base` points to. */
export function readKernelInto(
  into: op.Place,
  { from, offset, size }: { readonly from: op.Place; readonly offset: number; readonly size: number },
): Statement[] {
  return [
    load('u64', 'r3', from),
    ...(offset === 0 ? [] : [alu('+=', 'r3', offset)]),
    alu('=', 'r1', into.base),
    alu('+=', 'r1', into.offset),
    alu('=', 'r2', size),
    call('probe_read_kernel'),
  ];
}

/** r0: the element of `map` whose key is at `key`, or 0. */
export function lookUp(map: TraceMap, key: op.Place): Statement[] {
  return [mapAddress('r1', map), ...addressOf('r2', key), call('map_lookup_elem')];
}

/** Counts a call that nobody will see. */
export function countLost(label: string, counter: number = Counter.lost): Statement[] {
  return [
    store('u32', Stack.scratch, 0),
    ...lookUp('counters', Stack.scratch),
    jump('==', 'r0', 0, label),
    // Programs on several CPUs count at once.
    alu('=', 'r1', 1),
    atomicAdd(at('r0', counter), 'r1'),
  ];
}

/** Puts the numbers of this thread on the stack, as the machine and as the reader has them. */
export function ownIds({ layout, pidLevel }: ProgramShape): Statement[] {
  const machine = [call('get_current_pid_tgid'), store('u64', Stack.ids, 'r0'), store('u64', Stack.shownIds, 'r0')];
  if (pidLevel === 0) return machine;
  return [
    ...machine,
    store('u64', Stack.shownIds, 0),
    call('get_current_task'),
    store('u64', Stack.pointer, 'r0'),
    ...shownId({ layout, pidLevel, into: at('r10', Stack.shownIds.offset) }),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.pointer, { from: 'r3', offset: layout.need('task_struct.group_leader') }),
    ...shownId({ layout, pidLevel, into: at('r10', Stack.shownIds.offset + 4) }),
  ];
}

/** The number of the task at `Stack.pointer` in the namespace of the reader: 0 where it is outside. */
export function shownId({
  layout,
  pidLevel,
  into,
}: {
  readonly layout: KernelLayout;
  readonly pidLevel: number;
  readonly into: op.Place;
}): Statement[] {
  const end = `shown${into.offset}`;
  const upid = layout.need('pid.numbers') + pidLevel * 16;
  return [
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.second, { from: 'r3', offset: layout.need('task_struct.thread_pid') }),
    load('u64', 'r3', Stack.second),
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('pid.level'), size: 4 }),
    load('u32', 'r1', Stack.scratch),
    jump('<', 'r1', pidLevel, end),
    load('u64', 'r3', Stack.second),
    ...readKernel(into, { from: 'r3', offset: upid, size: 4 }),
    op.label(end),
  ];
}

/** Goes to `otherwise` unless this process is followed. The numbers are on the stack. */
export function onlyFollowed({ allBut }: ProgramShape, otherwise: string): Statement[] {
  const tgid = at('r10', Stack.shownIds.offset + 4);
  if (allBut !== undefined) return [load('u32', 'r1', tgid), jump('==', 'r1', allBut, otherwise)];
  return [
    ...lookUp('followed', tgid),
    jump('==', 'r0', 0, otherwise),
    load('u32', 'r1', at('r0')),
    jump('!=', 'r1', Followed.yes, otherwise),
  ];
}

/** What `followed` says of a process. */
export const Followed = { yes: 1, childrenOnly: 2 } as const;
