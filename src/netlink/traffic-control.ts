import { cString } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import {
  ETH_P_ALL,
  structView,
  TC_H_CLSACT,
  TC_H_MAJ_MASK,
  TC_H_MIN_EGRESS,
  TC_H_MIN_INGRESS,
  TCA_BPF_FD,
  TCA_BPF_FLAG_ACT_DIRECT,
  TCA_BPF_FLAGS,
  TCA_ACT_BPF_ID,
  TCA_ACT_BPF_NAME,
  TCA_ACT_BPF_PARMS,
  TCA_ACT_KIND,
  TCA_ACT_MAX_PRIO,
  TCA_ACT_OPTIONS,
  TCA_BPF_ACT,
  TCA_BPF_ID,
  TCA_BPF_NAME,
  TCA_KIND,
  TCA_OPTIONS,
  tcmsg,
} from '../uapi/index.ts';
import { Attributes, attribute, joined, numberAttribute } from './attributes.ts';

/** A queueing discipline or a class of one. */
export interface TrafficClass {
  readonly deviceIndex: number;
  /** Major and minor number, 16 bits each; a discipline's minor number is 0. */
  readonly handle: number;
  /** `htb`, `clsact` …; undefined where the kernel does not tell. */
  readonly kind: string | undefined;
}

/** A classifier that is a BPF program. Names are those that whoever attached it gave. */
export interface BpfFilter {
  readonly name: string | undefined;
  readonly programId: number | undefined;
  /** Those of its actions that are BPF programs, in the order they run; undefined for one without any actions. */
  readonly actions: readonly BpfAction[] | undefined;
}

export interface BpfAction {
  readonly name: string | undefined;
  readonly programId: number | undefined;
}

/** A request about traffic control of a device: `struct tcmsg`. `parent`: handle of what filters belong to. */
export function trafficRequest(request: { deviceIndex: number; parent?: number }): Uint8Array {
  return structView(tcmsg)
    .set('tcm_ifindex', request.deviceIndex)
    .set('tcm_parent', request.parent ?? 0).bytes;
}

/** Payload of RTM_NEWQDISC and RTM_DELQDISC for a device's clsact discipline. */
export function qdiscRequest(deviceIndex: number): Uint8Array {
  const head = structView(tcmsg)
    .set('tcm_ifindex', deviceIndex)
    .set('tcm_handle', majorOf(TC_H_CLSACT))
    .set('tcm_parent', TC_H_CLSACT);
  return joined(head.bytes, attribute(TCA_KIND, cString('clsact')));
}

/** Where a filter is: 0 has the kernel choose. */
export interface FilterPlace {
  readonly priority: number;
  readonly handle: number;
}

/** Payload of RTM_NEWTFILTER, or, without a program, of RTM_DELTFILTER, for a BPF filter of the clsact discipline. */
export function filterRequest(
  filter: FilterPlace & {
    readonly ifindex: number;
    readonly direction: 'ingress' | 'egress';
    readonly programFd?: number;
    readonly name?: string;
  },
): Uint8Array {
  const minor = filter.direction === 'ingress' ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS;
  const head = structView(tcmsg)
    .set('tcm_ifindex', filter.ifindex)
    .set('tcm_handle', filter.handle)
    .set('tcm_parent', (majorOf(TC_H_CLSACT) | minor) >>> 0)
    // The protocol in network order.
    .set('tcm_info', ((filter.priority << 16) | (ETH_P_ALL << 8)) >>> 0);
  const kind = attribute(TCA_KIND, cString('bpf'));
  if (filter.programFd === undefined) return joined(head.bytes, kind);
  const options = joined(
    numberAttribute(TCA_BPF_FD, filter.programFd),
    attribute(TCA_BPF_NAME, cString(filter.name ?? 'bpf')),
    numberAttribute(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT),
  );
  return joined(head.bytes, kind, attribute(TCA_OPTIONS, options, { nested: true }));
}

/** Reads where the filter of RTM_NEWTFILTER is. Throws ParseError. */
export function readFilterPlace(payload: Uint8Array): FilterPlace {
  attributesOf(payload);
  const view = structView(tcmsg, payload);
  return { priority: view.u32('tcm_info') >>> 16, handle: view.u32('tcm_handle') };
}

const majorOf = (handle: number): number => (handle & TC_H_MAJ_MASK) >>> 0;

/** Reads the payload of RTM_NEWQDISC or RTM_NEWTCLASS. Throws ParseError. */
export function readClass(payload: Uint8Array): TrafficClass {
  const attributes = attributesOf(payload);
  const view = structView(tcmsg, payload);
  return {
    deviceIndex: view.u32('tcm_ifindex'),
    handle: view.u32('tcm_handle'),
    kind: attributes.text(TCA_KIND),
  };
}

/**
 * Reads the payload of RTM_NEWTFILTER; undefined for a filter that is no BPF program, and for the message without
 * options that the kernel sends before the filters of one priority. Throws ParseError.
 */
export function readBpfFilter(payload: Uint8Array): BpfFilter | undefined {
  const attributes = attributesOf(payload);
  if (attributes.text(TCA_KIND) !== 'bpf') return undefined;
  const options = attributes.nested(TCA_OPTIONS);
  if (options === undefined) return undefined;
  return {
    name: options.text(TCA_BPF_NAME),
    programId: options.u32(TCA_BPF_ID),
    actions: readActions(options.nested(TCA_BPF_ACT)),
  };
}

/** The types of the attributes count the actions. */
function readActions(actions: Attributes | undefined): BpfAction[] | undefined {
  if (actions === undefined) return undefined;
  const found: BpfAction[] = [];
  for (let order = 0; order <= TCA_ACT_MAX_PRIO; order++) {
    const action = actions.nested(order);
    if (action?.text(TCA_ACT_KIND) === 'bpf') found.push(readBpfAction(action.nested(TCA_ACT_OPTIONS)));
  }
  return found;
}

function readBpfAction(options: Attributes | undefined): BpfAction {
  if (!options?.has(TCA_ACT_BPF_PARMS)) throw new ParseError('netlink action', 0, 'expected its parameters');
  return { name: options.text(TCA_ACT_BPF_NAME), programId: options.u32(TCA_ACT_BPF_ID) };
}

function attributesOf(payload: Uint8Array): Attributes {
  if (payload.length < tcmsg.size) {
    throw new ParseError('netlink traffic control', payload.length, `expected ${tcmsg.size} bytes`);
  }
  return new Attributes(payload.subarray(tcmsg.size));
}
