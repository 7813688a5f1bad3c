// What a plan's items read: descriptors become objects, pointers become the bytes that they mean. r6 is the section
// under way, r7 the slot, r8 the plan, r9 the number of the item. Everything that must survive a helper's call is in
// one of these or on the stack.
import { op, type Statement } from '../../insn/index.ts';
import {
  Item,
  ItemFlag,
  ItemKind,
  ItemStatus,
  ItemTime,
  largestInline,
  largestStream,
  lastSectionStart,
  Head,
  PieceSource,
  Plan,
  queueEntrySize,
  queueLength,
  SectionFlag,
  SectionType,
  sectionHead,
  Slot,
  SlotFlag,
} from '../format.ts';
import { addressOf, type ProgramShape, Stack } from './fragments.ts';
import { resolve } from './resolve.ts';

import { descriptorTypes, factor, type ItemsPhase, lengthOf } from './lengths.ts';

const { alu, at, call, constant, goto, jump, label, load, store } = op;

/** Goes through the plan's items (r8) and adds a section for each to the record in the slot (r7). r6 and r9 are lost. */
export function goThroughItems(shape: ProgramShape, phase: ItemsPhase): Statement[] {
  return [
    alu('=', 'r9', 0),
    label('items'),
    // A constant bound, by which the verifier knows that the loop ends.
    jump('>=', 'r9', phase.most, 'items_end'),
    alu('=', 'r1', 'r9'),
    alu('*=', 'r1', Item.size),
    alu('+=', 'r1', 'r8'),
    alu('+=', 'r1', Plan.items),
    load('u8', 'r2', at('r1', Item.kind)),
    jump('==', 'r2', ItemKind.end, 'items_end'),
    ...isDue(phase),
    load('u32', 'r4', at('r7', Slot.cursor)),
    // Behind the limit the slot has room for one more short region.
    jump('>', 'r4', lastSectionStart, 'too_long'),
    alu('=', 'r6', 'r7'),
    alu('+=', 'r6', 'r4'),
    alu('+=', 'r6', Slot.record),
    load('u16', 'r3', at('r1', Item.flags)),
    store('u64', Stack.itemFlags, 'r3'),
    load('u16', 'r3', at('r1', Item.offset)),
    jump('==', 'r2', ItemKind.fdInRegion, 'in_region'),
    ...(phase.after ? [jump('==', 'r2', ItemKind.result, 'result')] : []),
    // The last offset of the attribute (256 bytes) at which 8 bytes can stand.
    jump('>', 'r3', 248, 'next_item'),
    alu('=', 'r4', 'r7'),
    alu('+=', 'r4', 'r3'),
    load('u32', 'r5', at('r7', Slot.attributeSize)),
    jump('==', 'r2', ItemKind.region, 'region'),
    ...(phase.texts ? [jump('==', 'r2', ItemKind.textBehind, 'behind')] : []),
    alu('+=', 'r3', 4),
    jump('>', 'r3', 'r5', 'next_item'),
    load('u32', 'r1', at('r4', phase.attribute)),
    goto('descriptor'),

    label('in_region'),
    ...descriptorInRegion(),
    ...(phase.after ? [label('result'), load('u32', 'r1', at('r7', Slot.record + Head.result))] : []),

    label('descriptor'),
    load('u64', 'r2', Stack.itemFlags),
    // Members whose 0 means that there is no descriptor.
    alu('&=', 'r2', ItemFlag.nonzero),
    jump('==', 'r2', 0, 'any_descriptor'),
    jump('==', 'r1', 0, 'next_item'),
    label('any_descriptor'),
    store('u64', Stack.descriptor, 'r1'),
    ...resolve(shape, { end: 'next_item', types: phase.types }),

    ...(phase.texts ? textBehind(shape, phase) : []),

    label('region'),
    ...region(shape, phase),

    label('too_long'),
    load('u32', 'r1', at('r7', Slot.flags)),
    alu('|=', 'r1', SlotFlag.overflow),
    store('u32', at('r7', Slot.flags), 'r1'),
    label('next_item'),
    alu('+=', 'r9', 1),
    goto('items'),
    label('items_end'),
  ];
}

