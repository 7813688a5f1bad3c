import type { MapRequest } from '../../bpf/index.ts';
import { BtfBuilder } from '../../btf/index.ts';
import { type Kernel, SC_PAGESIZE } from '../../sys/index.ts';
import { type MapTypeTrial, mapType } from '../../uapi/index.ts';

/** How a map of some type is tried. */
export interface MapTrial {
  readonly request: MapRequest;
  readonly needs?: MapTypeTrial['needs'] | undefined;
  readonly isRefused?: MapTypeTrial['isRefused'] | undefined;
}

/** Ids of the types of `storageBtf`. */
export const storageTypes = { key: 1, value: 3 };

/** The trial of a map type; undefined for one that is not known how to try. */
export function mapTrial(kernel: Kernel, type: number): MapTrial | undefined {
  const known = type === 0 ? undefined : mapType(type);
  if (known === undefined) return undefined;
  const { needs, isRefused, maxEntries, ...request } = known.trial ?? {};
  const entries = maxEntries === 'page size' ? kernel.systemConfiguration(SC_PAGESIZE) : maxEntries;
  return { request: { type, ...request, ...(entries === undefined ? {} : { maxEntries: entries }) }, needs, isRefused };
}

/** `struct val { int cnt; struct bpf_spin_lock l; }`, which is what a storage of sockets can hold. */
export function storageBtf(): Uint8Array {
  const builder = new BtfBuilder();
  const int = builder.add({
    ...{ kind: 'int', name: '', size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false },
  } as const);
  const lock = builder.add({
    ...{ kind: 'struct', name: 'bpf_spin_lock', size: 4, kindFlag: false },
    members: [{ name: 'val', typeId: int, bitOffset: 0, bitSize: 0 }],
  } as const);
  builder.add({
    ...{ kind: 'struct', name: 'val', size: 8, kindFlag: false },
    members: [
      { name: 'cnt', typeId: int, bitOffset: 0, bitSize: 0 },
      { name: 'l', typeId: lock, bitOffset: 32, bitSize: 0 },
    ],
  } as const);
  return builder.finish();
}
