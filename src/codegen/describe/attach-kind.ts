import { type ProgramSpec, sectionHandling } from '../../object/index.ts';
import { bpf_attach_type, bpf_prog_type } from '../../uapi/index.ts';

/**
 * What a program is attached to: `auto` where its section says all of it, `none` where nothing can be attached or the
 * object's user has to do it in another way, else what the caller must name.
 */
export type AttachKind =
  | 'auto'
  | 'none'
  | 'kprobe'
  | 'kprobeMulti'
  | 'ksyscall'
  | 'uprobe'
  | 'uprobeMulti'
  | 'usdt'
  | 'tracepoint'
  | 'rawTracepoint'
  | 'tracingMulti'
  | 'xdp'
  | 'tcx'
  | 'netkit'
  | 'cgroup'
  | 'netns'
  | 'sockMap'
  | 'netfilter'
  | 'perfEvent'
  | 'tc'
  | 'socket';

/** Kinds of programs that are attached where a caller says, by type. */
const byType: ReadonlyMap<number, AttachKind> = new Map<number, AttachKind>([
  [bpf_prog_type.BPF_PROG_TYPE_CGROUP_SKB, 'cgroup'],
  [bpf_prog_type.BPF_PROG_TYPE_CGROUP_SOCK, 'cgroup'],
  [bpf_prog_type.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 'cgroup'],
  [bpf_prog_type.BPF_PROG_TYPE_CGROUP_SOCKOPT, 'cgroup'],
  [bpf_prog_type.BPF_PROG_TYPE_CGROUP_SYSCTL, 'cgroup'],
  [bpf_prog_type.BPF_PROG_TYPE_CGROUP_DEVICE, 'cgroup'],
  [bpf_prog_type.BPF_PROG_TYPE_SOCK_OPS, 'cgroup'],
  [bpf_prog_type.BPF_PROG_TYPE_FLOW_DISSECTOR, 'netns'],
  [bpf_prog_type.BPF_PROG_TYPE_SK_LOOKUP, 'netns'],
  [bpf_prog_type.BPF_PROG_TYPE_SK_SKB, 'sockMap'],
  [bpf_prog_type.BPF_PROG_TYPE_SK_MSG, 'sockMap'],
  [bpf_prog_type.BPF_PROG_TYPE_NETFILTER, 'netfilter'],
  [bpf_prog_type.BPF_PROG_TYPE_PERF_EVENT, 'perfEvent'],
  [bpf_prog_type.BPF_PROG_TYPE_SOCKET_FILTER, 'socket'],
  [bpf_prog_type.BPF_PROG_TYPE_SK_REUSEPORT, 'socket'],
]);

/** And by what they are to be attached to. */
const byAttachType: ReadonlyMap<number, AttachKind> = new Map<number, AttachKind>([
  [bpf_attach_type.BPF_XDP, 'xdp'],
  [bpf_attach_type.BPF_TCX_INGRESS, 'tcx'],
  [bpf_attach_type.BPF_TCX_EGRESS, 'tcx'],
  [bpf_attach_type.BPF_NETKIT_PRIMARY, 'netkit'],
  [bpf_attach_type.BPF_NETKIT_PEER, 'netkit'],
  [bpf_attach_type.BPF_LSM_CGROUP, 'cgroup'],
]);

/** How sections that can name their place do where they do not. */
const withoutPlace = {
  kprobe: 'kprobe',
  uprobe: 'uprobe',
  kprobe_multi: 'kprobeMulti',
  kprobe_session: 'kprobeMulti',
  uprobe_multi: 'uprobeMulti',
  ksyscall: 'ksyscall',
  usdt: 'usdt',
  tp: 'tracepoint',
  raw_tp: 'rawTracepoint',
  tracing_multi: 'tracingMulti',
} as const;

/** How a program is attached, by its section. */
export function attachKind(program: ProgramSpec): AttachKind {
  const { sectionName, expectedAttachType, type } = program;
  const automatic = sectionHandling(program)?.autoAttach;
  if (automatic === 'trace' || automatic === 'lsm' || automatic === 'iter') return 'auto';
  if (automatic !== undefined) return /\/./.test(sectionName) ? 'auto' : withoutPlace[automatic];
  // Sections that do not say which end of a connection: it is the caller's to give them a type.
  if (sectionName === 'cgroup/skb' || sectionName === 'sk_skb') return 'none';
  if (type === bpf_prog_type.BPF_PROG_TYPE_SCHED_CLS && expectedAttachType === 0) return 'tc';
  return byType.get(type) ?? byAttachType.get(expectedAttachType) ?? 'none';
}
