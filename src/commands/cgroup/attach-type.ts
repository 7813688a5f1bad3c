import { fail, isPrefix } from '../../cli/index.ts';
import { attachTypeName, bpf_attach_type as attach } from '../../uapi/index.ts';

/** Names from before the kernel's became those of the command line. They may be abbreviated. */
const oldNames: ReadonlyMap<number, string> = new Map([
  [attach.BPF_CGROUP_INET_INGRESS, 'ingress'],
  [attach.BPF_CGROUP_INET_EGRESS, 'egress'],
  [attach.BPF_CGROUP_INET_SOCK_CREATE, 'sock_create'],
  [attach.BPF_CGROUP_INET_SOCK_RELEASE, 'sock_release'],
  [attach.BPF_CGROUP_SOCK_OPS, 'sock_ops'],
  [attach.BPF_CGROUP_DEVICE, 'device'],
  [attach.BPF_CGROUP_INET4_BIND, 'bind4'],
  [attach.BPF_CGROUP_INET6_BIND, 'bind6'],
  [attach.BPF_CGROUP_INET4_CONNECT, 'connect4'],
  [attach.BPF_CGROUP_INET6_CONNECT, 'connect6'],
  [attach.BPF_CGROUP_INET4_POST_BIND, 'post_bind4'],
  [attach.BPF_CGROUP_INET6_POST_BIND, 'post_bind6'],
  [attach.BPF_CGROUP_INET4_GETPEERNAME, 'getpeername4'],
  [attach.BPF_CGROUP_INET6_GETPEERNAME, 'getpeername6'],
  [attach.BPF_CGROUP_INET4_GETSOCKNAME, 'getsockname4'],
  [attach.BPF_CGROUP_INET6_GETSOCKNAME, 'getsockname6'],
  [attach.BPF_CGROUP_UDP4_SENDMSG, 'sendmsg4'],
  [attach.BPF_CGROUP_UDP6_SENDMSG, 'sendmsg6'],
  [attach.BPF_CGROUP_SYSCTL, 'sysctl'],
  [attach.BPF_CGROUP_UDP4_RECVMSG, 'recvmsg4'],
  [attach.BPF_CGROUP_UDP6_RECVMSG, 'recvmsg6'],
  [attach.BPF_CGROUP_GETSOCKOPT, 'getsockopt'],
  [attach.BPF_CGROUP_SETSOCKOPT, 'setsockopt'],
  [attach.BPF_TRACE_RAW_TP, 'raw_tp'],
  [attach.BPF_TRACE_FENTRY, 'fentry'],
  [attach.BPF_TRACE_FEXIT, 'fexit'],
  [attach.BPF_MODIFY_RETURN, 'mod_ret'],
  [attach.BPF_TRACE_FSESSION, 'fsession'],
  [attach.BPF_SK_REUSEPORT_SELECT, 'sk_skb_reuseport_select'],
  [attach.BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, 'sk_skb_reuseport_select_or_migrate'],
]);

/**
 * The attach type that a word means: one whose whole name it is, else the first whose old name (its name, where it has
 * none) it abbreviates. Any attach type of the kernel, as in the reference: the kernel refuses what is not of a cgroup.
 */
export function readAttachType(word: string): number {
  const names = allNames();
  const exact = names.indexOf(word);
  if (exact >= 0) return exact;
  const abbreviated = names.findIndex((name, type) => isPrefix(word, oldNames.get(type) ?? name));
  return abbreviated >= 0 ? abbreviated : fail('invalid attach type');
}

function allNames(): string[] {
  const names: string[] = [];
  for (let type = 0; ; type++) {
    const name = attachTypeName(type);
    if (name === undefined) return names;
    names.push(name);
  }
}
