import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';
import { type AttachOrder, orderRequest } from './order.ts';

/**
 * Attaches to the cgroup whose directory is open as `fd`, for the hook the program was loaded for: `cgroup/…`, `sockops`
 * and, since 6.0, `lsm_cgroup/…`. UsageError for an order that says nothing, ObjectError if the kernel refuses.
 */
export function attachCgroup(
  context: AttachContext,
  program: AttachableProgram,
  target: AttachOrder & { readonly fd: number },
): LoadedLink {
  const { flags, relative, revision } = orderRequest(target);
  return link(context, program, {
    to: 'cgroup',
    target: target.fd,
    attachType: program.spec.expectedAttachType,
    flags,
    details: { 'cgroup.relative_fd': relative, 'cgroup.expected_revision': revision },
  });
}
