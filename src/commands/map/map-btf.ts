import { type Context, fail } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import type { Btf } from '../../btf/index.ts';
import { loadBtfById, type MapInfo, vmlinuxBtf } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** What decodes the elements of a map. `keyTypeId` 0: keys have no type. */
export interface ElementTypes {
  readonly btf: Btf;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
}

/** The types of a map's elements; undefined for a map without them. */
export function elementTypes(ctx: Context, info: MapInfo): ElementTypes | undefined {
  const kernel = kernelOf(ctx);
  const ids = { keyTypeId: info.btfKeyTypeId, valueTypeId: info.btfVmlinuxValueTypeId || info.btfValueTypeId };
  if (info.btfVmlinuxValueTypeId !== 0)
    return { btf: attempt('failed to get kernel btf', () => vmlinuxBtf(kernel)), ...ids };
  if (info.btfValueTypeId === 0) return undefined;
  return { btf: attempt('failed to get btf', () => loadBtfById(kernel, info.btfId)), ...ids };
}

function attempt(message: string, load: () => Btf): Btf {
  try {
    return load();
  } catch (cause) {
    fail(message, { status: cause instanceof SyscallError ? -cause.errno : -1, cause });
  }
}
