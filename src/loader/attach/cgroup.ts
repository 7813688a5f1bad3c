import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';
import { type AttachOrder, orderRequest } from './order.ts';
import { type PathOrFd, withOpen } from './targets.ts';

/** A control group, by the path of its directory or by that open, and where among its programs this one goes. */
export type CgroupTarget = PathOrFd & AttachOrder;

/**
 * Attaches to a control group, for the hook the program was loaded for: `cgroup/…`, `sockops`
 * and, since 6.0, `lsm_cgroup/…`. UsageError for an order that says nothing, ObjectError if the kernel refuses.
 */
export function attachCgroup(context: AttachContext, program: AttachableProgram, target: CgroupTarget): LoadedLink {
  const { flags, relative, revision } = orderRequest(target);
  const use = (fd: number) =>
    link(context, program, {
      to: 'cgroup',
      target: fd,
      attachType: program.spec.expectedAttachType,
      flags,
      details: { 'cgroup.relative_fd': relative, 'cgroup.expected_revision': revision },
    });
  return withOpen(context.kernel, target, { what: 'cgroup', use });
}
