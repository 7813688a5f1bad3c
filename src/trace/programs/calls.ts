import { op, type Statement } from '../../insn/index.ts';
import { attr_link_create, bpf_cmd } from '../../uapi/index.ts';
import { ioctlRequests, TracedCall } from '../calls.ts';
import { attachClassesByType } from '../commands.ts';
import {
  cacheEntries,
  cacheEntrySize,
  Head,
  largestAttribute,
  largestInline,
  lastSectionStart,
  maxItems,
  Plan,
  PlanFlag,
  PlanIndex,
  RecordKind,
  SectionFlag,
  SectionType,
  sectionHead,
  Slot,
  SlotFlag,
} from '../format.ts';
import { addressOf, countLost, lookUp, onlyFollowed, ownIds, type ProgramShape, Stack } from './fragments.ts';
import { goThroughItems } from './items.ts';
import { sendPieces } from './pieces.ts';
import { jumpUnlessCalled, loadArguments, loadResult } from './context.ts';
import { textWords } from './describe.ts';

const { alu, alu32, at, call, constant, exit, goto, jump, label, load, mapAddress, store } = op;

const args = (index: number): op.Place => at('r7', Slot.record + Head.arguments + index * 8);
const attributeSection = Slot.record + Head.size;
/** Arguments that stand where a command has its attribute. */
const argumentBytes = 40;

/** The most items in the plans of a call. Types are sent only with commands of bpf(2). */
function sizeOf(traced: TracedCall): { most: number; types: boolean } {
  return { most: [maxItems, 3, 2][traced]!, types: traced === TracedCall.bpf };
}

/** Runs when a call begins: notes it in the thread's slot, with all that is read before the kernel may change it. */
export function enterProgram(shape: ProgramShape, traced: TracedCall): Statement[] {
  return [
    alu('=', 'r6', 'r1'),
    ...jumpUnlessCalled(shape, traced, 'out'),
    ...ownIds(shape),
    ...onlyFollowed(shape, 'out'),
    ...commFits(shape),
    store('u64', Stack.context, 'r6'),
    ...lookUp('slots', Stack.ids),
    jump('!=', 'r0', 0, 'has_slot'),
    ...newSlot(),
    label('has_slot'),
    alu('=', 'r7', 'r0'),
    load('u64', 'r6', Stack.context),
    ...loadArguments(shape, traced, args),
    ...planOf(traced),
    ...beginRecord(traced),
    ...(traced === TracedCall.bpf ? planOfLink() : []),
    ...goThroughItems(shape, { after: false, attribute: Slot.attribute, ...sizeOf(traced) }),
    ...sendQueue(shape, traced),
    store('u32', at('r7', Slot.active), traced + 1),
    goto('out'),
    label('no_slot'),
    ...countLost('out'),
    label('out'),
    alu('=', 'r0', 0),
    exit(),
  ];
}

/** Only commands of bpf(2) have anything large. */
function sendQueue(shape: ProgramShape, traced: TracedCall): Statement[] {
  if (traced !== TracedCall.bpf) return [];
  return [
    load('u32', 'r1', at('r7', Slot.queueCount)),
    jump('==', 'r1', 0, 'sent'),
    ...onlyMatched(shape),
    ...sendPieces(),
    label('sent'),
  ];
}

/** What concerns a map that nobody asks for is not sent in pieces. */
function onlyMatched({ filter }: ProgramShape): Statement[] {
  if (filter.objects.length === 0) return [];
  return [
    load('u32', 'r1', at('r7', Slot.matched)),
    jump('!=', 'r1', 0, 'is_wanted'),
    load('u32', 'r1', at('r7', Slot.mapType)),
    jump('==', 'r1', 0, 'is_wanted'),
    store('u32', at('r7', Slot.queueCount), 0),
    goto('sent'),
    label('is_wanted'),
  ];
}