/** r1: the item. r2 keeps its kind. */
function isDue({ after }: ItemsPhase): Statement[] {
  const time = load('u8', 'r3', at('r1', Item.time));
  if (!after) return [time, jump('!=', 'r3', ItemTime.before, 'next_item')];
  return [
    time,
    load('u32', 'r4', at('r7', Slot.flags)),
    alu('&=', 'r4', SlotFlag.attributeFault),
    jump('!=', 'r4', 0, 'due'),
    jump('==', 'r3', ItemTime.after, 'time_after'),
    // What could not be read before may be there now.
    alu('=', 'r4', 'r7'),
    alu('+=', 'r4', 'r9'),
    load('u8', 'r4', at('r4', Slot.status)),
    jump('==', 'r4', ItemStatus.fault, 'due'),
    goto('next_item'),
    label('time_after'),
    load('u16', 'r4', at('r1', Item.flags)),
    alu('=', 'r5', 'r4'),
    alu('&=', 'r5', ItemFlag.ever),
    jump('!=', 'r5', 0, 'due'),
    load('u64', 'r5', at('r7', Slot.record + Head.result)),
    alu('&=', 'r4', ItemFlag.failed),
    jump('s<', 'r5', 0, 'has_failed'),
    jump('!=', 'r4', 0, 'next_item'),
    goto('due'),
    label('has_failed'),
    jump('==', 'r4', 0, 'next_item'),
    label('due'),
  ];
}

/** r1: the descriptor that stands at offset r3 in the short region before. */
function descriptorInRegion(): Statement[] {
  return [
    load('u64', 'r1', Stack.itemFlags),
    alu('&=', 'r1', ItemFlag.holdsFds),
    jump('==', 'r1', 0, 'holds_them'),
    load('u32', 'r1', at('r7', Slot.mapType)),
    // The mask has a bit for each type; a type beyond it is unknown.
    jump('>', 'r1', 63, 'next_item'),
    constant('r2', descriptorTypes),
    alu('>>=', 'r2', 'r1'),
    alu('&=', 'r2', 1),
    jump('==', 'r2', 0, 'next_item'),
    label('holds_them'),
    alu('=', 'r2', 'r3'),
    alu('+=', 'r2', 4),
    load('u32', 'r1', at('r7', Slot.lastLength)),
    jump('>', 'r2', 'r1', 'next_item'),
    load('u32', 'r1', at('r7', Slot.lastRegion)),
    alu('+=', 'r1', 'r3'),
    jump('>', 'r1', lastSectionStart + largestInline, 'next_item'),
    alu('+=', 'r1', 'r7'),
    load('u32', 'r1', at('r1', Slot.record)),
    goto('descriptor'),
  ];
}

/** As `region`: the text to which the word points that the item's factor names, of those that the pointer means. */
function textBehind(shape: ProgramShape, phase: ItemsPhase): Statement[] {
  return [
    label('behind'),
    alu('+=', 'r3', 8),
    jump('>', 'r3', 'r5', 'next_item'),
    load('u64', 'r4', at('r4', phase.attribute)),
    jump('==', 'r4', 0, 'next_item'),
    store('u64', Stack.address, 'r4'),
    store('u64', Stack.item, 'r1'),
    ...(phase.isPerf ? onlyProbes(shape) : onlyCounted(phase)),
    load('u64', 'r1', Stack.item),
    load('u32', 'r2', at('r1', Item.factor)),
    load('u64', 'r3', Stack.address),
    alu('+=', 'r3', 'r2'),
    ...addressOf('r1', Stack.length),
    alu('=', 'r2', 8),
    call('probe_read_user'),
    store('u64', Stack.sectionFlags, phase.after ? SectionFlag.out : 0),
    jump('!=', 'r0', 0, 'behind_fault'),
    load('u64', 'r1', Stack.length),
    jump('==', 'r1', 0, 'next_item'),
    store('u64', Stack.address, 'r1'),
    goto('text'),
    label('behind_fault'),
    store('u64', Stack.full, 0),
    ...head(),
    goto('region_fault'),
  ];
}

