import { fail, isPrefix, type Words } from '../../cli/index.ts';
import { Errno } from '../../errors/index.ts';
import { bpf_attach_type, XDP_FLAGS_DRV_MODE, XDP_FLAGS_HW_MODE, XDP_FLAGS_SKB_MODE } from '../../uapi/index.ts';

/** A hook of a device that takes programs without a link. */
export type NetAttachType =
  /** `flags`: the mode, as `XDP_FLAGS_*`. */
  | { readonly kind: 'xdp'; readonly name: string; readonly flags: number }
  | { readonly kind: 'tcx'; readonly name: string; readonly attachType: number };

/**
 * In matching order: a word selects the first that it abbreviates. `attach_type_strings` of bpftool's src/net.c;
 * `xdp` leaves the mode to the kernel.
 */
const attachTypes: readonly NetAttachType[] = [
  { kind: 'xdp', name: 'xdp', flags: 0 },
  { kind: 'xdp', name: 'xdpgeneric', flags: XDP_FLAGS_SKB_MODE },
  { kind: 'xdp', name: 'xdpdrv', flags: XDP_FLAGS_DRV_MODE },
  { kind: 'xdp', name: 'xdpoffload', flags: XDP_FLAGS_HW_MODE },
  { kind: 'tcx', name: 'tcx_ingress', attachType: bpf_attach_type.BPF_TCX_INGRESS },
  { kind: 'tcx', name: 'tcx_egress', attachType: bpf_attach_type.BPF_TCX_EGRESS },
];

/** Consumes ATTACH_TYPE. */
export function readAttachType(words: Words): NetAttachType {
  const word = words.next();
  const found = attachTypes.find(({ name }) => isPrefix(word, name));
  return found ?? fail(`invalid net attach/detach type: ${word}`, { status: -Errno.EINVAL });
}
