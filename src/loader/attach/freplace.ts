import { Errno } from '../../errors/index.ts';
import { failure } from '../../object/index.ts';
import { bpf_prog_type } from '../../uapi/index.ts';
import { findProgramFunction, type TargetProgram, targetFd } from '../target.ts';
import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';
import { attachTrace } from './trace.ts';

/**
 * Puts a program in the place of a function of another program: the one it was loaded for, or `target`, which must be
 * alike and since 5.10 can be any. TargetError if the target has no such function, ObjectError if the kernel refuses.
 */
export function attachFreplace(
  context: AttachContext,
  program: AttachableProgram,
  target?: TargetProgram & { readonly function: string },
): LoadedLink {
  const { type, expectedAttachType } = program.spec;
  if (type !== undefined && type !== bpf_prog_type.BPF_PROG_TYPE_EXT) {
    const text = `prog '${program.name}': only BPF_PROG_TYPE_EXT can attach as freplace`;
    throw failure(context.log, Errno.EINVAL, text);
  }
  if (target === undefined) return attachTrace(context, program);
  const fd = targetFd(target);
  const id = findProgramFunction(context, { fd, name: target.function, isReplaced: true });
  return link(context, program, {
    to: 'freplace',
    target: fd,
    attachType: expectedAttachType,
    details: { target_btf_id: id },
  });
}
