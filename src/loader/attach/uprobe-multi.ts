import { errorText, failure } from '../../object/index.ts';
import { bpf_attach_type } from '../../uapi/index.ts';
import { cString } from '../calls.ts';
import { matchingOffsets, resolveBinary } from './binary.ts';
import { type AttachableProgram, type AttachContext, LoadedLink, tryLink } from './link.ts';
import { probeSection } from './uprobe.ts';

const returnFlag = 1;

/** Attaches one program to all functions of a file that a pattern matches. Since 6.6. */
export function attachUprobeMulti(
  context: AttachContext,
  program: AttachableProgram,
  target: { binary: string; pattern: string; atReturn?: boolean; session?: boolean },
): LoadedLink {
  const { kernel, log } = context;
  const path = resolveBinary(context, program, target.binary);
  const offsets = BigUint64Array.from(matchingOffsets(context, path, target.pattern).map(BigInt));
  const name = cString(path);
  const { fd, tooOld } = tryLink(kernel, {
    programFd: program.fd,
    target: 0,
    attachType: target.session ? bpf_attach_type.BPF_TRACE_UPROBE_SESSION : bpf_attach_type.BPF_TRACE_UPROBE_MULTI,
    details: {
      'uprobe_multi.path': kernel.address(name),
      'uprobe_multi.offsets': kernel.address(new Uint8Array(offsets.buffer)),
      'uprobe_multi.cnt': offsets.length,
      'uprobe_multi.flags': target.atReturn ? returnFlag : 0,
    },
  });
  if (fd >= 0) return new LoadedLink(kernel, fd);
  throw failure(log, -fd, `prog '${program.name}': failed to attach multi-uprobe: ${errorText(fd)}`, tooOld);
}

/** Attaches where the section says: `uprobe.multi/libc.so.6:mem*`. Undefined if it names no place. */
export function autoAttachUprobeMulti(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const section = probeSection(context, program);
  if (!section) return undefined;
  if (section.rest === '') {
    const text = `prog '${program.name}': invalid format of section definition '${program.spec.sectionName}'`;
    throw failure(context.log, 22, text);
  }
  return attachUprobeMulti(context, program, {
    binary: section.binary,
    pattern: section.rest,
    atReturn: section.type.startsWith('uretprobe.multi'),
    session: section.type.startsWith('uprobe.session'),
  });
}
