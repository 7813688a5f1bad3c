import { BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS, bpf_attach_type, bpf_prog_type } from '../uapi/index.ts';

/** How a program of a section is attached where no target is given. */
export type AutoAttach =
  | 'kprobe'
  | 'uprobe'
  | 'kprobe_multi'
  | 'kprobe_session'
  | 'uprobe_multi'
  | 'ksyscall'
  | 'usdt'
  | 'tp'
  | 'raw_tp'
  | 'trace'
  | 'tracing_multi'
  | 'lsm'
  | 'iter';

/** What the name of a section says of its programs. */
export interface SectionDefinition {
  /** The pattern: `type` matches exactly, `type+` also `type/anything`. */
  readonly pattern: string;
  /** BPF_PROG_TYPE_* */
  readonly programType: number;
  /** BPF_* attach type, 0 if none. */
  readonly attachType: number;
  /** Loaded with BPF_F_SLEEPABLE: helpers that may sleep can be called. */
  readonly sleepable: boolean;
  /** The rest of the section's name is a function of the kernel's (or a program's) BTF. */
  readonly attachBtf: boolean;
  /** Loaded with BPF_F_XDP_HAS_FRAGS: the program accepts packets of several buffers. */
  readonly xdpFrags: boolean;
  /** Attached to user-space tracepoints, by one uprobe-multi link where the kernel has such. */
  readonly usdt: boolean;
  /** The kernel knows an expected attach type for these programs. */
  readonly attachable: boolean;
  /** Old kernels refuse the expected attach type; it is dropped there. */
  readonly optionalAttachType: boolean;
  readonly autoAttach: AutoAttach | undefined;
}

