import { errorText, failure } from '../../object/index.ts';
import { openRawTracepoint } from '../../bpf/index.ts';
import { type AttachableProgram, type AttachContext, LoadedLink, sectionRest } from './link.ts';
import { fdOf } from '../fd-of.ts';

/** Attaches to a raw tracepoint by name. */
export function attachRawTracepoint(context: AttachContext, program: AttachableProgram, name: string): LoadedLink {
  const fd = openRawTracepoint(context.kernel, fdOf(program), name);
  if (fd >= 0) return new LoadedLink(context.kernel, fd);
  const text = `prog '${program.name}': failed to attach to raw tracepoint '${name}': ${errorText(fd)}`;
  throw failure(context.log, -fd, text);
}

/** Attaches where the section says: `raw_tp/sched_switch`. Undefined if it names no place. */
export function autoAttachRawTracepoint(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const name = sectionRest(program.spec.sectionName);
  return name === '' ? undefined : attachRawTracepoint(context, program, name);
}
