import { Errno } from '../../errors/index.ts';
import { failure } from '../../object/index.ts';
import { bpf_attach_type, XDP_FLAGS_DRV_MODE, XDP_FLAGS_HW_MODE, XDP_FLAGS_SKB_MODE } from '../../uapi/index.ts';
import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';
import { type AttachOrder, orderRequest } from './order.ts';
import {
  deviceIndex,
  type DeviceName,
  type MapOrFd,
  mapDescriptor,
  numberOf,
  type PathOrFd,
  withOpen,
} from './targets.ts';

/** A device, and where its XDP program runs: in the kernel's stack (`skb`), in its driver, or on the device itself. */
export type XdpTarget = DeviceName & {
  /** The driver where it can, else the stack, unless given. */
  readonly mode?: keyof typeof xdpModes;
  /** `XDP_FLAGS_*`, instead of the mode. */
  readonly flags?: number;
};

const xdpModes = { skb: XDP_FLAGS_SKB_MODE, driver: XDP_FLAGS_DRV_MODE, hardware: XDP_FLAGS_HW_MODE } as const;

/** Attaches to the XDP hook of an interface. UsageError for a target that means nothing, ObjectError if the kernel refuses. */
export function attachXdp(context: AttachContext, program: AttachableProgram, target: XdpTarget): LoadedLink {
  const { mode, flags = mode === undefined ? 0 : numberOf('mode of XDP', xdpModes, mode) } = target;
  const ifindex = deviceIndex(context.kernel, target);
  return link(context, program, { to: 'xdp', target: ifindex, attachType: bpf_attach_type.BPF_XDP, flags });
}

/** An interface, and where among the programs of its hook this one goes. */
export type DeviceTarget = DeviceName & AttachOrder;

/**
 * Attaches to a tcx hook of an interface, in the direction the program was loaded for. Since 6.6. UsageError for an
 * order that says nothing, ObjectError if the kernel refuses.
 */
export function attachTcx(context: AttachContext, program: AttachableProgram, target: DeviceTarget): LoadedLink {
  return attachToDevice(context, program, target, 'tcx');
}

/** Attaches to a netkit device, as its primary end or for its peer, as the program was loaded. Since 6.7. Errors as `attachTcx`. */
export function attachNetkit(context: AttachContext, program: AttachableProgram, target: DeviceTarget): LoadedLink {
  return attachToDevice(context, program, target, 'netkit');
}

function attachToDevice(
  context: AttachContext,
  program: AttachableProgram,
  target: DeviceTarget,
  to: 'tcx' | 'netkit',
): LoadedLink {
  const ifindex = deviceIndex(context.kernel, target);
  if (ifindex === 0) {
    const text = `prog '${program.name}': target netdevice ifindex cannot be zero`;
    throw failure(context.log, Errno.EINVAL, text);
  }
  const { flags, relative, revision } = orderRequest(target);
  return link(context, program, {
    to,
    target: ifindex,
    attachType: program.spec.expectedAttachType,
    flags,
    details: { [`${to}.relative_fd`]: relative, [`${to}.expected_revision`]: revision },
  });
}

/** Attaches to a network namespace: sk_lookup and flow dissector programs. */
export function attachNetns(context: AttachContext, program: AttachableProgram, target: PathOrFd): LoadedLink {
  const attachType = program.spec.expectedAttachType;
  const use = (fd: number) => link(context, program, { to: 'netns', target: fd, attachType });
  return withOpen(context.kernel, target, { what: 'network namespace', use });
}

/** Attaches a stream parser or verdict program to a sock map. */
export function attachSockMap(context: AttachContext, program: AttachableProgram, target: MapOrFd): LoadedLink {
  const attachType = program.spec.expectedAttachType;
  return link(context, program, { to: 'sockmap', target: mapDescriptor(target), attachType });
}

const netfilterFamilies = { ipv4: 2, ipv6: 10 } as const;
const netfilterHooks = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;

/** A hook of netfilter, by names or by numbers (NFPROTO_*, NF_INET_*); programs run in the order of their priorities. */
export interface NetfilterTarget {
  readonly family: keyof typeof netfilterFamilies | number;
  readonly hook: keyof typeof netfilterHooks | number;
  readonly priority: number;
  /** BPF_F_NETFILTER_IP_DEFRAG (1): packets come whole. Since 6.6. */
  readonly flags?: number;
}

/** Attaches to a netfilter hook. Since 6.4. UsageError for a name that is none, ObjectError if the kernel refuses. */
export function attachNetfilter(context: AttachContext, program: AttachableProgram, hook: NetfilterTarget): LoadedLink {
  return link(context, program, {
    to: 'netfilter',
    target: 0,
    attachType: bpf_attach_type.BPF_NETFILTER,
    details: {
      'netfilter.pf': numberOf('protocol family', netfilterFamilies, hook.family),
      'netfilter.hooknum': numberOf('hook', netfilterHooks, hook.hook),
      'netfilter.priority': hook.priority,
      'netfilter.flags': hook.flags ?? 0,
    },
  });
}
