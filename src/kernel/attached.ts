import { queryAttached, type QueryRequest } from '../bpf/index.ts';
import { expectInteger, expectObject } from '../bytes/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { checkResult, defaultKernel, Fd, type Kernel, O_DIRECTORY, O_RDONLY, syscallError } from '../sys/index.ts';
import { type AttachTypeName, BPF_F_QUERY_EFFECTIVE, enumNames } from '../uapi/index.ts';
import type { InKernel } from './new-map.ts';

/** A hook: one of a control group, a device (tcx, netkit), a network namespace, or a map of sockets. */
export type Hook = { readonly attachType: AttachTypeName } & (
  | { readonly cgroup: string; readonly effective?: boolean }
  | { readonly device: string }
  | { readonly ifindex: number }
  | { readonly netns: string }
  | { readonly map: { readonly fd: { readonly number: number } } }
);

/** A program at a hook. */
export interface HookProgram {
  readonly programId: number;
  /** Undefined for one that is attached without a link, or where the kernel does not say. */
  readonly linkId: number | undefined;
}

/** The programs at a hook, in the order they run, and the hook's revision, which changes with them (0: it has none). */
export interface HookPrograms {
  readonly programs: readonly HookProgram[];
  readonly revision: bigint;
}

/**
 * Which programs are attached at a hook: `attachedPrograms({ cgroup: '/sys/fs/cgroup', attachType: 'cgroup_inet_ingress' })`.
 * UsageError for a hook that is none, SyscallError where the kernel refuses.
 */
export function attachedPrograms(hook: Hook, { kernel = defaultKernel() }: InKernel = {}): HookPrograms {
  expectObject(hook, 'a hook is of a { cgroup }, { device }, { ifindex }, { netns } or { map }');
  const attachType = enumNames.attachType.numberOf(hook.attachType);
  if ('device' in hook) return query(kernel, { attachType, ifindex: deviceOf(kernel, hook.device) });
  if ('ifindex' in hook) {
    expectInteger(hook.ifindex, 'ifindex', { most: 0x7fff_ffff });
    return query(kernel, { attachType, ifindex: hook.ifindex });
  }
  if ('map' in hook) {
    const targetFd = hook.map?.fd?.number;
    if (!Number.isInteger(targetFd)) throw new UsageError('map of a hook: give one that is open, as it is');
    return query(kernel, { attachType, targetFd });
  }
  const isGroup = 'cgroup' in hook;
  const path = isGroup ? hook.cgroup : hook.netns;
  if (typeof path !== 'string')
    throw new UsageError('a hook is of a { cgroup }, { device }, { ifindex }, { netns } or { map }');
  using place = new Fd(kernel, checkResult(`open ${path}`, kernel.open(path, isGroup ? O_DIRECTORY : O_RDONLY)));
  const flags = isGroup && hook.effective ? BPF_F_QUERY_EFFECTIVE : 0;
  return query(kernel, { attachType, targetFd: place.number, flags });
}

function deviceOf(kernel: Kernel, name: string): number {
  const index = kernel.interfaceIndex(name);
  if (index !== undefined) return index;
  throw syscallError(`find network device '${name}'`, Errno.ENODEV);
}

function query(kernel: Kernel, request: QueryRequest): HookPrograms {
  let found = queryAttached(kernel, { ...request, details: 'links' });
  // Only some hooks can tell of links.
  if (found === -Errno.EINVAL) found = queryAttached(kernel, request);
  if (typeof found === 'number') throw syscallError('query the hook (is the attach type one of such a place?)', found);
  const programs = found.programs.map(({ id, linkId }) => ({
    programId: id,
    linkId: linkId === 0 ? undefined : linkId,
  }));
  return { programs, revision: found.revision };
}
