import { tryMapInfo, updateElement } from '../bpf/index.ts';
import { Errno } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import { BPF_F_ALL_CPUS } from '../uapi/index.ts';
import { elementValueSize } from './map.ts';

/**
 * Writes an element of a map that may be another than the object says: 0, or -errno, which is -EINVAL where the map's
 * elements have other sizes. The kernel itself would read as much as they have.
 */
export function setElement(
  kernel: Kernel,
  fd: number,
  element: { readonly key: Uint8Array; readonly value: Uint8Array; readonly flags?: bigint },
): number {
  const info = tryMapInfo(kernel, fd);
  if (typeof info === 'number') return info;
  const isOneValue = ((element.flags ?? 0n) & BigInt(BPF_F_ALL_CPUS)) !== 0n;
  const valueSize = isOneValue ? info.valueSize : elementValueSize(kernel, info);
  const fits = element.key.length === info.keySize && element.value.length === valueSize;
  return fits ? updateElement(kernel, fd, element) : -Errno.EINVAL;
}
