import { autoAttachKprobe, autoAttachKsyscall } from './kprobe.ts';
import { autoAttachKprobeMulti } from './kprobe-multi.ts';
import { autoAttachUprobe } from './uprobe.ts';
import { autoAttachUprobeMulti } from './uprobe-multi.ts';
import { attachIterator } from './iterator.ts';
import type { AttachableProgram, AttachContext, LoadedLink } from './link.ts';
import { autoAttachRawTracepoint } from './raw-tracepoint.ts';
import { autoAttachUsdt } from './usdt/index.ts';
import { attachTrace } from './trace.ts';
import { autoAttachTracepoint } from './tracepoint.ts';
import { autoAttachTracingMulti } from './tracing-multi.ts';
import { Errno } from '../../errors/index.ts';
import { type AutoAttach, failure, sectionHandling } from '../../object/index.ts';
import { fdOf } from '../fd-of.ts';

/**
 * Attaches a program where its section says. Undefined if sections of its type name no place, this one does not, or
 * the program was given another type than its section's.
 * ObjectError, after libbpf's warnings, if attaching fails.
 */
export function autoAttach(
  context: AttachContext,
  program: AttachableProgram & {
    readonly spec: {
      readonly section: { readonly programType: number; readonly autoAttach: AutoAttach | undefined } | undefined;
    };
  },
): LoadedLink | undefined {
  const handling = sectionHandling(program.spec)?.autoAttach;
  if (handling !== undefined && fdOf(program) < 0) {
    const text = `prog '${program.name}': can't attach BPF program without FD (was it loaded?)`;
    throw failure(context.log, Errno.EINVAL, text);
  }
  switch (handling) {
    case 'tp':
      return autoAttachTracepoint(context, program);
    case 'raw_tp':
      return autoAttachRawTracepoint(context, program);
    case 'trace':
    case 'lsm':
      return attachTrace(context, program);
    case 'iter':
      return attachIterator(context, program);
    case 'uprobe':
      return autoAttachUprobe(context, program);
    case 'uprobe_multi':
      return autoAttachUprobeMulti(context, program);
    case 'usdt':
      return autoAttachUsdt(context, program);
    case 'kprobe':
      return autoAttachKprobe(context, program);
    case 'ksyscall':
      return autoAttachKsyscall(context, program);
    case 'kprobe_multi':
    case 'kprobe_session':
      return autoAttachKprobeMulti(context, program);
    case 'tracing_multi':
      return autoAttachTracingMulti(context, program);
    default:
      return undefined;
  }
}
