import { queryAttached } from '../bpf/index.ts';
import type { NetworkDevice } from '../netlink/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_attach_type } from '../uapi/index.ts';

/** A program at a hook of a device, one of several in a row: with or without a link. */
export interface DeviceHookProgram {
  /** `tcx/ingress`, `netkit/peer` … */
  readonly place: string;
  readonly programId: number;
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
export function visitDeviceHooks(
  kernel: Kernel,
  { index, kind }: Pick<NetworkDevice, 'index' | 'kind'>,
  visit: (found: DeviceHookProgram) => void,
): void {
  for (const { attachType, place } of kind === 'netkit' ? [...tcxHooks, ...netkitHooks] : tcxHooks) {
    const answer = queryAttached(kernel, { ifindex: index, attachType, details: 'links' });
    if (typeof answer === 'number') continue;
    for (const { id, attachFlags, linkId, linkAttachFlags } of answer.programs) {
      visit({ place, programId: id, programFlags: attachFlags, linkId, linkFlags: linkAttachFlags });
    }
  }
}