/** Only as many words as the attribute says there are. */
function onlyCounted(phase: ItemsPhase): Statement[] {
  return [
    ...factor('r3', Item.first, phase, 'behind_count'),
    load('u32', 'r2', at('r1', Item.factor)),
    alu('>>=', 'r2', 3),
    jump('>=', 'r2', 'r3', 'next_item'),
  ];
}

/** Only events of the probes, whose attribute points to the name of a function or the path of a program. */
function onlyProbes({ probeTypes }: ProgramShape): Statement[] {
  return [
    load('u64', 'r3', Stack.address),
    store('u64', Stack.length, 0),
    ...addressOf('r1', Stack.length),
    alu('=', 'r2', 4),
    call('probe_read_user'),
    load('u32', 'r1', Stack.length),
    ...probeTypes.map((type) => jump('==', 'r1', type, 'is_probe')),
    goto('next_item'),
    ...(probeTypes.length === 0 ? [] : [label('is_probe')]),
  ];
}

/** r1: the item, r3: the pointer's offset, r4: the slot beyond it, r5: bytes of the attribute. */
function region(shape: ProgramShape, phase: ItemsPhase): Statement[] {
  return [
    alu('+=', 'r3', 8),
    jump('>', 'r3', 'r5', 'next_item'),
    load('u64', 'r2', at('r4', phase.attribute)),
    jump('==', 'r2', 0, 'next_item'),
    store('u64', Stack.address, 'r2'),
    store('u64', Stack.item, 'r1'),
    ...lengthOf(shape, phase),

    // r3: bytes there are.
    label('length'),
    jump('==', 'r3', 0, 'next_item'),
    store('u64', Stack.sectionFlags, phase.after ? SectionFlag.out : 0),
    // Lengths of user space may be anything; the record has 32 bits for them.
    alu('=', 'r1', 0x7fff_ffff),
    jump('<=', 'r3', 'r1', 'counted'),
    alu('=', 'r3', 'r1'),
    label('counted'),
    store('u64', Stack.full, 'r3'),
    alu('=', 'r1', largestStream),
    load('u64', 'r2', Stack.itemFlags),
    alu('&=', 'r2', ItemFlag.limited),
    jump('==', 'r2', 0, 'limit'),
    ...(shape.limit < largestStream ? [alu('=', 'r1', shape.limit)] : []),
    label('limit'),
    // What is longer than asked for is cut, and its section says so.
    jump('<=', 'r3', 'r1', 'within'),
    alu('=', 'r3', 'r1'),
    store('u64', Stack.sectionFlags, (phase.after ? SectionFlag.out : 0) | SectionFlag.cut),
    label('within'),
    store('u64', Stack.length, 'r3'),
    ...head(),
    load('u64', 'r2', Stack.length),
    // Short regions stand in the record; longer ones go in pieces of their own.
    jump('>', 'r2', largestInline, 'stream'),
    alu('=', 'r1', 'r6'),
    alu('+=', 'r1', sectionHead * 2),
    load('u64', 'r3', Stack.address),
    call('probe_read_user'),
    jump('s<', 'r0', 0, 'region_fault'),
    load('u64', 'r2', Stack.length),
    jump('>', 'r2', largestInline, 'next_item'),
    label('region_read'),
    ...noteRead(),
    store('u32', at('r6', 4), 'r2'),
    alu('+=', 'r2', sectionHead * 2 + 7),
    alu('&=', 'r2', -8),
    ...moveCursor(),

    label('region_fault'),
    load('u64', 'r1', Stack.sectionFlags),
    alu('|=', 'r1', SectionFlag.fault),
    store('u8', at('r6', 1), 'r1'),
    ...status(ItemStatus.fault),
    load('u32', 'r1', at('r7', Slot.flags)),
    alu('|=', 'r1', SlotFlag.itemFault),
    store('u32', at('r7', Slot.flags), 'r1'),
    alu('=', 'r2', sectionHead * 2),
    ...moveCursor(),

    label('text'),
    store('u64', Stack.sectionFlags, SectionFlag.text | (phase.after ? SectionFlag.out : 0)),
    store('u64', Stack.full, 0),
    ...head(),
    alu('=', 'r1', 'r6'),
    alu('+=', 'r1', sectionHead * 2),
    alu('=', 'r2', largestInline),
    load('u64', 'r3', Stack.address),
    // Answers the length with the NUL.
    call('probe_read_user_str'),
    jump('s<', 'r0', 0, 'region_fault'),
    alu('=', 'r2', 'r0'),
    jump('>', 'r2', largestInline, 'next_item'),
    store('u32', at('r6', 8), 'r2'),
    goto('region_read'),

    label('stream'),
    load('u64', 'r1', Stack.sectionFlags),
    alu('|=', 'r1', SectionFlag.streamed),
    store('u8', at('r6', 1), 'r1'),
    load('u32', 'r1', at('r7', Slot.queueCount)),
    jump('>=', 'r1', queueLength, 'next_item'),
    alu('=', 'r2', 'r1'),
    alu('+=', 'r2', 1),
    store('u32', at('r7', Slot.queueCount), 'r2'),
    alu('*=', 'r1', queueEntrySize),
    alu('+=', 'r1', 'r7'),
    load('u64', 'r2', Stack.address),
    store('u64', at('r1', Slot.queue), 'r2'),
    load('u64', 'r2', Stack.length),
    store('u32', at('r1', Slot.queue + 8), 'r2'),
    alu('=', 'r2', 'r9'),
    // The tag of the pieces: the item, and whether it was read after the call.
    alu('+=', 'r2', phase.after ? 0x100 : 0),
    store('u32', at('r1', Slot.queue + 12), 'r2'),
    store('u32', at('r1', Slot.queue + 16), PieceSource.user),
    ...status(ItemStatus.done),
    alu('=', 'r2', sectionHead * 2),
    ...moveCursor(),
  ];
}

