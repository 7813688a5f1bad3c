import { type Context, fail } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import { type ElementTypes, elementTypes as typesOf, type MapInfo } from '../../kernel/index.ts';
import { kernelOf } from '../shared/kernel.ts';

export type { ElementTypes };

/** The types of a map's elements; undefined for a map without them. Fails in the reference's words. */
export function elementTypes(ctx: Context, info: MapInfo): ElementTypes | undefined {
  try {
    return typesOf(kernelOf(ctx), info);
  } catch (cause) {
    const message = info.btfVmlinuxValueTypeId !== 0 ? 'failed to get kernel btf' : 'failed to get btf';
    fail(message, { status: cause instanceof SyscallError ? -cause.errno : -1, cause });
  }
}
