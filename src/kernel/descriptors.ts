import { Errno, SyscallError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

/** What a process's descriptor leads to: `anon_inode:bpf-map`, a path … */
export type DescriptorVisitor = (pid: number, fd: number, target: string) => void;

/** Ids of all processes, ascending. Source: /proc. */
export function processIds(kernel: Kernel): number[] {
  const names = kernel.listDirectory('/proc').filter((name) => /^\d+$/.test(name));
  return names.map(Number).sort((a, b) => a - b);
}

/**
 * Calls `visit` with every descriptor of the processes. False if there is a process that may not be looked into.
 * Descriptors and processes that go away meanwhile are passed over. Source: /proc/PID/fd, so it needs no BPF program.
 */
export function visitDescriptors(kernel: Kernel, pids: readonly number[], visit: DescriptorVisitor): boolean {
  let isComplete = true;
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    try {
      for (const name of kernel.listDirectory(folder)) {
        const target = targetOf(kernel, `${folder}/${name}`);
        if (target !== undefined) visit(pid, Number(name), target);
      }
    } catch (error) {
      // Who may not follow one descriptor of a process may follow none: a refusal costs more than all else here.
      if (isRefusal(error)) isComplete = false;
      else if (!(error instanceof SyscallError)) throw error;
    }
  }
  return isComplete;
}

/** The name of a process, up to 15 bytes; empty where it is gone. */
export function processName(kernel: Kernel, pid: number): string {
  try {
    return kernel.readText(`/proc/${pid}/comm`).replace(/\n$/, '');
  } catch (error) {
    if (error instanceof SyscallError) return '';
    throw error;
  }
}

/** Undefined where the descriptor is closed by now. */
function targetOf(kernel: Kernel, path: string): string | undefined {
  try {
    return kernel.readLink(path);
  } catch (error) {
    if (!(error instanceof SyscallError) || isRefusal(error)) throw error;
    return undefined;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof SyscallError && (error.errno === Errno.EACCES || error.errno === Errno.EPERM);
}
