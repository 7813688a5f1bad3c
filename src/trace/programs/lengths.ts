import { op, type Statement } from '../../insn/index.ts';
import { mapType } from '../../uapi/index.ts';
import { Item, noMember, Head, Rule, Slot } from '../format.ts';
import { type ProgramShape, Stack } from './fragments.ts';

const { alu, at, call, constant, goto, jump, label, load, store } = op;

/** When the items are gone through, and where the attribute then is. */
export interface ItemsPhase {
  readonly after: boolean;
  /** In the slot. */
  readonly attribute: number;
  /** The most items that a plan may have. */
  readonly most: number;
  /** Whether types of objects are sent. */
  readonly types: boolean;
  /** Whether there may be pointers to texts behind a pointer. */
  readonly texts: boolean;
  /** The call is perf_event_open(2). */
  readonly isPerf: boolean;
}

/** Types of maps for which something holds, a bit for each. */
function typesWith(holds: (type: number) => boolean): bigint {
  let mask = 0n;
  for (let type = 0; type < 64; type++) if (holds(type)) mask |= 1n << BigInt(type);
  return mask;
}

const perCpuTypes = typesWith((type) => mapType(type)?.isPerCpu === true);
/** Types whose values are descriptors when they are written. */
export const descriptorTypes = typesWith((type) => holdsDescriptors(type));

/** Whether values of a map of this type are descriptors when they are written. */
function holdsDescriptors(type: number): boolean {
  const known = mapType(type);
  if (known === undefined) return false;
  return (
    known.holds !== undefined ||
    /^(perf_event_array|cgroup_array|sockmap|sockhash|reuseport_sockarray|xskmap)$/.test(known.name)
  );
}

/** `dst` = the number of the attribute at the offset that the item (r1) has at `field`, 1 where it has none. */
export function factor(dst: op.Register, field: number, { attribute }: ItemsPhase, name: string): Statement[] {
  return [
    alu('=', dst, 1),
    load('u16', 'r2', at('r1', field)),
    jump('==', 'r2', noMember, name),
    alu('=', dst, 0),
    jump('>', 'r2', 252, name),
    alu('=', 'r5', 'r2'),
    alu('+=', 'r5', 4),
    load('u32', 'r0', at('r7', Slot.attributeSize)),
    jump('>', 'r5', 'r0', name),
    alu('+=', 'r2', 'r7'),
    load('u32', dst, at('r2', attribute)),
    label(name),
  ];
}

/** Goes to `length` with the bytes in r3, or to `text`. r1: the item. */
export function lengthOf(shape: ProgramShape, phase: ItemsPhase): Statement[] {
  return [
    load('u8', 'r4', at('r1', Item.rule)),
    jump('==', 'r4', Rule.text, 'text'),
    jump('==', 'r4', Rule.perf, 'rule_perf'),
    ...(phase.after ? [jump('==', 'r4', Rule.result, 'rule_result')] : []),
    ...factor('r3', Item.first, phase, 'first_factor'),
    jump('==', 'r4', Rule.key, 'rule_key'),
    jump('==', 'r4', Rule.position, 'rule_position'),
    jump('==', 'r4', Rule.value, 'rule_value'),
    jump('==', 'r4', Rule.product, 'rule_product'),
    load('u32', 'r2', at('r1', Item.factor)),
    alu('*=', 'r3', 'r2'),
    goto('length'),
    label('rule_product'),
    store('u64', Stack.length, 'r3'),
    ...factor('r3', Item.second, phase, 'second_factor'),
    load('u64', 'r2', Stack.length),
    alu('*=', 'r3', 'r2'),
    goto('length'),
    label('rule_key'),
    load('u32', 'r2', at('r7', Slot.keySize)),
    alu('*=', 'r3', 'r2'),
    goto('length'),
    label('rule_position'),
    // Hashes say where a batch goes on by the number of a bucket, others by a key.
    load('u32', 'r3', at('r7', Slot.keySize)),
    jump('>', 'r3', 4, 'length'),
    alu('=', 'r3', 4),
    goto('length'),
    label('rule_value'),
    load('u32', 'r2', at('r7', Slot.valueSize)),
    load('u32', 'r5', at('r7', Slot.mapType)),
    jump('>', 'r5', 63, 'one_value'),
    constant('r0', perCpuTypes),
    alu('>>=', 'r0', 'r5'),
    alu('&=', 'r0', 1),
    jump('==', 'r0', 0, 'one_value'),
    alu('+=', 'r2', 7),
    alu('&=', 'r2', -8),
    store('u64', Stack.length, 'r3'),
    store('u64', Stack.full, 'r2'),
    // Since 6.19 flags can ask for the value of one CPU, or give one for all.
    ...factor('r3', Item.second, phase, 'value_flags'),
    load('u16', 'r5', at('r1', Item.second)),
    alu('=', 'r0', shape.cpus),
    jump('==', 'r5', noMember, 'all_cpus'),
    alu('&=', 'r3', 24),
    jump('==', 'r3', 0, 'all_cpus'),
    alu('=', 'r0', 1),
    label('all_cpus'),
    load('u64', 'r2', Stack.full),
    load('u64', 'r3', Stack.length),
    alu('*=', 'r2', 'r0'),
    label('one_value'),
    alu('*=', 'r3', 'r2'),
    goto('length'),
    ...(phase.after
      ? [label('rule_result'), load('u64', 'r3', at('r7', Slot.record + Head.result)), goto('length')]
      : []),
    label('rule_perf'),
    store('u64', Stack.length, 0),
    alu('=', 'r1', 'r10'),
    alu('+=', 'r1', Stack.length.offset),
    alu('=', 'r2', 4),
    load('u64', 'r3', Stack.address),
    alu('+=', 'r3', 4),
    call('probe_read_user'),
    load('u32', 'r3', Stack.length),
    jump('>', 'r3', 256, 'perf_default'),
    jump('>=', 'r3', 64, 'length'),
    label('perf_default'),
    // The size of the first version, which stands for 0 too.
    alu('=', 'r3', 64),
    goto('length'),
  ];
}
