import type { LinkInfo } from './link.ts';
import {
  bpf_link_type,
  bpf_perf_event_type,
  BPF_F_KPROBE_MULTI_RETURN,
  BPF_F_UPROBE_MULTI_RETURN,
} from '../uapi/index.ts';

/**
 * What a link's type adds to it. Types without details of their own have none. Names and numbers are those of the
 * union in struct bpf_link_info (include/uapi/linux/bpf.h). Where a kernel is too old to fill a field, it is 0 or
 * ''.
 */
export type LinkDetails =
  // The cookie is the user's number for this attachment, 0 by default; so everywhere below.
  | { kind: 'raw_tracepoint'; tpName: string; cookie: bigint }
  // What the program is at: the id of a BTF object or of a program, and a type in it; both 0 for none.
  | { kind: 'tracing'; attachType: number; targetObjId: number; targetBtfId: number; cookie: bigint }
  // Id 0: the group is gone, and the link is all that is left.
  | { kind: 'cgroup'; cgroupId: bigint; attachType: number }
  // The target's name says which of the others mean something; the rest are 0.
  | { kind: 'iter'; targetName: string; mapId: number; tid: number; pid: number; cgroupId: bigint; order: number }
  // Inode number of the namespace, as in /proc/PID/ns/net; 0 where it is gone.
  | { kind: 'netns'; netnsIno: number; attachType: number }
  // Protocol family and hook are numbers of netfilter; the lowest priority runs first.
  | { kind: 'netfilter'; pf: number; hook: number; priority: number; flags: number }
  // Index of the device; 0 where it is gone. tcx and netkit run several programs at each attach type.
  | { kind: 'tcx' | 'netkit'; ifindex: number; attachType: number }
  | { kind: 'sockmap'; mapId: number; attachType: number }
  | { kind: 'xdp'; ifindex: number }
  | { kind: 'struct_ops'; mapId: number }
  // Addresses are 0 for those who may not see any. `missed`: runs left out because a program ran on this CPU already.
  | { kind: 'kprobe_multi'; isReturn: boolean; count: number; missed: bigint; addresses: bigint[]; cookies: bigint[] }
  | {
      kind: 'uprobe_multi';
      isReturn: boolean;
      count: number;
      path: string;
      // 0 where the probes are for all processes.
      pid: number;
      // Offsets in the file `path`, and where its semaphores are (0 for none); the three lists go together.
      offsets: bigint[];
      refCtrOffsets: bigint[];
      cookies: bigint[];
    }
  | { kind: 'perf_event'; event: PerfEvent | undefined };

/** What a perf_event link is attached to, by bpf_link_info.perf_event.type. */
export type PerfEvent =
  // Numbers of perf_event_open(2): PERF_TYPE_* and its config.
  | { kind: 'event'; type: number; config: bigint; cookie: bigint }
  | { kind: 'tracepoint'; name: string; cookie: bigint }
  | { kind: 'uprobe'; isReturn: boolean; file: string; offset: number; cookie: bigint; refCtrOffset: bigint }
  | {
      kind: 'kprobe';
      isReturn: boolean;
      func: string;
      address: bigint;
      // From the start of `func`, in bytes.
      offset: number;
      missed: bigint;
      cookie: bigint;
    };

export type DetailsOf<K extends LinkDetails['kind']> = Extract<LinkDetails, { kind: K }>;

/**
 * Reads the details that belong to a link's type out of the kernel's answer. Undefined for types without details,
 * and those that are newer than this program.
 */
