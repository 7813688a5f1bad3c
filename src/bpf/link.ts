import { cString } from '../bytes/index.ts';
import type { Kernel } from '../sys/index.ts';
import {
  attr_iter_create,
  attr_link_create,
  attr_link_detach,
  attr_link_update,
  attr_raw_tracepoint,
  BPF_F_REPLACE,
  bpf_cmd,
  type NativeStruct,
  structView,
} from '../uapi/index.ts';

/** What a link is made with. */
export interface LinkRequest {
  readonly programFd: number;
  /** An fd or an interface index, by attach type. */
  readonly target: number;
  readonly attachType: number;
  readonly flags?: number;
  /** Members that depend on the link type. */
  readonly details?: LinkDetails;
}

/** Members of `bpf_attr.link_create`: numbers, and what pointers name. */
export type LinkDetails = Partial<
  Record<keyof typeof attr_link_create.members, number | bigint | Uint8Array | NativeStruct>
>;

/** Creates a link by BPF_LINK_CREATE: its descriptor, or -errno. Since 5.7. */
export function createLink(kernel: Kernel, request: LinkRequest): number {
  const attr = structView(attr_link_create);
  attr.set('prog_fd', request.programFd);
  attr.set('target_fd', request.target);
  attr.set('attach_type', request.attachType);
  attr.set('flags', request.flags ?? 0);
  for (const [member, value] of Object.entries(request.details ?? {})) {
    if (typeof value === 'object') attr.point(member as keyof LinkDetails, value);
    else attr.set(member as keyof LinkDetails, value);
  }
  return kernel.bpf(bpf_cmd.BPF_LINK_CREATE, attr);
}

/** Forces a link off its hook. Returns 0 or -errno. Since 5.9. */
export function detachLink(kernel: Kernel, fd: number): number {
  return kernel.bpf(bpf_cmd.BPF_LINK_DETACH, structView(attr_link_detach).set('link_fd', fd));
}

/**
 * Attaches to a raw tracepoint, or, without a name, where the program was loaded for (fentry, LSM …): the descriptor that
 * holds it, or -errno.
 */
export function openRawTracepoint(kernel: Kernel, programFd: number, name: string | undefined): number {
  const attr = structView(attr_raw_tracepoint);
  const text = name === undefined ? undefined : cString(name);
  if (text) attr.point('name', text);
  attr.set('prog_fd', programFd);
  return kernel.bpf(bpf_cmd.BPF_RAW_TRACEPOINT_OPEN, attr);
}

/** Begins a run of an iterator's link: a descriptor whose reads have the program called for each object, or -errno. Since 5.8. */
export function openIterator(kernel: Kernel, linkFd: number): number {
  return kernel.bpf(bpf_cmd.BPF_ITER_CREATE, structView(attr_iter_create).set('link_fd', linkFd));
}

/** What a link is changed to run. Descriptors are those of programs, or of maps for links of struct_ops. */
export interface LinkUpdate {
  readonly linkFd: number;
  readonly newFd: number;
  /** Of what it is expected to run now: -EPERM where it runs something else. */
  readonly oldFd?: number | undefined;
}

/** Has a link run another program by BPF_LINK_UPDATE. Returns 0 or -errno. Since 5.7. */
export function updateLink(kernel: Kernel, { linkFd, newFd, oldFd }: LinkUpdate): number {
  const attr = structView(attr_link_update).set('link_fd', linkFd).set('new_prog_fd', newFd);
  if (oldFd !== undefined) attr.set('old_prog_fd', oldFd).set('flags', BPF_F_REPLACE);
  return kernel.bpf(bpf_cmd.BPF_LINK_UPDATE, attr);
}
