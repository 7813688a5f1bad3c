import { Errno, errnoOf } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { resolveBinary } from './binary.ts';
import { binaryFile, functionOffset } from './functions.ts';
import type { AttachableProgram, AttachContext, LoadedLink } from './link.ts';
import { attachPerfEvent } from './perf-event.ts';
import { openProbe } from './probe-event.ts';

/** A place in a binary. */
export interface UprobeTarget {
  /** A path, a bare name of a library or program, or a file stored in an archive: `app.apk!/lib/x86_64/libnative.so`. */
  readonly binary: string;
  /** May end in `@VERSION` or `@@VERSION`. */
  readonly function?: string;
  /** From the function's start, or the file's without one. */
  readonly offset?: number;
  readonly atReturn?: boolean;
  /** -1, unless given, for all processes. */
  readonly pid?: number;
  /** What bpf_get_attach_cookie() tells the program, since 5.15. */
  readonly cookie?: bigint;
}

/** Attaches to a place in a program or library. */
export function attachUprobe(context: AttachContext, program: AttachableProgram, target: UprobeTarget): LoadedLink {
  const { log } = context;
  const inArchive = binaryFile(target.binary);
  const binary = inArchive.entry === undefined ? { path: resolveBinary(context, program, target.binary) } : inArchive;
  const { path } = binary;
  const start = target.function === undefined ? 0 : functionOffset(context, binary, target.function);
  const offset = start + (target.offset ?? 0);
  const atReturn = target.atReturn ?? false;
  const kind = atReturn ? 'uretprobe' : 'uprobe';
  const where = `${kind} '${path}:0x${offset.toString(16)}'`;
  const fd = openProbe(context, { kind: 'uprobe', name: path, offset, atReturn, pid: target.pid ?? -1 });
  if (fd < 0) {
    throw failure(log, -fd, `prog '${program.name}': failed to create ${where} perf event: ${errorText(fd)}`);
  }
  try {
    return attachPerfEvent(context, program, target.cookie === undefined ? { fd } : { fd, cookie: target.cookie });
  } catch (error) {
    const errno = errnoOf(error, Errno.EINVAL);
    log?.('warn', `prog '${program.name}': failed to attach to ${where}: ${errorText(errno)}`);
    throw error;
  }
}

/** A section `type/binary:function`, taken apart. Undefined for a bare type. */
export function probeSection(
  context: AttachContext,
  program: AttachableProgram,
): { type: string; binary: string; rest: string } | undefined {
  const { sectionName } = program.spec;
  const match = /^([^/]+)(?:\/([^:]+)(?::(.+))?)?/.exec(sectionName);
  if (!match || (match[2] === undefined && sectionName.includes('/'))) {
    const text = `prog '${program.name}': invalid format of section definition '${sectionName}'`;
    throw failure(context.log, Errno.EINVAL, text);
  }
  const [, type = '', binary, rest] = match;
  if (binary === undefined) return undefined;
  return { type, binary, rest: rest ?? '' };
}

/** Attaches where the section says: `uprobe/libc.so.6:malloc+8`. Undefined if it names no place. */
export function autoAttachUprobe(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const { log } = context;
  const section = probeSection(context, program);
  if (!section) return undefined;
  const bad = (text: string) => failure(log, Errno.EINVAL, `prog '${program.name}': ${text}`);
  if (section.rest === '') {
    throw bad(`section '${program.spec.sectionName}' missing ':function[+offset]' specification`);
  }
  const match = /^(.*)\+(0[xX][0-9a-fA-F]+|\d+)$/.exec(section.rest);
  const offset = match ? Number(/^0\d/.test(match[2]!) ? `0o${match[2]!.slice(1)}` : match[2]) : 0;
  const atReturn = section.type === 'uretprobe' || section.type === 'uretprobe.s';
  if (atReturn && offset !== 0) throw bad('uretprobes do not support offset specification');
  return attachUprobe(context, program, {
    binary: section.binary,
    function: match ? match[1]! : section.rest,
    offset,
    atReturn,
  });
}
