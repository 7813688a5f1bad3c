// The program at the end of a call. r6 is the context until the result is read, r7 the thread's slot, r8 the plan.
import { op, type Statement } from '../../insn/index.ts';
import { TracedCall } from '../calls.ts';
import {
  cacheEntries,
  cacheEntrySize,
  Head,
  largestAttribute,
  largestInline,
  lastSectionStart,
  Plan,
  PlanFlag,
  SectionFlag,
  SectionType,
  sectionHead,
  Slot,
  SlotFlag,
} from '../format.ts';
import { countLost, lookUp, type ProgramShape, Stack } from './fragments.ts';
import { goThroughItems } from './items.ts';
import { jumpUnlessCalled, loadResult } from './context.ts';

import { args, attributeSection, boundedBy, copyWithin, sendQueue, sizeOf } from './common.ts';

const { alu, at, call, exit, goto, jump, label, load, mapAddress, store } = op;

/** Runs when a call has ended: adds what the kernel wrote, and sends the record. */
export function exitProgram(shape: ProgramShape, traced: TracedCall): Statement[] {
  const record = (offset: number) => at('r7', Slot.record + offset);
  return [
    alu('=', 'r6', 'r1'),
    ...jumpUnlessCalled(shape, traced, 'out', { after: true }),
    call('get_current_pid_tgid'),
    store('u64', Stack.ids, 'r0'),
    ...lookUp('slots', Stack.ids),
    jump('==', 'r0', 0, 'out'),
    alu('=', 'r7', 'r0'),
    load('u32', 'r1', record(Head.tid)),
    store('u64', Stack.shownIds, 'r1'),
    load('u32', 'r1', at('r7', Slot.active)),
    // The call began before the tracer did, or was not followed.
    jump('!=', 'r1', traced + 1, 'out'),
    // Taken back at once, whatever becomes of the record.
    store('u32', at('r7', Slot.active), 0),
    call('ktime_get_ns'),
    store('u64', record(Head.end), 'r0'),
    ...loadResult(shape, record(Head.result)),
    ...(shape.filter.failedOnly ? [load('u64', 'r1', record(Head.result)), jump('s>=', 'r1', 0, 'forget')] : []),
    load('u32', 'r1', at('r7', Slot.plan)),
    store('u64', Stack.scratch, 'r1'),
    ...lookUp('plans', Stack.scratch),
    jump('==', 'r0', 0, 'out'),
    alu('=', 'r8', 'r0'),
    load('u32', 'r1', at('r8', Plan.flags)),
    load('u32', 'r2', at('r7', Slot.flags)),
    // The rest is only for plans that read something now, and for what could not be read before.
    alu('&=', 'r2', SlotFlag.attributeFault | SlotFlag.itemFault),
    alu('|=', 'r1', 'r2'),
    jump('==', 'r1', 0, 'finish'),
    ...(traced === TracedCall.bpf ? attributeAfter() : copyWithin(Slot.attribute, Slot.attributeAfter)),
    ...goThroughItems(shape, { after: true, attribute: Slot.attributeAfter, ...sizeOf(traced) }),
    ...sendQueue(shape, traced),
    label('finish'),
    ...(shape.filter.objects.length === 0
      ? []
      : [load('u32', 'r1', at('r7', Slot.matched)), jump('==', 'r1', 0, 'forget')]),
    ...send(),
    jump('s>=', 'r0', 0, 'out'),
    // The ring is full.
    ...countLost('forget'),
    label('forget'),
    // The maps of this record are not in the ring: the next one has to report them.
    ...Array.from({ length: cacheEntries }, (_, index) =>
      store('u64', at('r7', Slot.cache + index * cacheEntrySize), 0),
    ),
    label('out'),
    alu('=', 'r0', 0),
    exit(),
  ];
}

/** Reads the attribute again: what the kernel wrote to it, and what could not be read before. */
function attributeAfter(): Statement[] {
  return [
    load('u32', 'r2', at('r7', Slot.attributeSize)),
    alu('&=', 'r2', largestAttribute * 2 - 1),
    ...boundedBy(largestAttribute, 'after_size'),
    alu('=', 'r1', 'r7'),
    alu('+=', 'r1', Slot.attributeAfter),
    load('u64', 'r3', args(1)),
    call('probe_read_user'),
    jump('!=', 'r0', 0, 'finish'),
    load('u32', 'r1', at('r7', Slot.flags)),
    alu('&=', 'r1', SlotFlag.attributeFault),
    jump('==', 'r1', 0, 'was_read'),
    ...copyWithin(Slot.attributeAfter, attributeSection + sectionHead),
    // The first section gets what it lacks; that the kernel may have changed it by now has to be said.
    store('u8', at('r7', attributeSection + 1), SectionFlag.late),
    goto('after_told'),
    label('was_read'),
    load('u32', 'r1', at('r8', Plan.flags)),
    // Else the kernel only reads the attribute, and a second copy would say nothing new.
    alu('&=', 'r1', PlanFlag.attributeAfter),
    jump('==', 'r1', 0, 'after_told'),
    load('u32', 'r6', at('r7', Slot.cursor)),
    jump('>', 'r6', lastSectionStart, 'after_told'),
    alu('+=', 'r6', 'r7'),
    alu('+=', 'r6', Slot.record),
    store('u64', at('r6', 0), SectionType.attributeAfter),
    load('u32', 'r2', at('r7', Slot.attributeSize)),
    store('u32', at('r6', 4), 'r2'),
    alu('&=', 'r2', largestAttribute * 2 - 1),
    ...boundedBy(largestAttribute, 'after_copied'),
    alu('=', 'r1', 'r6'),
    alu('+=', 'r1', sectionHead),
    alu('=', 'r3', 'r7'),
    alu('+=', 'r3', Slot.attributeAfter),
    call('probe_read_kernel'),
    load('u32', 'r2', at('r7', Slot.attributeSize)),
    alu('+=', 'r2', 7 + sectionHead),
    alu('&=', 'r2', -8),
    load('u32', 'r1', at('r7', Slot.cursor)),
    alu('+=', 'r1', 'r2'),
    store('u32', at('r7', Slot.cursor), 'r1'),
    label('after_told'),
  ];
}

/** r0: below 0 where the ring is full. */
function send(): Statement[] {
  const record = (offset: number) => at('r7', Slot.record + offset);
  return [
    store('u32', Stack.scratch, 0),
    ...lookUp('counters', Stack.scratch),
    jump('==', 'r0', 0, 'out'),
    // The counter is of all calls so far: the reader sees by its growth how many are missing.
    load('u64', 'r1', at('r0')),
    store('u64', record(Head.lost), 'r1'),
    load('u32', 'r1', at('r7', Slot.flags)),
    store('u32', record(Head.flags), 'r1'),
    call('get_smp_processor_id'),
    store('u32', record(Head.cpu), 'r0'),
    mapAddress('r1', 'ring'),
    alu('=', 'r2', 'r7'),
    alu('+=', 'r2', Slot.record),
    load('u32', 'r3', at('r7', Slot.cursor)),
    // The cursor never passes this; only the verifier needs the comparison, as the size must be bounded by the slot's.
    jump('<=', 'r3', lastSectionStart + largestInline, 'record_size'),
    alu('=', 'r3', lastSectionStart + largestInline),
    label('record_size'),
    alu('=', 'r4', 0),
    call('ringbuf_output'),
  ];
}
