// `perf show`: bpftool's src/perf.c. BPF_TASK_FD_QUERY, Linux 4.18, asks for one descriptor of one process at a time.
import { type Context, fail, failSilently, type Handler } from '../../cli/index.ts';
import { strerror, Errno } from '../../errors/index.ts';
import { queryTaskFd, type TaskFd, O_RDONLY } from '../../kernel/index.ts';
import { bpf_task_fd_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';

const number = /^[0-9]+$/;

/** `perf show|list`: the perf events with programs that processes hold. */
export const show: Handler = (ctx) => {
  const kernel = kernelOf(ctx);
  requireQuery(ctx, kernel);
  ctx.json?.startArray();
  for (const pid of names(kernel, '/proc')) {
    for (const fd of names(kernel, `/proc/${pid}/fd`)) {
      const event = queryTaskFd(kernel, Number(pid), Number(fd));
      // Most descriptors are no perf events: any refusal means that.
      if (typeof event === 'number') continue;
      if (ctx.json === undefined) ctx.print(`pid ${pid}  fd ${fd}: prog_id ${event.progId}  ${plain(event)}`);
      else printJson(ctx, Number(pid), Number(fd), event);
    }
  }
  ctx.json?.endArray();
};

/** A directory that is no perf event shows by its errno whether the kernel knows the query. */
function requireQuery(ctx: Context, kernel: ReturnType<typeof kernelOf>): void {
  const fd = kernel.open('/', O_RDONLY);
  if (fd < 0) fail(`perf_query_support: cannot open directory "/" (${strerror(-fd)})`);
  const result = queryTaskFd(kernel, process.pid, fd);
  kernel.close(fd);
  // 524, which the kernel has for itself only: no name and no text exist for it in C.
  if (result === -Errno.ENOTSUPP) return;
  ctx.error(`perf_query_support: ${strerror(typeof result === 'number' ? -result : 0)}`);
  ctx.printError("HINT: non root or kernel doesn't support TASK_FD_QUERY\n");
  failSilently();
}

function names(kernel: ReturnType<typeof kernelOf>, folder: string): string[] {
  try {
    return kernel.readDirectory(folder).filter((name) => number.test(name));
  } catch {
    // The process has ended, or its descriptors may not be looked at.
    return [];
  }
}

function plain(event: TaskFd): string {
  const { type, name, offset, address } = event;
  switch (type) {
    case bpf_task_fd_type.BPF_FD_TYPE_RAW_TRACEPOINT:
      return `raw_tracepoint  ${name}\n`;
    case bpf_task_fd_type.BPF_FD_TYPE_TRACEPOINT:
      return `tracepoint  ${name}\n`;
    case bpf_task_fd_type.BPF_FD_TYPE_KPROBE:
    case bpf_task_fd_type.BPF_FD_TYPE_KRETPROBE: {
      // Without a name the kernel gives the address of the probe; numbers are decimal, as in the reference.
      const where = name === '' ? `addr ${address}` : `func ${name}  offset ${offset}`;
      return `${kprobeName(type)}  ${where}\n`;
    }
    case bpf_task_fd_type.BPF_FD_TYPE_UPROBE:
    case bpf_task_fd_type.BPF_FD_TYPE_URETPROBE:
      return `${uprobeName(type)}  filename ${name}  offset ${offset}\n`;
    default:
      // A type that is not known leaves the line without its end.
      return '';
  }
}

function kprobeName(type: number): string {
  return type === bpf_task_fd_type.BPF_FD_TYPE_KPROBE ? 'kprobe' : 'kretprobe';
}

function uprobeName(type: number): string {
  return type === bpf_task_fd_type.BPF_FD_TYPE_UPROBE ? 'uprobe' : 'uretprobe';
}

function printJson(ctx: Context, pid: number, fd: number, event: TaskFd): void {
  const json = ctx.json!;
  const { type, name, offset, address } = event;
  json.startObject().field('pid', pid).field('fd', fd).field('prog_id', event.progId);
  switch (type) {
    case bpf_task_fd_type.BPF_FD_TYPE_RAW_TRACEPOINT:
      json.field('fd_type', 'raw_tracepoint').field('tracepoint', name);
      break;
    case bpf_task_fd_type.BPF_FD_TYPE_TRACEPOINT:
      json.field('fd_type', 'tracepoint').field('tracepoint', name);
      break;
    case bpf_task_fd_type.BPF_FD_TYPE_KPROBE:
    case bpf_task_fd_type.BPF_FD_TYPE_KRETPROBE:
      json.field('fd_type', kprobeName(type));
      if (name === '') json.field('addr', address);
      else json.field('func', name).field('offset', offset);
      break;
    case bpf_task_fd_type.BPF_FD_TYPE_UPROBE:
    case bpf_task_fd_type.BPF_FD_TYPE_URETPROBE:
      json.field('fd_type', uprobeName(type)).field('filename', name).field('offset', offset);
      break;
    default:
      break;
  }
  json.endObject();
}