export function linkDetails(info: LinkInfo): LinkDetails | undefined {
  const { view, name } = info;
  switch (info.type) {
    case bpf_link_type.BPF_LINK_TYPE_RAW_TRACEPOINT:
      return { kind: 'raw_tracepoint', tpName: name, cookie: view.u64('raw_tracepoint.cookie') };
    case bpf_link_type.BPF_LINK_TYPE_TRACING:
      return {
        kind: 'tracing',
        attachType: view.u32('tracing.attach_type'),
        targetObjId: view.u32('tracing.target_obj_id'),
        targetBtfId: view.u32('tracing.target_btf_id'),
        cookie: view.u64('tracing.cookie'),
      };
    case bpf_link_type.BPF_LINK_TYPE_CGROUP:
      return { kind: 'cgroup', cgroupId: view.u64('cgroup.cgroup_id'), attachType: view.u32('cgroup.attach_type') };
    case bpf_link_type.BPF_LINK_TYPE_ITER:
      return {
        kind: 'iter',
        targetName: name,
        mapId: view.u32('iter.map.map_id'),
        tid: view.u32('iter.task.tid'),
        pid: view.u32('iter.task.pid'),
        cgroupId: view.u64('iter.cgroup.cgroup_id'),
        order: view.u32('iter.cgroup.order'),
      };
    case bpf_link_type.BPF_LINK_TYPE_NETNS:
      return { kind: 'netns', netnsIno: view.u32('netns.netns_ino'), attachType: view.u32('netns.attach_type') };
    case bpf_link_type.BPF_LINK_TYPE_NETFILTER:
      return {
        kind: 'netfilter',
        pf: view.u32('netfilter.pf'),
        hook: view.u32('netfilter.hooknum'),
        priority: view.u32('netfilter.priority'),
        flags: view.u32('netfilter.flags'),
      };
    case bpf_link_type.BPF_LINK_TYPE_TCX:
      return { kind: 'tcx', ifindex: view.u32('tcx.ifindex'), attachType: view.u32('tcx.attach_type') };
    case bpf_link_type.BPF_LINK_TYPE_NETKIT:
      return { kind: 'netkit', ifindex: view.u32('netkit.ifindex'), attachType: view.u32('netkit.attach_type') };
    case bpf_link_type.BPF_LINK_TYPE_SOCKMAP:
      return { kind: 'sockmap', mapId: view.u32('sockmap.map_id'), attachType: view.u32('sockmap.attach_type') };
    case bpf_link_type.BPF_LINK_TYPE_XDP:
      return { kind: 'xdp', ifindex: view.u32('xdp.ifindex') };
    case bpf_link_type.BPF_LINK_TYPE_STRUCT_OPS:
      return { kind: 'struct_ops', mapId: view.u32('struct_ops.map_id') };
    case bpf_link_type.BPF_LINK_TYPE_KPROBE_MULTI:
      return {
        kind: 'kprobe_multi',
        isReturn: (view.u32('kprobe_multi.flags') & BPF_F_KPROBE_MULTI_RETURN) !== 0,
        count: view.u32('kprobe_multi.count'),
        missed: view.u64('kprobe_multi.missed'),
        addresses: info.addresses,
        cookies: info.cookies,
      };
    case bpf_link_type.BPF_LINK_TYPE_UPROBE_MULTI:
      return {
        kind: 'uprobe_multi',
        isReturn: (view.u32('uprobe_multi.flags') & BPF_F_UPROBE_MULTI_RETURN) !== 0,
        count: view.u32('uprobe_multi.count'),
        path: name,
        pid: view.u32('uprobe_multi.pid'),
        offsets: info.addresses,
        refCtrOffsets: info.refCounterOffsets,
        cookies: info.cookies,
      };
    case bpf_link_type.BPF_LINK_TYPE_PERF_EVENT:
      return { kind: 'perf_event', event: perfEvent(info) };
    default:
      return undefined;
  }
}

function perfEvent({ view, name }: LinkInfo): PerfEvent | undefined {
  const type = view.u32('perf_event.type');
  switch (type) {
    case bpf_perf_event_type.BPF_PERF_EVENT_EVENT:
      return {
        kind: 'event',
        type: view.u32('perf_event.event.type'),
        config: view.u64('perf_event.event.config'),
        cookie: view.u64('perf_event.event.cookie'),
      };
    case bpf_perf_event_type.BPF_PERF_EVENT_TRACEPOINT:
      return { kind: 'tracepoint', name, cookie: view.u64('perf_event.tracepoint.cookie') };
    case bpf_perf_event_type.BPF_PERF_EVENT_KPROBE:
    case bpf_perf_event_type.BPF_PERF_EVENT_KRETPROBE:
      return {
        kind: 'kprobe',
        isReturn: type === bpf_perf_event_type.BPF_PERF_EVENT_KRETPROBE,
        func: name,
        address: view.u64('perf_event.kprobe.addr'),
        offset: view.u32('perf_event.kprobe.offset'),
        missed: view.u64('perf_event.kprobe.missed'),
        cookie: view.u64('perf_event.kprobe.cookie'),
      };
    case bpf_perf_event_type.BPF_PERF_EVENT_UPROBE:
    case bpf_perf_event_type.BPF_PERF_EVENT_URETPROBE:
      return {
        kind: 'uprobe',
        isReturn: type === bpf_perf_event_type.BPF_PERF_EVENT_URETPROBE,
        file: name,
        offset: view.u32('perf_event.uprobe.offset'),
        cookie: view.u64('perf_event.uprobe.cookie'),
        refCtrOffset: view.u64('perf_event.uprobe.ref_ctr_offset'),
      };
    default:
      return undefined;
  }
}
