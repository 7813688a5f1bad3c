import { ParseError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

/**
 * Number of CPUs the kernel can ever have, hence the number of slots in a per-CPU value.
 * Source: /sys/devices/system/cpu/possible. Throws SyscallError or ParseError.
 */
export function possibleCpus(kernel: Kernel): number {
  return possibleCpuNumbers(kernel).length;
}

/** Numbers of the CPUs the kernel can ever have, ascending, as `possibleCpus` counts them. */
export function possibleCpuNumbers(kernel: Kernel): number[] {
  return parseCpuList(kernel.readText('/sys/devices/system/cpu/possible'));
}

/** Numbers of the CPUs that are running. Source: /sys/devices/system/cpu/online. */
export function onlineCpus(kernel: Kernel): number[] {
  return parseCpuList(kernel.readText('/sys/devices/system/cpu/online'));
}

/** Parses the kernel's list format, e.g. `0-3,8`, into ascending numbers. */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  let offset = 0;
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part);
    const first = Number(match?.[1] ?? Number.NaN);
    const last = Number(match?.[2] ?? first);
    if (match === null || last < first || last - first > 1 << 16) {
      throw new ParseError('CPU list', offset, `expected a number or a range, found ${JSON.stringify(part)}`);
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
    offset += part.length + 1;
  }
  return cpus;
}