// Pattern, program type, attach type, properties, automatic attachment. The first match counts.
// Source: libbpf 1.8, section_defs.
// biome-ignore format: a table
const table: readonly (readonly [string, string, string, string, AutoAttach | ''])[] = [
  ['socket', 'SOCKET_FILTER', '', '', ''],
  ['sk_reuseport/migrate', 'SK_REUSEPORT', 'BPF_SK_REUSEPORT_SELECT_OR_MIGRATE', 'attachable', ''],
  ['sk_reuseport', 'SK_REUSEPORT', 'BPF_SK_REUSEPORT_SELECT', 'attachable', ''],
  ['kprobe+', 'KPROBE', '', '', 'kprobe'],
  ['uprobe+', 'KPROBE', '', '', 'uprobe'],
  ['uprobe.s+', 'KPROBE', '', 'sleepable', 'uprobe'],
  ['kretprobe+', 'KPROBE', '', '', 'kprobe'],
  ['uretprobe+', 'KPROBE', '', '', 'uprobe'],
  ['uretprobe.s+', 'KPROBE', '', 'sleepable', 'uprobe'],
  ['kprobe.multi+', 'KPROBE', 'BPF_TRACE_KPROBE_MULTI', '', 'kprobe_multi'],
  ['kretprobe.multi+', 'KPROBE', 'BPF_TRACE_KPROBE_MULTI', '', 'kprobe_multi'],
  ['kprobe.session+', 'KPROBE', 'BPF_TRACE_KPROBE_SESSION', '', 'kprobe_session'],
  ['uprobe.multi+', 'KPROBE', 'BPF_TRACE_UPROBE_MULTI', '', 'uprobe_multi'],
  ['uretprobe.multi+', 'KPROBE', 'BPF_TRACE_UPROBE_MULTI', '', 'uprobe_multi'],
  ['uprobe.session+', 'KPROBE', 'BPF_TRACE_UPROBE_SESSION', '', 'uprobe_multi'],
  ['uprobe.multi.s+', 'KPROBE', 'BPF_TRACE_UPROBE_MULTI', 'sleepable', 'uprobe_multi'],
  ['uretprobe.multi.s+', 'KPROBE', 'BPF_TRACE_UPROBE_MULTI', 'sleepable', 'uprobe_multi'],
  ['uprobe.session.s+', 'KPROBE', 'BPF_TRACE_UPROBE_SESSION', 'sleepable', 'uprobe_multi'],
  ['ksyscall+', 'KPROBE', '', '', 'ksyscall'],
  ['kretsyscall+', 'KPROBE', '', '', 'ksyscall'],
  ['usdt+', 'KPROBE', '', 'usdt', 'usdt'],
  ['usdt.s+', 'KPROBE', '', 'usdt sleepable', 'usdt'],
  ['tc/ingress', 'SCHED_CLS', 'BPF_TCX_INGRESS', '', ''],
  ['tc/egress', 'SCHED_CLS', 'BPF_TCX_EGRESS', '', ''],
  ['tcx/ingress', 'SCHED_CLS', 'BPF_TCX_INGRESS', '', ''],
  ['tcx/egress', 'SCHED_CLS', 'BPF_TCX_EGRESS', '', ''],
  ['tc', 'SCHED_CLS', '', '', ''],
  ['classifier', 'SCHED_CLS', '', '', ''],
  ['action', 'SCHED_ACT', '', '', ''],
  ['netkit/primary', 'SCHED_CLS', 'BPF_NETKIT_PRIMARY', '', ''],
  ['netkit/peer', 'SCHED_CLS', 'BPF_NETKIT_PEER', '', ''],
  ['tracepoint+', 'TRACEPOINT', '', '', 'tp'],
  ['tp+', 'TRACEPOINT', '', '', 'tp'],
  ['tracepoint.s+', 'TRACEPOINT', '', 'sleepable', 'tp'],
  ['tp.s+', 'TRACEPOINT', '', 'sleepable', 'tp'],
  ['raw_tracepoint+', 'RAW_TRACEPOINT', '', '', 'raw_tp'],
  ['raw_tp+', 'RAW_TRACEPOINT', '', '', 'raw_tp'],
  ['raw_tracepoint.s+', 'RAW_TRACEPOINT', '', 'sleepable', 'raw_tp'],
  ['raw_tp.s+', 'RAW_TRACEPOINT', '', 'sleepable', 'raw_tp'],
  ['raw_tracepoint.w+', 'RAW_TRACEPOINT_WRITABLE', '', '', 'raw_tp'],
  ['raw_tp.w+', 'RAW_TRACEPOINT_WRITABLE', '', '', 'raw_tp'],
  ['tp_btf+', 'TRACING', 'BPF_TRACE_RAW_TP', 'attachBtf', 'trace'],
  ['tp_btf.s+', 'TRACING', 'BPF_TRACE_RAW_TP', 'attachBtf sleepable', 'trace'],
  ['fentry+', 'TRACING', 'BPF_TRACE_FENTRY', 'attachBtf', 'trace'],
  ['fmod_ret+', 'TRACING', 'BPF_MODIFY_RETURN', 'attachBtf', 'trace'],
  ['fexit+', 'TRACING', 'BPF_TRACE_FEXIT', 'attachBtf', 'trace'],
  ['fentry.s+', 'TRACING', 'BPF_TRACE_FENTRY', 'attachBtf sleepable', 'trace'],
  ['fmod_ret.s+', 'TRACING', 'BPF_MODIFY_RETURN', 'attachBtf sleepable', 'trace'],
  ['fexit.s+', 'TRACING', 'BPF_TRACE_FEXIT', 'attachBtf sleepable', 'trace'],
  ['fsession+', 'TRACING', 'BPF_TRACE_FSESSION', 'attachBtf', 'trace'],
  ['fsession.s+', 'TRACING', 'BPF_TRACE_FSESSION', 'attachBtf sleepable', 'trace'],
  ['fsession.multi+', 'TRACING', 'BPF_TRACE_FSESSION_MULTI', '', 'tracing_multi'],
  ['fsession.multi.s+', 'TRACING', 'BPF_TRACE_FSESSION_MULTI', 'sleepable', 'tracing_multi'],
  ['fentry.multi+', 'TRACING', 'BPF_TRACE_FENTRY_MULTI', '', 'tracing_multi'],
  ['fexit.multi+', 'TRACING', 'BPF_TRACE_FEXIT_MULTI', '', 'tracing_multi'],
  ['fentry.multi.s+', 'TRACING', 'BPF_TRACE_FENTRY_MULTI', 'sleepable', 'tracing_multi'],
  ['fexit.multi.s+', 'TRACING', 'BPF_TRACE_FEXIT_MULTI', 'sleepable', 'tracing_multi'],
  ['freplace+', 'EXT', '', 'attachBtf', 'trace'],
  ['lsm+', 'LSM', 'BPF_LSM_MAC', 'attachBtf', 'lsm'],
  ['lsm.s+', 'LSM', 'BPF_LSM_MAC', 'attachBtf sleepable', 'lsm'],
  ['lsm_cgroup+', 'LSM', 'BPF_LSM_CGROUP', 'attachBtf', ''],
  ['iter+', 'TRACING', 'BPF_TRACE_ITER', 'attachBtf', 'iter'],
  ['iter.s+', 'TRACING', 'BPF_TRACE_ITER', 'attachBtf sleepable', 'iter'],
  ['syscall', 'SYSCALL', '', 'sleepable', ''],
  ['xdp.frags/devmap', 'XDP', 'BPF_XDP_DEVMAP', 'xdpFrags', ''],
  ['xdp/devmap', 'XDP', 'BPF_XDP_DEVMAP', 'attachable', ''],
  ['xdp.frags/cpumap', 'XDP', 'BPF_XDP_CPUMAP', 'xdpFrags', ''],
  ['xdp/cpumap', 'XDP', 'BPF_XDP_CPUMAP', 'attachable', ''],
  ['xdp.frags', 'XDP', 'BPF_XDP', 'xdpFrags', ''],
  ['xdp', 'XDP', 'BPF_XDP', 'attachable optional', ''],
  ['perf_event', 'PERF_EVENT', '', '', ''],
  ['lwt_in', 'LWT_IN', '', '', ''],
  ['lwt_out', 'LWT_OUT', '', '', ''],
  ['lwt_xmit', 'LWT_XMIT', '', '', ''],
  ['lwt_seg6local', 'LWT_SEG6LOCAL', '', '', ''],
  ['sockops', 'SOCK_OPS', 'BPF_CGROUP_SOCK_OPS', 'attachable optional', ''],
  ['sk_skb/stream_parser', 'SK_SKB', 'BPF_SK_SKB_STREAM_PARSER', 'attachable optional', ''],
  ['sk_skb/stream_verdict', 'SK_SKB', 'BPF_SK_SKB_STREAM_VERDICT', 'attachable optional', ''],
  ['sk_skb/verdict', 'SK_SKB', 'BPF_SK_SKB_VERDICT', 'attachable optional', ''],
  ['sk_skb', 'SK_SKB', '', '', ''],
  ['sk_msg', 'SK_MSG', 'BPF_SK_MSG_VERDICT', 'attachable optional', ''],
  ['lirc_mode2', 'LIRC_MODE2', 'BPF_LIRC_MODE2', 'attachable optional', ''],
  ['flow_dissector', 'FLOW_DISSECTOR', 'BPF_FLOW_DISSECTOR', 'attachable optional', ''],
  ['cgroup_skb/ingress', 'CGROUP_SKB', 'BPF_CGROUP_INET_INGRESS', 'attachable optional', ''],
  ['cgroup_skb/egress', 'CGROUP_SKB', 'BPF_CGROUP_INET_EGRESS', 'attachable optional', ''],
  ['cgroup/skb', 'CGROUP_SKB', '', '', ''],
  ['cgroup/sock_create', 'CGROUP_SOCK', 'BPF_CGROUP_INET_SOCK_CREATE', 'attachable', ''],
  ['cgroup/sock_release', 'CGROUP_SOCK', 'BPF_CGROUP_INET_SOCK_RELEASE', 'attachable', ''],
  ['cgroup/sock', 'CGROUP_SOCK', 'BPF_CGROUP_INET_SOCK_CREATE', 'attachable optional', ''],
  ['cgroup/post_bind4', 'CGROUP_SOCK', 'BPF_CGROUP_INET4_POST_BIND', 'attachable', ''],
  ['cgroup/post_bind6', 'CGROUP_SOCK', 'BPF_CGROUP_INET6_POST_BIND', 'attachable', ''],
  ['cgroup/bind4', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET4_BIND', 'attachable', ''],
  ['cgroup/bind6', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET6_BIND', 'attachable', ''],
  ['cgroup/connect4', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET4_CONNECT', 'attachable', ''],
  ['cgroup/connect6', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET6_CONNECT', 'attachable', ''],
  ['cgroup/connect_unix', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UNIX_CONNECT', 'attachable', ''],
  ['cgroup/sendmsg4', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UDP4_SENDMSG', 'attachable', ''],
  ['cgroup/sendmsg6', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UDP6_SENDMSG', 'attachable', ''],
  ['cgroup/sendmsg_unix', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UNIX_SENDMSG', 'attachable', ''],
  ['cgroup/recvmsg4', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UDP4_RECVMSG', 'attachable', ''],
  ['cgroup/recvmsg6', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UDP6_RECVMSG', 'attachable', ''],
  ['cgroup/recvmsg_unix', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UNIX_RECVMSG', 'attachable', ''],
  ['cgroup/getpeername4', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET4_GETPEERNAME', 'attachable', ''],
  ['cgroup/getpeername6', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET6_GETPEERNAME', 'attachable', ''],
  ['cgroup/getpeername_unix', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UNIX_GETPEERNAME', 'attachable', ''],
  ['cgroup/getsockname4', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET4_GETSOCKNAME', 'attachable', ''],
  ['cgroup/getsockname6', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_INET6_GETSOCKNAME', 'attachable', ''],
  ['cgroup/getsockname_unix', 'CGROUP_SOCK_ADDR', 'BPF_CGROUP_UNIX_GETSOCKNAME', 'attachable', ''],
  ['cgroup/sysctl', 'CGROUP_SYSCTL', 'BPF_CGROUP_SYSCTL', 'attachable', ''],
  ['cgroup/getsockopt', 'CGROUP_SOCKOPT', 'BPF_CGROUP_GETSOCKOPT', 'attachable', ''],
  ['cgroup/setsockopt', 'CGROUP_SOCKOPT', 'BPF_CGROUP_SETSOCKOPT', 'attachable', ''],
  ['cgroup/dev', 'CGROUP_DEVICE', 'BPF_CGROUP_DEVICE', 'attachable optional', ''],
  ['struct_ops+', 'STRUCT_OPS', '', '', ''],
  ['struct_ops.s+', 'STRUCT_OPS', '', 'sleepable', ''],
  ['sk_lookup', 'SK_LOOKUP', 'BPF_SK_LOOKUP', 'attachable', ''],
  ['netfilter', 'NETFILTER', 'BPF_NETFILTER', '', ''],
];

/** Attach types newer than the pinned kernel of src/uapi. Source: linux/bpf.h of libbpf 1.8. */
const newerAttachTypes: Readonly<Record<string, number>> = {
  BPF_TRACE_FSESSION: 58,
  BPF_TRACE_FENTRY_MULTI: 59,
  BPF_TRACE_FEXIT_MULTI: 60,
  BPF_TRACE_FSESSION_MULTI: 61,
};

/** Names are looked up in the tables of the UAPI, of which a row has the part that differs. */
function define(row: (typeof table)[number]): SectionDefinition {
  const [pattern, programType, attachType, properties, autoAttach] = row;
  const has = (word: string) => properties.split(' ').includes(word);
  const programTypes: Readonly<Record<string, number>> = bpf_prog_type;
  const attachTypes: Readonly<Record<string, number>> = bpf_attach_type;
  return {
    pattern,
    programType: programTypes[`BPF_PROG_TYPE_${programType}`] ?? 0,
    attachType: attachType === '' ? 0 : (attachTypes[attachType] ?? newerAttachTypes[attachType] ?? 0),
    sleepable: has('sleepable'),
    attachBtf: has('attachBtf'),
    xdpFrags: has('xdpFrags'),
    usdt: has('usdt'),
    attachable: has('attachable'),
    optionalAttachType: has('optional'),
    autoAttach: autoAttach === '' ? undefined : autoAttach,
  };
}

/** As `sec_def_matches` of libbpf: what stands behind the `/` may be anything, or nothing. */
function matches(pattern: string, sectionName: string): boolean {
  if (!pattern.endsWith('+')) return pattern === sectionName;
  const stem = pattern.slice(0, -1);
  return sectionName === stem || sectionName.startsWith(`${stem}/`);
}

/** What a section's name (without a leading `?`) says of its programs; undefined if it says nothing. */
export function findSection(sectionName: string): SectionDefinition | undefined {
  const row = table.find(([pattern]) => matches(pattern, sectionName));
  return row && define(row);
}

/** All definitions, in order of precedence. */
export function sectionDefinitions(): SectionDefinition[] {
  return table.map(define);
}

/**
 * What a program's section still says of how it is loaded and attached: nothing once the program was given another
 * type than the section's. Source: libbpf, bpf_program__set_type.
 */
export function sectionHandling<Section extends { readonly programType: number }>(program: {
  readonly section: Section | undefined;
  readonly type?: number;
}): Section | undefined {
  const { section, type } = program;
  return section !== undefined && type !== undefined && type !== section.programType ? undefined : section;
}

/** Flags a program is loaded with: its own, and those its section asks for. */
export function programFlags(program: {
  readonly section: SectionDefinition | undefined;
  readonly type: number;
  readonly flags: number;
}): number {
  const section = sectionHandling(program);
  // The kernel knows the flag for XDP programs only.
  let { flags } = program;
  if (section?.sleepable) flags |= BPF_F_SLEEPABLE;
  if (section?.xdpFrags && program.type === bpf_prog_type.BPF_PROG_TYPE_XDP) flags |= BPF_F_XDP_HAS_FRAGS;
  return flags;
}