/** The head of a region's section; nothing is in it yet. */
function head(): Statement[] {
  return [
    store('u64', at('r6', 0), SectionType.region),
    load('u64', 'r1', Stack.sectionFlags),
    store('u8', at('r6', 1), 'r1'),
    alu('=', 'r1', 'r9'),
    store('u16', at('r6', 2), 'r1'),
    load('u64', 'r1', Stack.full),
    store('u64', at('r6', 8), 'r1'),
  ];
}

/** r2: the bytes that were read. */
function noteRead(): Statement[] {
  return [
    load('u32', 'r1', at('r7', Slot.cursor)),
    alu('+=', 'r1', sectionHead * 2),
    // Items of the kind `fdInRegion` look for their descriptor there.
    store('u32', at('r7', Slot.lastRegion), 'r1'),
    store('u32', at('r7', Slot.lastLength), 'r2'),
    ...status(ItemStatus.done),
  ];
}

function status(value: number): Statement[] {
  return [alu('=', 'r1', 'r7'), alu('+=', 'r1', 'r9'), store('u8', at('r1', Slot.status), value)];
}

/** Past r2 bytes. */
function moveCursor(): Statement[] {
  return [
    load('u32', 'r1', at('r7', Slot.cursor)),
    alu('+=', 'r1', 'r2'),
    store('u32', at('r7', Slot.cursor), 'r1'),
    goto('next_item'),
  ];
}
