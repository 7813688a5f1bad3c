import type { ProgramRequest } from '../../bpf/index.ts';
import { Errno } from '../../errors/index.ts';
import { kernelVersion } from '../../host/index.ts';
import type { Kernel } from '../../sys/index.ts';
import { bpf_attach_type as attach, BPF_F_SLEEPABLE, bpf_prog_type as prog, progTypeName } from '../../uapi/index.ts';

/** How a program of some type is tried. */
export interface ProgramTrial {
  readonly request: Omit<ProgramRequest, 'code' | 'log' | 'logLevel'>;
  /** The type is there if the kernel refuses with this errno, and with this text in its log. Without: if it loads. */
  readonly refusal?: { readonly errno: number; readonly text?: string };
}

/** A type of the kernel's BTF that is no function. */
const noFunction = 1;

/** The trial of a program type; undefined for one that is not known how to try. Source of the choices: libbpf. */
export function programTrial(kernel: Kernel, type: number): ProgramTrial | undefined {
  switch (type) {
    case prog.BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
      return attachedAs(type, attach.BPF_CGROUP_INET4_CONNECT);
    case prog.BPF_PROG_TYPE_CGROUP_SOCKOPT:
      return attachedAs(type, attach.BPF_CGROUP_GETSOCKOPT);
    case prog.BPF_PROG_TYPE_SK_LOOKUP:
      return attachedAs(type, attach.BPF_SK_LOOKUP);
    case prog.BPF_PROG_TYPE_LIRC_MODE2:
      return attachedAs(type, attach.BPF_LIRC_MODE2);
    case prog.BPF_PROG_TYPE_NETFILTER:
      return attachedAs(type, attach.BPF_NETFILTER);
    case prog.BPF_PROG_TYPE_KPROBE:
      return { request: { type, kernelVersion: kernelVersion(kernel).code } };
    case prog.BPF_PROG_TYPE_TRACING:
      return atNoFunction(type, attach.BPF_TRACE_FENTRY);
    case prog.BPF_PROG_TYPE_LSM:
      return atNoFunction(type, attach.BPF_MODIFY_RETURN);
    case prog.BPF_PROG_TYPE_EXT:
      return {
        request: { type, attachBtfId: noFunction },
        refusal: { errno: Errno.EINVAL, text: 'Cannot replace kernel functions' },
      };
    case prog.BPF_PROG_TYPE_SYSCALL:
      return { request: { type, flags: BPF_F_SLEEPABLE } };
    case prog.BPF_PROG_TYPE_STRUCT_OPS:
      return { request: { type }, refusal: { errno: Errno.ENOTSUPP } };
    default:
      return progTypeName(type) === undefined ? undefined : { request: { type } };
  }
}

function attachedAs(type: number, expectedAttachType: number): ProgramTrial {
  return { request: { type, expectedAttachType } };
}

/** What the kernel says of a program for a function that is none shows that it knows such programs. */
function atNoFunction(type: number, expectedAttachType: number): ProgramTrial {
  return {
    request: { type, expectedAttachType, attachBtfId: noFunction },
    refusal: { errno: Errno.EINVAL, text: `attach_btf_id ${noFunction} is not a function` },
  };
}

/** Types of which no program can be loaded to try a helper in. */
export const withoutHelperTrial: ReadonlySet<number> = new Set([
  prog.BPF_PROG_TYPE_TRACING,
  prog.BPF_PROG_TYPE_EXT,
  prog.BPF_PROG_TYPE_LSM,
  prog.BPF_PROG_TYPE_STRUCT_OPS,
]);
