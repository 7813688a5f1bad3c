import { TsbpfError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

/** Numbers in a kernel list such as `0-3,8`. */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const part of text.trim().split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) throw new TsbpfError('ERR_HOST', `cannot read the CPU list '${text.trim()}'`);
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    for (let cpu = first; cpu <= last && cpu < 65536; cpu++) cpus.push(cpu);
  }
  return cpus;
}

/** How many CPUs could ever be present: the length of a per-CPU value. Source: /sys/devices/system/cpu/possible. */
export function possibleCpus(kernel: Kernel): number {
  return parseCpuList(kernel.readText('/sys/devices/system/cpu/possible')).length;
}

/** Numbers of the CPUs that are running now. */
export function onlineCpus(kernel: Kernel): number[] {
  return parseCpuList(kernel.readText('/sys/devices/system/cpu/online'));
}
