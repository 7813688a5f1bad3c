import type { ObjectKind } from '../bpf/index.ts';
import { fdInfo, fdKindOfTarget } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';
import { processIds, processName, visitDescriptors } from './descriptors.ts';

/** A process that holds a descriptor of an object. */
export interface Holder {
  readonly pid: number;
  readonly comm: string;
}

const idKeys = { prog: 'prog_id', map: 'map_id', link: 'link_id', btf: 'btf_id' };

/**
 * Processes by the id of the object they hold open, this one left out; ascending by pid. Processes that may not be
 * looked into are left out. Source: /proc/PID/fd and fdinfo, so it needs no BPF program.
 */
export function holders(kernel: Kernel, kind: ObjectKind): Map<number, Holder[]> {
  const table = new Map<number, Holder[]>();
  const others = processIds(kernel).filter((pid) => pid !== process.pid);
  let holder: Holder | undefined;
  visitDescriptors(kernel, others, (pid, fd, target) => {
    if (fdKindOfTarget(target) !== kind) return;
    const id = heldId(kernel, kind, { pid, fd });
    if (id === 0) return;
    if (holder?.pid !== pid) holder = { pid, comm: processName(kernel, pid) };
    const known = table.get(id);
    if (known === undefined) table.set(id, [holder]);
    else if (known.at(-1) !== holder) known.push(holder);
  });
  return table;
}

/** Id of the object behind a process's descriptor; 0 where that is closed by now. */
export function heldId(kernel: Kernel, kind: ObjectKind, at: { readonly pid: number; readonly fd: number }): number {
  return Number(fdInfo(kernel, at.fd, at.pid).get(idKeys[kind])) || 0;
}