function commFits({ filter }: ProgramShape): Statement[] {
  if (filter.comms.length === 0) return [];
  return [
    ...addressOf('r1', Stack.comm),
    alu('=', 'r2', 16),
    call('get_current_comm'),
    ...filter.comms.flatMap((comm, index) => {
      const [low, high] = textWords(comm);
      return [
        load('u64', 'r1', Stack.comm),
        constant('r2', low),
        jump('!=', 'r1', 'r2', `comm${index}`),
        load('u64', 'r1', at('r10', Stack.comm.offset + 8)),
        constant('r2', high),
        jump('==', 'r1', 'r2', 'comm_fits'),
        label(`comm${index}`),
      ];
    }),
    goto('out'),
    label('comm_fits'),
  ];
}

/** r0: a new slot for this thread. */
function newSlot(): Statement[] {
  return [
    store('u32', Stack.scratch, 0),
    ...lookUp('zero', Stack.scratch),
    jump('==', 'r0', 0, 'no_slot'),
    alu('=', 'r3', 'r0'),
    mapAddress('r1', 'slots'),
    ...addressOf('r2', Stack.ids),
    alu('=', 'r4', 0),
    call('map_update_elem'),
    ...lookUp('slots', Stack.ids),
    jump('==', 'r0', 0, 'no_slot'),
  ];
}

/** r8: the plan of the call whose arguments stand in the record. */
function planOf(traced: TracedCall): Statement[] {
  const index = {
    [TracedCall.bpf]: [
      load('u32', 'r1', args(0)),
      // A bit asks for attributes that all commands have.
      alu32('&=', 'r1', ~0x10000),
      jump('<', 'r1', PlanIndex.unknown, 'known'),
      alu('=', 'r1', PlanIndex.unknown),
      label('known'),
    ],
    [TracedCall.perfEventOpen]: [alu('=', 'r1', PlanIndex.perfEventOpen)],
    [TracedCall.ioctl]: [
      load('u32', 'r1', args(1)),
      alu('&=', 'r1', 0xff),
      jump('<', 'r1', ioctlRequests, 'known'),
      alu('=', 'r1', ioctlRequests),
      label('known'),
      alu('+=', 'r1', PlanIndex.ioctl),
    ],
  }[traced];
  return [...index, ...takePlan()];
}

/** r8: the plan whose number is in r1. */
function takePlan(): Statement[] {
  return [
    store('u32', at('r7', Slot.plan), 'r1'),
    store('u64', Stack.scratch, 'r1'),
    ...lookUp('plans', Stack.scratch),
    jump('==', 'r0', 0, 'out'),
    alu('=', 'r8', 'r0'),
    load('u32', 'r1', at('r8', Plan.wanted)),
    jump('==', 'r1', 0, 'out'),
  ];
}

/** What BPF_LINK_CREATE takes depends on the attach type. */
function planOfLink(): Statement[] {
  return [
    load('u32', 'r1', at('r7', Slot.plan)),
    jump('!=', 'r1', bpf_cmd.BPF_LINK_CREATE, 'plan_known'),
    load('u32', 'r1', at('r7', Slot.attribute + attr_link_create.members.attach_type.offset)),
    ...attachClassesByType().flatMap(([type, number]) => [
      jump('!=', 'r1', type, `type${type}`),
      alu('=', 'r1', PlanIndex.linkCreate + number),
      goto('plan_found'),
      label(`type${type}`),
    ]),
    goto('plan_known'),
    label('plan_found'),
    ...takePlan(),
    label('plan_known'),
  ];
}

