import type { Btf } from '../btf/index.ts';
import type { Kernel } from '../sys/index.ts';
import { loadBtfById, vmlinuxBtf } from './btf.ts';
import type { MapInfo } from '../bpf/index.ts';

/** What decodes the elements of a map. `keyTypeId` 0: keys have no type. */
export interface ElementTypes {
  readonly btf: Btf;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
}

/** The types of a map's elements; undefined for a map without them. Throws SyscallError or ParseError. */
export function elementTypes(kernel: Kernel, info: MapInfo): ElementTypes | undefined {
  const ids = { keyTypeId: info.btfKeyTypeId, valueTypeId: info.btfVmlinuxValueTypeId || info.btfValueTypeId };
  if (info.btfVmlinuxValueTypeId !== 0) return { btf: vmlinuxBtf(kernel), ...ids };
  return info.btfValueTypeId === 0 ? undefined : { btf: loadBtfById(kernel, info.btfId), ...ids };
}
