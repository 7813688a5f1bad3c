import { Errno, errnoOf } from '../../errors/index.ts';
import { cString } from '../../bytes/index.ts';
import { perfEventAttribute } from '../../kernel/index.ts';
import { errorText } from '../../object/index.ts';
import { PERF_FLAG_FD_CLOEXEC } from '../../uapi/index.ts';
import type { AttachContext } from './link.ts';

export interface ProbeEvent {
  readonly kind: 'kprobe' | 'uprobe';
  /** Function of the kernel, or path of the file. */
  readonly name: string;
  /** Offset in the function, or in the file. */
  readonly offset: number;
  /** At the return instead of the entry. */
  readonly atReturn: boolean;
  /** File offset of a counter to raise while the probe is there. */
  readonly semaphore?: number;
  /** Only in this process; -1 for all. */
  readonly pid: number;
}

/** Opens the perf event of a probe (kernels since 4.17). The fd, or -errno after libbpf's warnings. */
export function openProbe({ kernel, log }: AttachContext, probe: ProbeEvent): number {
  const device = `/sys/bus/event_source/devices/${probe.kind}`;
  const read = (file: string, prefix: string): number => {
    try {
      return Number.parseInt(kernel.readText(`${device}/${file}`).slice(prefix.length), 10);
    } catch (error) {
      return -errnoOf(error, Errno.EIO);
    }
  };
  const type = read('type', '');
  if (type < 0) {
    // Kernels before 4.17, or without the probes at all.
    const place = probe.kind === 'kprobe' ? `'${probe.name}+` : `${probe.name}:`;
    const end = probe.kind === 'kprobe' ? "'" : '';
    const at = `${place}0x${probe.offset.toString(16)}${end}`;
    log?.('warn', `failed to add legacy ${probe.kind} event for ${at}: ${errorText(type)}`);
    return type;
  }
  let config = 0n;
  if (probe.atReturn) {
    const bit = read('format/retprobe', 'config:');
    if (bit < 0) {
      log?.('warn', `failed to determine ${probe.kind} retprobe bit: ${errorText(bit)}`);
      return bit;
    }
    config = 1n << BigInt(bit);
  }
  config |= BigInt(probe.semaphore ?? 0) << 32n;
  const attribute = perfEventAttribute(type)
    .set('config', config)
    .point(probe.kind === 'kprobe' ? 'kprobe_func' : 'uprobe_path', cString(probe.name))
    .set('probe_offset', probe.offset);
  const cpu = probe.pid === -1 ? 0 : -1;
  return kernel.perfEventOpen(attribute, { pid: probe.pid, cpu, groupFd: -1, flags: PERF_FLAG_FD_CLOEXEC });
}
