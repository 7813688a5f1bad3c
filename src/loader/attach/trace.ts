import { errorText, failure } from '../../object/index.ts';
import { createLink, openRawTracepoint } from '../calls.ts';
import { type AttachableProgram, type AttachContext, LoadedLink } from './link.ts';

/** Attaches a program whose target was fixed when it was loaded: fentry, fexit, fmod_ret, tp_btf, LSM, freplace. */
export function attachTrace(context: AttachContext, program: AttachableProgram): LoadedLink {
  const attachType = program.spec.expectedAttachType;
  let fd = createLink(context.kernel, { programFd: program.fd, target: 0, attachType });
  // Before links of these kinds the raw tracepoint command did this.
  if (fd === -22) fd = openRawTracepoint(context.kernel, program.fd, undefined);
  if (fd >= 0) return new LoadedLink(context.kernel, fd);
  throw failure(context.log, -fd, `prog '${program.name}': failed to attach: ${errorText(fd)}`);
}
