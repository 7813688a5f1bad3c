import { op, type Statement } from '../../insn/index.ts';
import { Counter, ProcessRecord, RecordKind } from '../format.ts';
import {
  addressOf,
  countLost,
  Followed,
  lookUp,
  ownIds,
  type ProgramShape,
  readKernel,
  shownId,
  Stack,
} from './fragments.ts';

const { alu, at, call, exit, jump, label, load, mapAddress, store } = op;

const shownTgid = at('r10', Stack.shownIds.offset + 4);

/** Runs when a process or thread is made: the children of those followed are followed too. */
export function forkProgram(shape: ProgramShape): Statement[] {
  const { layout, pidLevel } = shape;
  return [
    // The raw tracepoint sched_process_fork has the parent and the child, which is what is looked at.
    load('u64', 'r6', at('r1', 8)),
    ...ownIds(shape),
    ...lookUp('followed', shownTgid),
    jump('==', 'r0', 0, 'out'),
    alu('=', 'r3', 'r6'),
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('task_struct.pid'), size: 4 }),
    load('u32', 'r7', Stack.scratch),
    alu('=', 'r3', 'r6'),
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('task_struct.tgid'), size: 4 }),
    load('u32', 'r8', Stack.scratch),
    // A thread is of a process that is followed already.
    jump('!=', 'r7', 'r8', 'out'),
    load('u32', 'r9', shownTgid),
    store('u32', shownTgid, 'r8'),
    ...(pidLevel === 0 ? [] : [store('u64', Stack.pointer, 'r6'), ...shownId({ layout, pidLevel, into: shownTgid })]),
    store('u32', Stack.scratch, Followed.yes),
    mapAddress('r1', 'followed'),
    ...addressOf('r2', shownTgid),
    ...addressOf('r3', Stack.scratch),
    alu('=', 'r4', 0),
    call('map_update_elem'),
    store('u32', at('r10', Stack.pointer.offset + ProcessRecord.parent), 'r9'),
    load('u32', 'r1', shownTgid),
    ...tell(RecordKind.fork),
    label('out'),
    alu('=', 'r0', 0),
    exit(),
  ];
}

/** Sends a record about the process whose number is in r1, or counts it as lost; then goes on at `out`. */
function tell(kind: number): Statement[] {
  const record = (offset: number) => at('r10', Stack.pointer.offset + offset);
  return [
    store('u32', record(ProcessRecord.kind), kind),
    store('u64', record(ProcessRecord.pid), 'r1'),
    mapAddress('r1', 'ring'),
    ...addressOf('r2', record(0)),
    alu('=', 'r3', ProcessRecord.size),
    alu('=', 'r4', 0),
    call('ringbuf_output'),
    jump('==', 'r0', 0, 'out'),
    ...countLost('out', Counter.lostProcesses),
  ];
}

/** Runs when a thread ends: its slot is free, and with the last of its process the reader hears that this is over. */
export function threadEndProgram(shape: ProgramShape): Statement[] {
  const { layout } = shape;
  return [
    alu('=', 'r6', 'r1'),
    ...ownIds(shape),
    mapAddress('r1', 'slots'),
    ...addressOf('r2', Stack.ids),
    call('map_delete_elem'),
    // The raw tracepoint sched_process_exit has the task that ends. It runs in that task itself.
    load('u64', 'r3', at('r6', 0)),
    ...readKernel(Stack.pointer, { from: 'r3', offset: layout.need('task_struct.signal') }),
    load('u64', 'r3', Stack.pointer),
    store('u64', Stack.scratch, 0),
    // Threads of the process that are left; the kernel counts this one no more when it comes here.
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('signal_struct.live'), size: 4 }),
    load('u32', 'r1', Stack.scratch),
    jump('!=', 'r1', 0, 'out'),
    mapAddress('r1', 'followed'),
    ...addressOf('r2', shownTgid),
    call('map_delete_elem'),
    jump('!=', 'r0', 0, 'out'),
    load('u32', 'r1', shownTgid),
    store('u32', at('r10', Stack.pointer.offset + ProcessRecord.parent), 0),
    ...tell(RecordKind.exit),
    label('out'),
    alu('=', 'r0', 0),
    exit(),
  ];
}
