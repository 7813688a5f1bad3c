import { type AttachedPrograms, attachedCount, nextId, openFdById, queryAttached, tryInfo } from '../bpf/index.ts';
import { Errno } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import {
  BPF_F_QUERY_EFFECTIVE,
  bpf_attach_type as attach,
  bpf_prog_info,
  bpf_prog_type as prog,
  structView,
} from '../uapi/index.ts';

/** A place at a control group where programs run. */
export interface CgroupHook {
  readonly attachType: number;
  /** The type of the programs that can be attached there. */
  readonly programType: number;
}

const hooksOf = (programType: number, ...attachTypes: readonly number[]): CgroupHook[] =>
  attachTypes.map((attachType) => ({ attachType, programType }));

/** Every hook, in the order bpftool lists them. */
export const cgroupHooks: readonly CgroupHook[] = [
  ...hooksOf(prog.BPF_PROG_TYPE_CGROUP_SKB, attach.BPF_CGROUP_INET_INGRESS, attach.BPF_CGROUP_INET_EGRESS),
  ...hooksOf(prog.BPF_PROG_TYPE_CGROUP_SOCK, attach.BPF_CGROUP_INET_SOCK_CREATE, attach.BPF_CGROUP_INET_SOCK_RELEASE),
  ...hooksOf(prog.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attach.BPF_CGROUP_INET4_BIND, attach.BPF_CGROUP_INET6_BIND),
  ...hooksOf(prog.BPF_PROG_TYPE_CGROUP_SOCK, attach.BPF_CGROUP_INET4_POST_BIND, attach.BPF_CGROUP_INET6_POST_BIND),
  ...hooksOf(
    prog.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
    attach.BPF_CGROUP_INET4_CONNECT,
    attach.BPF_CGROUP_INET6_CONNECT,
    attach.BPF_CGROUP_UNIX_CONNECT,
    attach.BPF_CGROUP_INET4_GETPEERNAME,
    attach.BPF_CGROUP_INET6_GETPEERNAME,
    attach.BPF_CGROUP_UNIX_GETPEERNAME,
    attach.BPF_CGROUP_INET4_GETSOCKNAME,
    attach.BPF_CGROUP_INET6_GETSOCKNAME,
    attach.BPF_CGROUP_UNIX_GETSOCKNAME,
    attach.BPF_CGROUP_UDP4_SENDMSG,
    attach.BPF_CGROUP_UDP6_SENDMSG,
    attach.BPF_CGROUP_UNIX_SENDMSG,
    attach.BPF_CGROUP_UDP4_RECVMSG,
    attach.BPF_CGROUP_UDP6_RECVMSG,
    attach.BPF_CGROUP_UNIX_RECVMSG,
  ),
  ...hooksOf(prog.BPF_PROG_TYPE_SOCK_OPS, attach.BPF_CGROUP_SOCK_OPS),
  ...hooksOf(prog.BPF_PROG_TYPE_CGROUP_DEVICE, attach.BPF_CGROUP_DEVICE),
  ...hooksOf(prog.BPF_PROG_TYPE_CGROUP_SYSCTL, attach.BPF_CGROUP_SYSCTL),
  ...hooksOf(prog.BPF_PROG_TYPE_CGROUP_SOCKOPT, attach.BPF_CGROUP_GETSOCKOPT, attach.BPF_CGROUP_SETSOCKOPT),
  ...hooksOf(prog.BPF_PROG_TYPE_LSM, attach.BPF_LSM_CGROUP),
];

export interface CgroupQueryOptions {
  /** Also what the group inherits from those above it. */
  readonly effective: boolean;
}

/** Asks which programs are at the hooks of control groups. One of these serves any number of groups. */
export class CgroupQueries {
  readonly #kernel: Kernel;
  readonly #flags: number;

  constructor(kernel: Kernel, { effective }: CgroupQueryOptions) {
    this.#kernel = kernel;
    this.#flags = effective ? BPF_F_QUERY_EFFECTIVE : 0;
  }

  /** Number of programs at a hook of the group open as `groupFd`, or -errno (-EINVAL: the kernel has no such hook). */
  count(groupFd: number, { attachType }: CgroupHook): number {
    return attachedCount(this.#kernel, { targetFd: groupFd, attachType, flags: this.#flags });
  }

  /** The programs at a hook, or -errno. */
  programs(groupFd: number, { attachType }: CgroupHook): AttachedPrograms | number {
    const request = { targetFd: groupFd, attachType, flags: this.#flags };
    if (this.#flags !== 0) return queryAttached(this.#kernel, request);
    const answer = queryAttached(this.#kernel, { ...request, details: 'flags' });
    // Before 6.0 the kernel has no flags for each program, only for the hook, and refuses to be asked for them.
    return answer === -Errno.EINVAL ? queryAttached(this.#kernel, request) : answer;
  }
}

/**
 * The hooks that any loaded program can be at: the others are empty in every group. All hooks where the kernel does not
 * list its programs. A program loaded later may be at another hook.
 */
export function hooksInUse(kernel: Kernel): readonly CgroupHook[] {
  const types = new Set<number>();
  // The kernel fills as much of its struct as there is room for; the type comes first.
  const info = structView(bpf_prog_info, new Uint8Array(4));
  for (let id = 0; ; ) {
    id = nextId(kernel, 'prog', id);
    if (id === -Errno.ENOENT) break;
    if (id < 0) return cgroupHooks;
    const fd = openFdById(kernel, 'prog', id);
    // Unloaded since its id was read.
    if (fd === -Errno.ENOENT) continue;
    if (fd < 0) return cgroupHooks;
    const result = tryInfo(kernel, fd, info);
    kernel.close(fd);
    if (result < 0) return cgroupHooks;
    types.add(info.u32('type'));
  }
  return cgroupHooks.filter(({ programType }) => types.has(programType));
}
