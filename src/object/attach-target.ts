import { bpf_attach_type } from '../uapi/index.ts';
import { Kind } from '../btf/index.ts';

/** How the kernel's BTF spells the targets of an attach type. */
export interface TargetSpelling {
  /** Before the name. */
  readonly text: string;
  readonly kind: number;
}

/** Source: libbpf, btf_get_kernel_prefix_kind. */
export function targetSpelling(attachType: number): TargetSpelling {
  switch (attachType) {
    case bpf_attach_type.BPF_TRACE_RAW_TP:
      return { text: 'btf_trace_', kind: Kind.typedef };
    case bpf_attach_type.BPF_LSM_MAC:
    case bpf_attach_type.BPF_LSM_CGROUP:
      return { text: 'bpf_lsm_', kind: Kind.func };
    case bpf_attach_type.BPF_TRACE_ITER:
      return { text: 'bpf_iter_', kind: Kind.func };
    default:
      return { text: '', kind: Kind.func };
  }
}

/** True for programs that trace many functions at once. */
export function isTracingMulti(attachType: number): boolean {
  return (
    attachType === bpf_attach_type.BPF_TRACE_FENTRY_MULTI ||
    attachType === bpf_attach_type.BPF_TRACE_FEXIT_MULTI ||
    attachType === bpf_attach_type.BPF_TRACE_FSESSION_MULTI
  );
}
