import { Errno } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import { attr_query, bpf_cmd, type StructView, structView } from '../uapi/index.ts';

export interface QueryRequest {
  /** A cgroup, network namespace or map descriptor. */
  targetFd?: number;
  /** A network device (tcx, netkit). */
  ifindex?: number;
  attachType: number;
  /** `BPF_F_QUERY_EFFECTIVE`. */
  flags?: number;
  /** Ask for what only some targets can tell; refused with -EINVAL by the others. */
  details?: 'none' | 'flags' | 'links';
}

export interface AttachedPrograms {
  /** Flags of the whole hook. */
  attachFlags: number;
  revision: bigint;
  /** In the order they run. `linkId` is 0 for a program attached without a link. */
  programs: { id: number; attachFlags: number; linkId: number; linkAttachFlags: number }[];
}

/** Number of programs attached to a hook, or -errno. */
export function attachedCount(kernel: Kernel, request: QueryRequest): number {
  const attr = hookView(request);
  const result = kernel.bpf(bpf_cmd.BPF_PROG_QUERY, attr);
  return result < 0 ? result : attr.u32('count');
}

function hookView({ targetFd, ifindex, attachType, flags = 0 }: QueryRequest): StructView<typeof attr_query> {
  const attr = structView(attr_query).set('target_fd', targetFd ?? ifindex ?? 0);
  return attr.set('attach_type', attachType).set('query_flags', flags);
}

/** Programs attached to a hook, by BPF_PROG_QUERY, or -errno. */
export function queryAttached(kernel: Kernel, request: QueryRequest): AttachedPrograms | number {
  const details = request.details ?? 'none';
  for (let capacity = 64; capacity <= 1 << 16; capacity *= 2) {
    const ids = new Uint32Array(capacity);
    const programFlags = new Uint32Array(capacity);
    const links = new Uint32Array(capacity);
    const linkFlags = new Uint32Array(capacity);
    const bytesOf = (array: Uint32Array) => new Uint8Array(array.buffer);
    const attr = hookView(request).receive('prog_ids', bytesOf(ids)).set('count', capacity);
    if (details !== 'none') attr.receive('prog_attach_flags', bytesOf(programFlags));
    if (details === 'links') attr.receive('link_ids', bytesOf(links)).receive('link_attach_flags', bytesOf(linkFlags));
    const result = kernel.bpf(bpf_cmd.BPF_PROG_QUERY, attr);
    if (result === -Errno.ENOSPC) continue;
    if (result < 0) return result;
    const programs = Array.from(ids.subarray(0, Math.min(attr.u32('count'), capacity)), (id, i) => ({
      id,
      attachFlags: programFlags[i] ?? 0,
      linkId: links[i] ?? 0,
      linkAttachFlags: linkFlags[i] ?? 0,
    }));
    return { attachFlags: attr.u32('attach_flags'), revision: attr.u64('revision'), programs };
  }
  return -Errno.EINVAL;
}
