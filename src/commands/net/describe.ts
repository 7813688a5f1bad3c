import type { Context } from '../../cli/index.ts';
import { BpfProgram, queryAttached } from '../../kernel/index.ts';
import type { NetworkDevice } from '../../netlink/index.ts';
import { bpf_attach_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** A program that is attached to a device with or without a link, in a list of several. */
export interface AttachedToDevice {
  readonly device: NetworkDevice;
  readonly place: string;
  readonly programId: number;
  /** Undefined where it has none, or the program is gone. */
  readonly programName: string | undefined;
  readonly programFlags: number;
  /** 0 where it has no link. */
  readonly linkId: number;
  readonly linkFlags: number;
}

const tcxHooks = [
  { attachType: bpf_attach_type.BPF_TCX_INGRESS, place: 'tcx/ingress' },
  { attachType: bpf_attach_type.BPF_TCX_EGRESS, place: 'tcx/egress' },
];
const netkitHooks = [
  { attachType: bpf_attach_type.BPF_NETKIT_PRIMARY, place: 'netkit/primary' },
  { attachType: bpf_attach_type.BPF_NETKIT_PEER, place: 'netkit/peer' },
];

/** Calls `visit` with the programs on a device's hooks, in the order they run. A hook that cannot be asked has none. */
export function visitAttached(ctx: Context, device: NetworkDevice, visit: (found: AttachedToDevice) => void): void {
  const kernel = kernelOf(ctx);
  const hooks = device.kind === 'netkit' ? [...tcxHooks, ...netkitHooks] : tcxHooks;
  for (const { attachType, place } of hooks) {
    const answer = queryAttached(kernel, { ifindex: device.index, attachType, details: 'links' });
    if (typeof answer === 'number') continue;
    for (const { id, attachFlags, linkId, linkAttachFlags } of answer.programs) {
      const programName = nameOf(ctx, id);
      const flags = { programFlags: attachFlags, linkFlags: linkAttachFlags };
      visit({ device, place, programId: id, programName, linkId, ...flags });
    }
  }
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
  const bits: number[] = [];
  for (let bit = 0; bit < 32; bit++) if ((flags & (1 << bit)) !== 0) bits.push((1 << bit) >>> 0);
  return bits;
}
