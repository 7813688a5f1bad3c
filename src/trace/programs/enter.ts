// The program at the entry of a call. From `has_slot` on r7 is the thread's slot and r8 the plan of the command; r6 is
// the context until the arguments are read. The layout of slots, plans and records is in ../format.ts.
import { op, type Statement } from '../../insn/index.ts';
import { attr_link_create, bpf_cmd } from '../../uapi/index.ts';
import { ioctlRequests, TracedCall } from '../calls.ts';
import { attachClassesByType } from '../commands.ts';
import {
  Head,
  largestAttribute,
  Plan,
  PlanIndex,
  RecordKind,
  SectionType,
  sectionHead,
  Slot,
  SlotFlag,
} from '../format.ts';
import { addressOf, countLost, lookUp, onlyFollowed, ownIds, type ProgramShape, Stack } from './fragments.ts';
import { goThroughItems } from './items.ts';
import { jumpUnlessCalled, loadArguments } from './context.ts';
import { textWords } from './describe.ts';

import { args, argumentBytes, attributeSection, copyWithin, sendQueue, sizeOf } from './common.ts';

const { alu, alu32, at, call, constant, exit, goto, jump, label, load, mapAddress, store } = op;

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
    // User space may write to the attribute while the call runs, and the kernel writes results to it: the state before
    // the call can be read only now.
    ...loadArguments(shape, traced, args),
    ...planOf(traced),
    ...beginRecord(traced),
    ...(traced === TracedCall.bpf ? planOfLink() : []),
    ...goThroughItems(shape, { after: false, attribute: Slot.attribute, ...sizeOf(traced) }),
    ...sendQueue(shape, traced),
    // Last, so that a call of which nothing was noted is none at its end either.
    store('u32', at('r7', Slot.active), traced + 1),
    goto('out'),
    label('no_slot'),
    ...countLost('out'),
    label('out'),
    alu('=', 'r0', 0),
    exit(),
  ];
}

/** A name has 16 bytes, which two comparisons of 64 bits each cover; loops and strings would cost more. */
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
    // A new element needs a value of a slot's size, which the stack of 512 bytes has no room for.
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
      // Of an ioctl request the low byte is the number; the type was compared before.
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
    // The reader sets it for the commands that were asked for.
    load('u32', 'r1', at('r8', Plan.isTraced)),
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

/** The head of the record and its first section, the attribute. */
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
    // A third argument that is larger than any attribute is cut: what counts beyond is zeros, or the kernel refuses it.
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
    // The page may not be in memory: programs here cannot wait for it. After the call it usually is.
    store('u32', at('r7', Slot.flags), SlotFlag.attributeFault),
    label('attribute_read'),
  ];
}

/** Other calls have no attribute; their arguments take its place, so that plans work on them alike. */
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

/** The next section begins at a multiple of 8 behind the attribute. */
function setCursor(): Statement[] {
  return [
    load('u32', 'r1', at('r7', Slot.attributeSize)),
    alu('+=', 'r1', 7),
    alu('&=', 'r1', -8),
    alu('+=', 'r1', Head.size + sectionHead),
    store('u32', at('r7', Slot.cursor), 'r1'),
  ];
}
