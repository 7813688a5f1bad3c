import type { Context } from '../../cli/index.ts';
import { BpfProgram, type DeviceHookProgram, visitDeviceHooks } from '../../kernel/index.ts';
import type { NetworkDevice } from '../../netlink/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** A program that is attached to a device with or without a link, in a list of several. */
export interface AttachedToDevice extends DeviceHookProgram {
  readonly device: NetworkDevice;
  /** Undefined where it has none, or the program is gone. */
  readonly programName: string | undefined;
}

/** Calls `visit` with the programs on a device's hooks, in the order they run. A hook that cannot be asked has none. */
export function visitAttached(ctx: Context, device: NetworkDevice, visit: (found: AttachedToDevice) => void): void {
  visitDeviceHooks(kernelOf(ctx), device, (found) => {
    visit({ ...found, device, programName: nameOf(ctx, found.programId) });
  });
}

function nameOf(ctx: Context, id: number): string | undefined {
  try {
    using program = BpfProgram.openById(kernelOf(ctx), id);
    const info = program.info();
    return info.name === '' ? undefined : program.fullName(info);
  } catch {
    // Gone since, or not allowed to be opened: its id is shown without a name.
    return undefined;
  }
}

/** Numbers of the bits that are set, as the values they have. */
export function bitsOf(flags: number): number[] {
  // The highest of 32 bits would be negative otherwise.
  const bits: number[] = [];
  for (let bit = 0; bit < 32; bit++) if ((flags & (1 << bit)) !== 0) bits.push((1 << bit) >>> 0);
  return bits;
}
