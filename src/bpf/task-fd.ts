import type { Kernel } from '../sys/index.ts';
import { attr_task_fd_query, bpf_cmd, structView } from '../uapi/index.ts';

/** What a process's descriptor of a perf event or raw tracepoint runs. */
export interface TaskFd {
  readonly progId: number;
  /** BPF_FD_TYPE_… */
  readonly type: number;
  /** Tracepoint, function or file name; may be empty for a kprobe given by address. */
  readonly name: string;
  readonly offset: bigint;
  readonly address: bigint;
}

/** BPF_TASK_FD_QUERY on descriptor `fd` of process `pid`: the event, or -errno (-524 for a descriptor of another kind). */
export function queryTaskFd(kernel: Kernel, pid: number, fd: number): TaskFd | number {
  const name = new Uint8Array(4096);
  const attr = structView(attr_task_fd_query);
  attr.set('pid', pid).set('fd', fd).set('buf_len', name.length).receive('buf', name);
  const result = kernel.bpf(bpf_cmd.BPF_TASK_FD_QUERY, attr);
  if (result < 0) return result;
  const end = name.indexOf(0);
  return {
    progId: attr.u32('prog_id'),
    type: attr.u32('fd_type'),
    name: new TextDecoder().decode(name.subarray(0, end)),
    offset: attr.u64('probe_offset'),
    address: attr.u64('probe_addr'),
  };
}
