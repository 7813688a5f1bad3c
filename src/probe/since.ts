// The first kernel version with each thing that bpf(2) can be asked for, from the kernel's history. What every kernel
// since 4.15 has is left out, and so is what is too new for its version to be certain.
import {
  BPF_F_ANY_ALIGNMENT,
  BPF_F_CLONE,
  BPF_F_INNER_MAP,
  BPF_F_LINK,
  BPF_F_MMAPABLE,
  BPF_F_NO_USER_CONV,
  BPF_F_PATH_FD,
  BPF_F_PRESERVE_ELEMS,
  BPF_F_RB_OVERWRITE,
  BPF_F_RDONLY_PROG,
  BPF_F_SEGV_ON_FAULT,
  BPF_F_SLEEPABLE,
  BPF_F_TEST_RND_HI32,
  BPF_F_TEST_STATE_FREQ,
  BPF_F_TOKEN_FD,
  BPF_F_VTYPE_BTF_OBJ_FD,
  BPF_F_WRONLY_PROG,
  BPF_F_XDP_DEV_BOUND_ONLY,
  BPF_F_XDP_HAS_FRAGS,
  BPF_F_ZERO_SEED,
  bpf_attach_type as attach,
  bpf_cmd as cmd,
  bpf_prog_type as prog,
  mapTypeVersions,
} from '../uapi/index.ts';

/** Number → `major.minor`. */
export type SinceTable = ReadonlyMap<number, string>;

/** Commands of `enum bpf_cmd`. */
export const commandSince: SinceTable = new Map([
  [cmd.BPF_RAW_TRACEPOINT_OPEN, '4.17'],
  [cmd.BPF_BTF_LOAD, '4.18'],
  [cmd.BPF_BTF_GET_FD_BY_ID, '4.18'],
  [cmd.BPF_TASK_FD_QUERY, '4.18'],
  [cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM, '4.20'],
  [cmd.BPF_MAP_FREEZE, '5.2'],
  [cmd.BPF_BTF_GET_NEXT_ID, '5.4'],
  [cmd.BPF_MAP_LOOKUP_BATCH, '5.6'],
  [cmd.BPF_MAP_LOOKUP_AND_DELETE_BATCH, '5.6'],
  [cmd.BPF_MAP_UPDATE_BATCH, '5.6'],
  [cmd.BPF_MAP_DELETE_BATCH, '5.6'],
  [cmd.BPF_LINK_CREATE, '5.7'],
  [cmd.BPF_LINK_UPDATE, '5.7'],
  [cmd.BPF_LINK_GET_FD_BY_ID, '5.8'],
  [cmd.BPF_LINK_GET_NEXT_ID, '5.8'],
  [cmd.BPF_ENABLE_STATS, '5.8'],
  [cmd.BPF_ITER_CREATE, '5.8'],
  [cmd.BPF_LINK_DETACH, '5.9'],
  [cmd.BPF_PROG_BIND_MAP, '5.10'],
  [cmd.BPF_TOKEN_CREATE, '6.9'],
  [cmd.BPF_PROG_STREAM_READ_BY_FD, '6.17'],
  [cmd.BPF_PROG_ASSOC_STRUCT_OPS, '7.0'],
]);

/** Types of `enum bpf_map_type`, from the table that the UAPI has of them. */
export const mapTypeSince: SinceTable = mapTypeVersions();

/** Flag bit → version. */
export const mapFlagSince: SinceTable = new Map([
  [BPF_F_ZERO_SEED, '5.0'],
  [BPF_F_RDONLY_PROG, '5.2'],
  [BPF_F_WRONLY_PROG, '5.2'],
  [BPF_F_CLONE, '5.4'],
  [BPF_F_MMAPABLE, '5.5'],
  [BPF_F_PRESERVE_ELEMS, '5.10'],
  [BPF_F_INNER_MAP, '5.10'],
  [BPF_F_LINK, '6.4'],
  [BPF_F_PATH_FD, '6.5'],
  [BPF_F_VTYPE_BTF_OBJ_FD, '6.9'],
  [BPF_F_TOKEN_FD, '6.9'],
  [BPF_F_SEGV_ON_FAULT, '6.9'],
  [BPF_F_NO_USER_CONV, '6.9'],
  [BPF_F_RB_OVERWRITE, '6.19'],
]);

