import { Errno } from '../../errors/index.ts';
import { failure } from '../../object/index.ts';
import { bpf_attach_type } from '../../uapi/index.ts';
import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';
import { type AttachOrder, orderRequest } from './order.ts';

/** Attaches to the XDP hook of an interface. */
export function attachXdp(
  context: AttachContext,
  program: AttachableProgram,
  target: { ifindex: number; flags?: number },
): LoadedLink {
  const { ifindex, flags } = target;
  return link(context, program, {
    to: 'xdp',
    target: ifindex,
    attachType: bpf_attach_type.BPF_XDP,
    ...(flags === undefined ? {} : { flags }),
  });
}

/** An interface, and where among the programs of its hook this one goes. */
export interface DeviceTarget extends AttachOrder {
  readonly ifindex: number;
}

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
  if (target.ifindex === 0) {
    const text = `prog '${program.name}': target netdevice ifindex cannot be zero`;
    throw failure(context.log, Errno.EINVAL, text);
  }
  const { flags, relative, revision } = orderRequest(target);
  return link(context, program, {
    to,
    target: target.ifindex,
    attachType: program.spec.expectedAttachType,
    flags,
    details: { [`${to}.relative_fd`]: relative, [`${to}.expected_revision`]: revision },
  });
}

/** Attaches to a network namespace: sk_lookup and flow dissector programs. */
export function attachNetns(context: AttachContext, program: AttachableProgram, target: { fd: number }): LoadedLink {
  return link(context, program, { to: 'netns', target: target.fd, attachType: program.spec.expectedAttachType });
}

/** Attaches a stream parser or verdict program to a sock map. */
export function attachSockMap(
  context: AttachContext,
  program: AttachableProgram,
  target: { mapFd: number },
): LoadedLink {
  return link(context, program, { to: 'sockmap', target: target.mapFd, attachType: program.spec.expectedAttachType });
}

/** Attaches to a netfilter hook: protocol family, hook number (NF_INET_*), priority. Since 6.4. */
export function attachNetfilter(
  context: AttachContext,
  program: AttachableProgram,
  hook: { family: number; hook: number; priority: number; flags?: number },
): LoadedLink {
  return link(context, program, {
    to: 'netfilter',
    target: 0,
    attachType: bpf_attach_type.BPF_NETFILTER,
    details: {
      'netfilter.pf': hook.family,
      'netfilter.hooknum': hook.hook,
      'netfilter.priority': hook.priority,
      'netfilter.flags': hook.flags ?? 0,
    },
  });
}
