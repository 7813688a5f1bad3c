import type { Kernel } from '../sys/index.ts';
import { attr_query, bpf_cmd, structView } from '../uapi/index.ts';

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

const EINVAL = -22;
const ENOSPC = -28;

/** Programs attached to a hook, by BPF_PROG_QUERY, or -errno. */
export function queryAttached(kernel: Kernel, request: QueryRequest): AttachedPrograms | number {
  const details = request.details ?? 'none';
  for (let capacity = 64; capacity <= 1 << 16; capacity *= 2) {
    const ids = new Uint32Array(capacity);
    const programFlags = new Uint32Array(capacity);
    const links = new Uint32Array(capacity);
    const linkFlags = new Uint32Array(capacity);
    const at = (array: Uint32Array): bigint => kernel.address(new Uint8Array(array.buffer));
    const attr = structView(attr_query)
      .set('target_fd', request.targetFd ?? request.ifindex ?? 0)
      .set('attach_type', request.attachType)
      .set('query_flags', request.flags ?? 0)
      .set('prog_ids', at(ids))
      .set('count', capacity);
    if (details !== 'none') attr.set('prog_attach_flags', at(programFlags));
    if (details === 'links') attr.set('link_ids', at(links)).set('link_attach_flags', at(linkFlags));
    const result = kernel.bpf(bpf_cmd.BPF_PROG_QUERY, attr.bytes);
    if (result === ENOSPC) continue;
    if (result < 0) return result;
    const programs = Array.from(ids.subarray(0, Math.min(attr.u32('count'), capacity)), (id, i) => ({
      id,
      attachFlags: programFlags[i] ?? 0,
      linkId: links[i] ?? 0,
      linkAttachFlags: linkFlags[i] ?? 0,
    }));
    return { attachFlags: attr.u32('attach_flags'), revision: attr.u64('revision'), programs };
  }
  return EINVAL;
}