/** Types of `enum bpf_prog_type`. */
export const programTypeSince: SinceTable = new Map([
  [prog.BPF_PROG_TYPE_SK_MSG, '4.17'],
  [prog.BPF_PROG_TYPE_RAW_TRACEPOINT, '4.17'],
  [prog.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, '4.17'],
  [prog.BPF_PROG_TYPE_LWT_SEG6LOCAL, '4.18'],
  [prog.BPF_PROG_TYPE_LIRC_MODE2, '4.18'],
  [prog.BPF_PROG_TYPE_SK_REUSEPORT, '4.19'],
  [prog.BPF_PROG_TYPE_FLOW_DISSECTOR, '4.20'],
  [prog.BPF_PROG_TYPE_CGROUP_SYSCTL, '5.2'],
  [prog.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, '5.2'],
  [prog.BPF_PROG_TYPE_CGROUP_SOCKOPT, '5.3'],
  [prog.BPF_PROG_TYPE_TRACING, '5.5'],
  [prog.BPF_PROG_TYPE_STRUCT_OPS, '5.6'],
  [prog.BPF_PROG_TYPE_EXT, '5.6'],
  [prog.BPF_PROG_TYPE_LSM, '5.7'],
  [prog.BPF_PROG_TYPE_SK_LOOKUP, '5.9'],
  [prog.BPF_PROG_TYPE_SYSCALL, '5.14'],
  [prog.BPF_PROG_TYPE_NETFILTER, '6.4'],
]);

/** When a program of this attach type could first be loaded. */
export const attachTypeSince: SinceTable = new Map([
  [attach.BPF_CGROUP_UDP4_RECVMSG, '5.2'],
  [attach.BPF_CGROUP_UDP6_RECVMSG, '5.2'],
  [attach.BPF_TRACE_RAW_TP, '5.5'],
  [attach.BPF_TRACE_FENTRY, '5.5'],
  [attach.BPF_TRACE_FEXIT, '5.5'],
  [attach.BPF_MODIFY_RETURN, '5.7'],
  [attach.BPF_LSM_MAC, '5.7'],
  [attach.BPF_TRACE_ITER, '5.8'],
  [attach.BPF_CGROUP_INET4_GETPEERNAME, '5.8'],
  [attach.BPF_CGROUP_INET6_GETPEERNAME, '5.8'],
  [attach.BPF_CGROUP_INET4_GETSOCKNAME, '5.8'],
  [attach.BPF_CGROUP_INET6_GETSOCKNAME, '5.8'],
  [attach.BPF_XDP_DEVMAP, '5.8'],
  [attach.BPF_CGROUP_INET_SOCK_RELEASE, '5.9'],
  [attach.BPF_XDP_CPUMAP, '5.9'],
  [attach.BPF_SK_LOOKUP, '5.9'],
  [attach.BPF_XDP, '5.9'],
  [attach.BPF_SK_SKB_VERDICT, '5.13'],
  [attach.BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, '5.14'],
  [attach.BPF_PERF_EVENT, '5.15'],
  [attach.BPF_TRACE_KPROBE_MULTI, '5.18'],
  [attach.BPF_LSM_CGROUP, '6.0'],
  [attach.BPF_STRUCT_OPS, '6.4'],
  [attach.BPF_NETFILTER, '6.4'],
  [attach.BPF_TCX_INGRESS, '6.6'],
  [attach.BPF_TCX_EGRESS, '6.6'],
  [attach.BPF_TRACE_UPROBE_MULTI, '6.6'],
  [attach.BPF_CGROUP_UNIX_CONNECT, '6.7'],
  [attach.BPF_CGROUP_UNIX_SENDMSG, '6.7'],
  [attach.BPF_CGROUP_UNIX_RECVMSG, '6.7'],
  [attach.BPF_CGROUP_UNIX_GETPEERNAME, '6.7'],
  [attach.BPF_CGROUP_UNIX_GETSOCKNAME, '6.7'],
  [attach.BPF_NETKIT_PRIMARY, '6.7'],
  [attach.BPF_NETKIT_PEER, '6.7'],
  [attach.BPF_TRACE_KPROBE_SESSION, '6.10'],
  [attach.BPF_TRACE_UPROBE_SESSION, '6.13'],
  [attach.BPF_TRACE_FSESSION, '7.0'],
]);

/** When BPF_LINK_CREATE took an attach type, where that came later than the type itself. */
export const linkSince: SinceTable = new Map([
  [attach.BPF_FLOW_DISSECTOR, '5.8'],
  [attach.BPF_SK_MSG_VERDICT, '6.10'],
  [attach.BPF_SK_SKB_STREAM_PARSER, '6.10'],
  [attach.BPF_SK_SKB_STREAM_VERDICT, '6.10'],
  [attach.BPF_SK_SKB_VERDICT, '6.10'],
  [attach.BPF_TRACE_RAW_TP, '6.0'],
]);

/** Flag bit of BPF_PROG_LOAD → version. */
export const programFlagSince: SinceTable = new Map([
  [BPF_F_ANY_ALIGNMENT, '5.0'],
  [BPF_F_TEST_RND_HI32, '5.3'],
  [BPF_F_TEST_STATE_FREQ, '5.4'],
  [BPF_F_SLEEPABLE, '5.10'],
  [BPF_F_XDP_HAS_FRAGS, '5.18'],
  [BPF_F_XDP_DEV_BOUND_ONLY, '6.3'],
]);
