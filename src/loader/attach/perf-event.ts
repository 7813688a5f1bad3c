import { Errno, NotSupportedError, UsageError } from '../../errors/index.ts';
import { onlineCpus } from '../../host/index.ts';
import { openPerfEvent, type PerfEventRequest } from '../../kernel/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { bpf_attach_type, PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_SET_BPF } from '../../uapi/index.ts';
import { createLink } from '../../bpf/index.ts';
import { type AttachableProgram, type AttachContext, LoadedLink } from './link.ts';
import { fdOf } from '../fd-of.ts';

/**
 * Attaches to a perf event, which it opens where it is named, and enables it. An fd becomes the link's, also on failure.
 * Kernels before 5.15 have no links of perf events; there the event holds the program.
 */
export function attachPerfEvent(
  context: AttachContext,
  program: AttachableProgram,
  target: PerfEventTarget,
): LoadedLink {
  if ('fd' in target) {
    // What cannot be a descriptor is not closed either.
    if (!Number.isInteger(target.fd)) throw new UsageError('fd: give the descriptor of an open perf event');
    return attachOpenEvent(context, program, target);
  }
  const { cookie, ...request } = target as OpenedEvent;
  if (typeof request !== 'object' || request.event === undefined) {
    throw new UsageError("name the perf event: { event: 'cpu-clock', frequency: 99 }, or open it and give its { fd }");
  }
  const { kernel } = context;
  const isEverywhere = request.cpu === undefined && request.pid === undefined;
  const links: LoadedLink[] = [];
  try {
    for (const cpu of isEverywhere ? onlineCpus(kernel) : [request.cpu]) {
      const { fd } = openPerfEvent(cpu === undefined ? request : { ...request, cpu }, { kernel });
      links.push(attachOpenEvent(context, program, { fd: fd.release(), ...(cookie === undefined ? {} : { cookie }) }));
    }
  } catch (error) {
    for (const link of links) link.close();
    throw error;
  }
  return LoadedLink.join(links);
}

/** A perf event that is opened for the attachment: of one CPU or process, or, where neither is named, one of each CPU. */
export type OpenedEvent = PerfEventRequest & { readonly cookie?: bigint };

/** An open perf event, or which one is to be opened. `cookie` is what bpf_get_attach_cookie() tells the program, since 5.15. */
export type PerfEventTarget = { readonly fd: number; readonly cookie?: bigint } | OpenedEvent;

function attachOpenEvent(
  context: AttachContext,
  program: AttachableProgram,
  event: { readonly fd: number; readonly cookie?: bigint },
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
