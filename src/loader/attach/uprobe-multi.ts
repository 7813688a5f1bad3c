import { cString } from '../../bytes/index.ts';
import { UsageError, Errno } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { bpf_attach_type, BPF_F_UPROBE_MULTI_RETURN } from '../../uapi/index.ts';
import { resolveBinary } from './binary.ts';
import { functionOffsets, matchingOffsets } from './functions.ts';
import { type AttachableProgram, type AttachContext, LoadedLink, tryLink } from './link.ts';
import { cookies64, places64, wordsFor } from './places.ts';
import { probeSection } from './uprobe.ts';
import { fdOf } from '../fd-of.ts';

/**
 * Places in a file: functions that a pattern matches, or each by its name or by its offset in the file, with its cookie
 * and, at an offset, that of the counter to raise while it is attached, if there are.
 */
export type FilePlaces =
  | { readonly pattern: string }
  | { readonly functions: readonly string[]; readonly cookies?: readonly bigint[] }
  | {
      readonly offsets: readonly number[];
      readonly cookies?: readonly bigint[];
      readonly counterOffsets?: readonly number[];
    };

/**
 * Attaches one program to the entry of many functions of a file, or to their return, or as a session to both (since
 * 6.13), in all processes unless given. Since 6.6. UsageError for a target that means nothing, ObjectError if nothing
 * matches or the kernel refuses.
 */
export function attachUprobeMulti(
  context: AttachContext,
  program: AttachableProgram,
  target: FilePlaces & {
    readonly binary: string;
    readonly atReturn?: boolean;
    readonly session?: boolean;
    readonly pid?: number;
  },
): LoadedLink {
  const { kernel, log } = context;
  if (target.atReturn && target.session) throw new UsageError('a session is at both ends of a function');
  const path = resolveBinary(context, program, target.binary);
  const places = offsetsOf(context, path, target).map(BigInt);
  const cookies = cookies64(target, places.length);
  const given = 'offsets' in target ? target.counterOffsets?.map(BigInt) : undefined;
  const counters = wordsFor('counters', given, places.length);
  const { fd, tooOld } = tryLink(kernel, {
    programFd: fdOf(program),
    target: 0,
    attachType: target.session ? bpf_attach_type.BPF_TRACE_UPROBE_SESSION : bpf_attach_type.BPF_TRACE_UPROBE_MULTI,
    details: {
      'uprobe_multi.path': cString(path),
      'uprobe_multi.offsets': places64(places),
      'uprobe_multi.cnt': places.length,
      'uprobe_multi.flags': target.atReturn ? BPF_F_UPROBE_MULTI_RETURN : 0,
      'uprobe_multi.pid': target.pid ?? 0,
      ...(cookies === undefined ? {} : { 'uprobe_multi.cookies': cookies }),
      ...(counters === undefined ? {} : { 'uprobe_multi.ref_ctr_offsets': counters }),
    },
  });
  if (fd >= 0) return new LoadedLink(kernel, fd);
  throw failure(log, -fd, `prog '${program.name}': failed to attach multi-uprobe: ${errorText(fd)}`, tooOld);
}

function offsetsOf(context: AttachContext, path: string, target: FilePlaces): readonly number[] {
  if ('offsets' in target) return target.offsets;
  if ('functions' in target) return functionOffsets(context, path, target.functions);
  return matchingOffsets(context, path, target.pattern);
}

/** Attaches where the section says: `uprobe.multi/libc.so.6:mem*`. Undefined if it names no place. */
export function autoAttachUprobeMulti(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const section = probeSection(context, program);
  if (!section) return undefined;
  if (section.rest === '') {
    const text = `prog '${program.name}': invalid format of section definition '${program.spec.sectionName}'`;
    throw failure(context.log, Errno.EINVAL, text);
  }
  return attachUprobeMulti(context, program, {
    binary: section.binary,
    pattern: section.rest,
    atReturn: section.type.startsWith('uretprobe.multi'),
    session: section.type.startsWith('uprobe.session'),
  });
}
