import { Errno, errnoOf } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { PERF_FLAG_FD_CLOEXEC, perf_type_id } from '../../uapi/index.ts';
import { attachingTracefs } from '../../host/index.ts';
import { perfEventAttribute } from '../../kernel/index.ts';
import { type AttachableProgram, type AttachContext, type LoadedLink, sectionRest } from './link.ts';
import { attachPerfEvent } from './perf-event.ts';

/**
 * Attaches to a static tracepoint, e.g. category `syscalls`, name `sys_enter_execve`. `cookie` is what
 * bpf_get_attach_cookie() tells the program, since 5.15.
 */
export function attachTracepoint(
  context: AttachContext,
  program: AttachableProgram,
  tracepoint: { readonly category: string; readonly name: string; readonly cookie?: bigint },
): LoadedLink {
  const { log } = context;
  const { category, name, cookie } = tracepoint;
  const point = `${category}/${name}`;
  const opened = openEvent(context, point);
  if (opened < 0) {
    const text = `prog '${program.name}': failed to create tracepoint '${point}' perf event: ${errorText(opened)}`;
    throw failure(log, -opened, text);
  }
  try {
    return attachPerfEvent(context, program, cookie === undefined ? { fd: opened } : { fd: opened, cookie });
  } catch (error) {
    const errno = errnoOf(error, Errno.EINVAL);
    log?.('warn', `prog '${program.name}': failed to attach to tracepoint '${point}': ${errorText(errno)}`);
    throw error;
  }
}

/** Attaches where the section says: `tracepoint/syscalls/sys_enter_execve`. Undefined if it names no place. */
export function autoAttachTracepoint(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const rest = sectionRest(program.spec.sectionName);
  if (rest === '') return undefined;
  const slash = rest.indexOf('/');
  if (slash < 0) throw failure(undefined, Errno.EINVAL, `no tracepoint in section '${program.spec.sectionName}'`);
  return attachTracepoint(context, program, { category: rest.slice(0, slash), name: rest.slice(slash + 1) });
}

function openEvent({ kernel, log }: AttachContext, point: string): number {
  let id: number;
  try {
    id = Number.parseInt(kernel.readText(`${attachingTracefs(kernel)}/events/${point}/id`), 10);
  } catch (error) {
    const errno = errnoOf(error, Errno.EIO);
    log?.('warn', `failed to determine tracepoint '${point}' perf event ID: ${errorText(errno)}`);
    return -errno;
  }
  const attribute = perfEventAttribute(perf_type_id.PERF_TYPE_TRACEPOINT).set('config', id);
  const fd = kernel.perfEventOpen(attribute, { pid: -1, cpu: 0, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC });
  if (fd < 0) log?.('warn', `tracepoint '${point}' perf_event_open() failed: ${errorText(fd)}`);
  return fd;
}
