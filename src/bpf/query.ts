import { zeroedBytes } from '../bytes/index.ts';
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

/** So many fit into small arrays; a hook with more is asked again. */
const usualPrograms = 32;
const mostPrograms = 1 << 16;

/** Programs attached to a hook, by BPF_PROG_QUERY, or -errno. */
export function queryAttached(kernel: Kernel, request: QueryRequest): AttachedPrograms | number {
  const details = request.details ?? 'none';
  for (let capacity = usualPrograms; capacity <= mostPrograms; capacity *= 2) {
    const [ids, programFlags, links, linkFlags] = [room(capacity), room(capacity), room(capacity), room(capacity)];
    const attr = hookView(request).receive('prog_ids', ids.bytes).set('count', capacity);
    if (details !== 'none') attr.receive('prog_attach_flags', programFlags.bytes);
    if (details === 'links') attr.receive('link_ids', links.bytes).receive('link_attach_flags', linkFlags.bytes);
    const result = kernel.bpf(bpf_cmd.BPF_PROG_QUERY, attr);
    if (result === -Errno.ENOSPC) continue;
    if (result < 0) return result;
    const programs = Array.from(ids.words.subarray(0, Math.min(attr.u32('count'), capacity)), (id, i) => ({
      id,
      attachFlags: programFlags.words[i] ?? 0,
      linkId: links.words[i] ?? 0,
      linkAttachFlags: linkFlags.words[i] ?? 0,
    }));
    return { attachFlags: attr.u32('attach_flags'), revision: attr.u64('revision'), programs };
  }
  return -Errno.EINVAL;
}

/** An array of so many numbers, and its bytes. */
function room(length: number): { words: Uint32Array; bytes: Uint8Array } {
  const bytes = zeroedBytes(length * 4);
  return { words: new Uint32Array(bytes.buffer, bytes.byteOffset, length), bytes };
}
