import { Errno, SyscallError } from '../errors/index.ts';
import { fdInfo } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';
import type { ObjectKind } from '../bpf/index.ts';

/** A process that holds a descriptor of an object. */
export interface Holder {
  readonly pid: number;
  readonly comm: string;
}

const links = {
  prog: 'anon_inode:bpf-prog',
  map: 'anon_inode:bpf-map',
  link: 'anon_inode:bpf_link',
  btf: 'anon_inode:btf',
};
const idKeys = { prog: 'prog_id', map: 'map_id', link: 'link_id', btf: 'btf_id' };

/**
 * Processes by the id of the object they hold open, this one left out; ascending by pid. Processes that may not be
 * looked into are left out. Source: /proc/PID/fd and fdinfo, so it needs no BPF program.
 */
export function holders(kernel: Kernel, kind: ObjectKind): Map<number, Holder[]> {
  const table = new Map<number, Holder[]>();
  const pids = kernel
    .listDirectory('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  for (const pid of pids.sort((a, b) => a - b)) {
    if (pid === process.pid) continue;
    const ids = heldBy(kernel, kind, pid);
    if (ids.size === 0) continue;
    const holder = { pid, comm: readComm(kernel, pid) };
    for (const id of ids) {
      const known = table.get(id);
      if (known === undefined) table.set(id, [holder]);
      else known.push(holder);
    }
  }
  return table;
}

/** Ids of the objects of a kind that a process holds open. */
function heldBy(kernel: Kernel, kind: ObjectKind, pid: number): Set<number> {
  const ids = new Set<number>();
  for (const fd of openDescriptors(kernel, pid)) {
    const target = readLink(kernel, `/proc/${pid}/fd/${fd}`);
    // Who may not follow one descriptor of a process may follow none: a refusal costs more than all else here.
    if (target === 'refused') break;
    if (!(target === links[kind] || (kind === 'link' && target === 'anon_inode:bpf-link'))) continue;
    const id = Number(fdInfo(kernel, fd, pid).get(idKeys[kind]));
    if (id > 0) ids.add(id);
  }
  return ids;
}

function openDescriptors(kernel: Kernel, pid: number): number[] {
  try {
    return kernel.listDirectory(`/proc/${pid}/fd`).map(Number);
  } catch {
    return [];
  }
}

/** Where a descriptor leads to; undefined if it is closed by now. */
function readLink(kernel: Kernel, path: string): string | 'refused' | undefined {
  try {
    return kernel.readLink(path);
  } catch (error) {
    return error instanceof SyscallError && (error.errno === Errno.EACCES || error.errno === Errno.EPERM)
      ? 'refused'
      : undefined;
  }
}

function readComm(kernel: Kernel, pid: number): string {
  return readText(kernel, `/proc/${pid}/comm`).replace(/\n$/, '');
}

function readText(kernel: Kernel, path: string): string {
  try {
    return kernel.readText(path);
  } catch {
    return '';
  }
}