function beginRecord(traced: TracedCall): Statement[] {
  const record = (offset: number) => at('r7', Slot.record + offset);
  return [
    ...[Slot.keySize, Slot.mapType, Slot.queueCount].map((offset) => store('u64', at('r7', offset), 0)),
    store('u32', at('r7', Slot.flags), 0),
    store('u64', at('r7', Slot.status), 0),
    store('u64', at('r7', Slot.status + 8), 0),
    store('u64', at('r7', Slot.lastRegion), 0),
    store('u16', record(Head.kind), RecordKind.call),
    store('u16', record(Head.call), traced),
    load('u32', 'r1', at('r10', Stack.shownIds.offset + 4)),
    store('u32', record(Head.tgid), 'r1'),
    load('u32', 'r1', Stack.shownIds),
    store('u32', record(Head.tid), 'r1'),
    call('get_current_uid_gid'),
    store('u32', record(Head.uid), 'r0'),
    alu('=', 'r1', 'r7'),
    alu('+=', 'r1', Slot.record + Head.comm),
    alu('=', 'r2', 16),
    call('get_current_comm'),
    ...(traced === TracedCall.bpf ? readAttribute() : copyArguments()),
    store('u64', at('r7', attributeSection), SectionType.attribute),
    load('u32', 'r1', at('r7', Slot.attributeSize)),
    store('u32', at('r7', attributeSection + 4), 'r1'),
    ...copyAttribute(),
    ...setCursor(),
    call('ktime_get_ns'),
    store('u64', record(Head.start), 'r0'),
  ];
}

function readAttribute(): Statement[] {
  return [
    load('u32', 'r2', args(2)),
    jump('<=', 'r2', largestAttribute, 'attribute_size'),
    alu('=', 'r2', largestAttribute),
    label('attribute_size'),
    store('u32', at('r7', Slot.attributeSize), 'r2'),
    jump('==', 'r2', 0, 'attribute_read'),
    alu('=', 'r1', 'r7'),
    alu('+=', 'r1', Slot.attribute),
    load('u64', 'r3', args(1)),
    call('probe_read_user'),
    jump('==', 'r0', 0, 'attribute_read'),
    store('u32', at('r7', Slot.flags), SlotFlag.attributeFault),
    label('attribute_read'),
  ];
}

function copyArguments(): Statement[] {
  return [
    store('u32', at('r7', Slot.attributeSize), argumentBytes),
    ...[0, 1, 2, 3, 4].flatMap((index) => [
      load('u64', 'r1', args(index)),
      store('u64', at('r7', Slot.attribute + index * 8), 'r1'),
    ]),
  ];
}

/** Copies the attribute from the slot into the record's first section. */
function copyAttribute(): Statement[] {
  return copyWithin(Slot.attribute, attributeSection + sectionHead);
}

/** Copies as many bytes as the attribute has from one place of the slot to another. */
function copyWithin(from: number, to: number): Statement[] {
  return [
    load('u32', 'r2', at('r7', Slot.attributeSize)),
    // It is never more; the verifier has to see it.
    alu('&=', 'r2', largestAttribute * 2 - 1),
    ...boundedBy(largestAttribute, `copied${to}`),
    alu('=', 'r1', 'r7'),
    alu('+=', 'r1', to),
    alu('=', 'r3', 'r7'),
    alu('+=', 'r3', from),
    call('probe_read_kernel'),
  ];
}

function boundedBy(most: number, name: string): Statement[] {
  return [jump('<=', 'r2', most, name), alu('=', 'r2', most), label(name)];
}

function setCursor(): Statement[] {
  return [
    load('u32', 'r1', at('r7', Slot.attributeSize)),
    alu('+=', 'r1', 7),
    alu('&=', 'r1', -8),
    alu('+=', 'r1', Head.size + sectionHead),
    store('u32', at('r7', Slot.cursor), 'r1'),
  ];
}

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
    jump('!=', 'r1', traced + 1, 'out'),
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
    ...countLost('forget'),
    label('forget'),
    // The maps of this record were not told of: the next one has to.
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
    store('u8', at('r7', attributeSection + 1), SectionFlag.late),
    goto('after_told'),
    label('was_read'),
    load('u32', 'r1', at('r8', Plan.flags)),
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
    jump('<=', 'r3', lastSectionStart + largestInline, 'record_size'),
    alu('=', 'r3', lastSectionStart + largestInline),
    label('record_size'),
    alu('=', 'r4', 0),
    call('ringbuf_output'),
  ];
}
