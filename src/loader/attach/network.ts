import { bpf_attach_type } from '../../uapi/index.ts';
import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';

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

/** Attaches to a tcx hook of an interface, in the direction the program was loaded for. Since 6.6. */
export function attachTcx(context: AttachContext, program: AttachableProgram, target: { ifindex: number }): LoadedLink {
  return link(context, program, { to: 'tcx', target: target.ifindex, attachType: program.spec.expectedAttachType });
}

/** Attaches to a netkit device, as the program was loaded for. Since 6.7. */
export function attachNetkit(
  context: AttachContext,
  program: AttachableProgram,
  target: { ifindex: number },
): LoadedLink {
  return link(context, program, { to: 'netkit', target: target.ifindex, attachType: program.spec.expectedAttachType });
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
