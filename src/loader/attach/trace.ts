import { Errno } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { bpf_attach_type } from '../../uapi/index.ts';
import { openRawTracepoint } from '../../bpf/index.ts';
import { type AttachableProgram, type AttachContext, LoadedLink, tryLink } from './link.ts';
import { fdOf } from '../fd-of.ts';

/** What the raw tracepoint command attached before there were links of these kinds. */
const attachedOtherwise: readonly number[] = [
  bpf_attach_type.BPF_TRACE_RAW_TP,
  bpf_attach_type.BPF_LSM_MAC,
  bpf_attach_type.BPF_TRACE_FENTRY,
  bpf_attach_type.BPF_TRACE_FEXIT,
  bpf_attach_type.BPF_MODIFY_RETURN,
];

/**
 * Attaches a program whose target was fixed when it was loaded: fentry, fexit, fmod_ret, fsession, tp_btf, LSM, freplace.
 * `cookie` is what bpf_get_attach_cookie() tells the program, since 5.19.
 */
export function attachTrace(
  context: AttachContext,
  program: AttachableProgram,
  options: { cookie?: bigint } = {},
): LoadedLink {
  const attachType = program.spec.expectedAttachType;
  const { cookie } = options;
  const details = cookie === undefined ? {} : { 'tracing.cookie': cookie };
  const made = tryLink(context.kernel, { programFd: fdOf(program), target: 0, attachType, details });
  let { fd } = made;
  if (fd === -Errno.EINVAL && cookie === undefined && attachedOtherwise.includes(attachType)) {
    fd = openRawTracepoint(context.kernel, fdOf(program), undefined);
  }
  if (fd >= 0) return new LoadedLink(context.kernel, fd);
  throw failure(context.log, -fd, `prog '${program.name}': failed to attach: ${errorText(fd)}`, made.tooOld);
}
