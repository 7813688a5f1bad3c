import { Errno, NotSupportedError } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { bpf_attach_type, PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_SET_BPF } from '../../uapi/index.ts';
import { createLink } from '../../bpf/index.ts';
import { type AttachableProgram, type AttachContext, LoadedLink } from './link.ts';
import { fdOf } from '../fd-of.ts';

/**
 * Attaches to an open perf event and enables it. The fd becomes the link's, also on failure.
 * Kernels before 5.15 have no links of perf events; there the event holds the program.
 */
export function attachPerfEvent(
  context: AttachContext,
  program: AttachableProgram,
  event: { fd: number; cookie?: bigint },
): LoadedLink {
  const { kernel, log } = context;
  const details = event.cookie === undefined ? {} : { 'perf_event.bpf_cookie': event.cookie };
  const request = { programFd: fdOf(program), attachType: bpf_attach_type.BPF_PERF_EVENT };
  const linkFd = createLink(kernel, { ...request, target: event.fd, details });
  // Where there are links of perf events, a descriptor that is none is what is wrong first.
  const isOld = linkFd === -Errno.EINVAL && createLink(kernel, { ...request, target: -1 }) !== -Errno.EBADF;
  let holder: LoadedLink;
  if (linkFd >= 0) {
    holder = new LoadedLink(kernel, linkFd, [event.fd]);
  } else if (isOld && event.cookie !== undefined) {
    kernel.close(event.fd);
    const cause = new NotSupportedError('cookie of a perf event', '5.15');
    throw failure(log, Errno.EOPNOTSUPP, `prog '${program.name}': user context value is not supported`, { cause });
  } else if (isOld) {
    const result = kernel.ioctl(event.fd, PERF_EVENT_IOC_SET_BPF, fdOf(program));
    if (result < 0) {
      kernel.close(event.fd);
      const text = `prog '${program.name}': failed to attach to perf_event FD ${event.fd}: ${errorText(result)}`;
      throw failure(log, -result, text);
    }
    holder = new LoadedLink(kernel, event.fd);
  } else {
    kernel.close(event.fd);
    const text = `prog '${program.name}': failed to create BPF link for perf_event FD ${event.fd}: ${errorText(linkFd)}`;
    throw failure(log, -linkFd, text);
  }
  const enabled = kernel.ioctl(event.fd, PERF_EVENT_IOC_ENABLE, 0);
  if (enabled < 0) {
    holder.close();
    const text = `prog '${program.name}': failed to enable perf_event FD ${event.fd}: ${errorText(enabled)}`;
    throw failure(log, -enabled, text);
  }
  return holder;
}
