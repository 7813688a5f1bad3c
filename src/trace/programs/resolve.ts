import { op, type Statement } from '../../insn/index.ts';
import { Described, ObjectKindNumber, Slot } from '../format.ts';
import { type ProgramShape, readKernel, Stack } from './fragments.ts';

import { begin, describe, textInto, typesOf } from './describe.ts';

const { alu, at, call, constant, goto, jump, label, load, store } = op;

/**
 * Adds the section of the object that the descriptor at `Stack.descriptor` means; nothing where it means none. r6 is where the
 * section begins, r7 the slot, r9 the number of the item, whose flags are at `Stack.itemFlags`. Goes to `end`.
 */
export function resolve(
  shape: ProgramShape,
  { end, types }: { readonly end: string; readonly types: boolean },
): Statement[] {
  const { operations } = shape;
  const kinds = ['map', 'prog', 'link', 'btf', 'perf'] as const;
  return [
    ...fileOf(shape, end),
    ...kinds.flatMap((kind) => [constant('r2', operations[kind]), jump('==', 'r1', 'r2', `is_${kind}`)]),
    ...byName(shape),
    ...kinds.flatMap((kind) => [label(`is_${kind}`), ...describe[kind](shape, end)]),
    label('described'),
    // r6 may hold the section; what comes now reads only what stands in it.
    load('u32', 'r1', at('r7', Slot.cursor)),
    alu('+=', 'r1', Described.size),
    store('u32', at('r7', Slot.cursor), 'r1'),
    goto(end),
    ...typesOf(shape, { areSent: types }),
  ];
}

/** Puts the file of the descriptor at `Stack.pointer`, what it holds at `Stack.data`; r1: its operations. */
function fileOf({ layout }: ProgramShape, end: string): Statement[] {
  return [
    call('get_current_task'),
    ...readKernel(Stack.pointer, { from: 'r0', offset: layout.need('task_struct.files') }),
    load('u64', 'r3', Stack.pointer),
    jump('==', 'r3', 0, end),
    ...readKernel(Stack.pointer, { from: 'r3', offset: layout.need('files_struct.fdt') }),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.scratch, { from: 'r3', offset: layout.need('fdtable.max_fds'), size: 4 }),
    load('u32', 'r1', Stack.scratch),
    load('u32', 'r2', Stack.descriptor),
    jump('>=', 'r2', 'r1', end),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.pointer, { from: 'r3', offset: layout.need('fdtable.fd') }),
    load('u32', 'r2', Stack.descriptor),
    alu('<<=', 'r2', 3),
    load('u64', 'r3', Stack.pointer),
    alu('+=', 'r3', 'r2'),
    ...readKernel(Stack.pointer, { from: 'r3', offset: 0 }),
    load('u64', 'r3', Stack.pointer),
    jump('==', 'r3', 0, end),
    ...readKernel(Stack.data, { from: 'r3', offset: layout.need('file.private_data') }),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.operations, { from: 'r3', offset: layout.need('file.f_op') }),
    load('u64', 'r1', Stack.operations),
  ];
}

/** A file of no known operations: its name says what it is, and where anonymous inodes are, which kind of object. */
function byName({ layout }: ProgramShape): Statement[] {
  return [
    ...begin(ObjectKindNumber.file),
    load('u64', 'r3', Stack.pointer),
    ...readKernel(Stack.second, { from: 'r3', offset: layout.need('file.f_path.dentry') }),
    load('u64', 'r3', Stack.second),
    ...readKernel(Stack.operations, { from: 'r3', offset: layout.need('dentry.d_sb') }),
    load('u64', 'r3', Stack.operations),
    ...readKernel(Stack.operations, { from: 'r3', offset: layout.need('super_block.s_magic') }),
    load('u64', 'r1', Stack.operations),
    store('u64', at('r6', Described.wide), 'r1'),
    load('u64', 'r3', Stack.second),
    ...readKernel(Stack.second, { from: 'r3', offset: layout.need('dentry.d_name.name') }),
    ...textInto(Described.name, 64),
    goto('described'),
  ];
}
