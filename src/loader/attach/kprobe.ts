import { Errno, errnoOf } from '../../errors/index.ts';
import { arch } from 'node:process';
import { errorText, failure } from '../../object/index.ts';
import { hasSyscallWrapper } from '../../host/index.ts';
import { type AttachableProgram, type AttachContext, type LoadedLink, sectionRest } from './link.ts';
import { attachPerfEvent } from './perf-event.ts';
import { openProbe } from './probe-event.ts';

/** `cookie` is what bpf_get_attach_cookie() tells the program, since 5.15. */
export interface AtFunction {
  readonly atReturn?: boolean;
  readonly cookie?: bigint;
}

/** Attaches to a function of the kernel. */
export function attachKprobe(
  context: AttachContext,
  program: AttachableProgram,
  target: AtFunction & { readonly function: string; readonly offset?: number },
): LoadedLink {
  const { log } = context;
  const offset = target.offset ?? 0;
  const atReturn = target.atReturn ?? false;
  const where = `${atReturn ? 'kretprobe' : 'kprobe'} '${target.function}+0x${offset.toString(16)}'`;
  const fd = openProbe(context, { kind: 'kprobe', name: target.function, offset, atReturn, pid: -1 });
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

/** Attaches where the section says: `kprobe/do_nanosleep+4`. Undefined if it names no place. */
export function autoAttachKprobe(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const { sectionName } = program.spec;
  if (!sectionName.includes('/')) return undefined;
  const rest = sectionRest(sectionName);
  const atReturn = sectionName.startsWith('kretprobe/');
  const match = /^([a-zA-Z0-9_.]+)([+-](?:0[xX][0-9a-fA-F]+|\d+))?/.exec(rest);
  if (!match) throw failure(context.log, Errno.EINVAL, `kprobe name is invalid: ${rest}`);
  const offset = match[2] === undefined ? 0 : Number(match[2].replace('+', ''));
  if (offset < 0) throw failure(context.log, Errno.EINVAL, `kprobe offset must be a non-negative integer: ${offset}`);
  if (atReturn && offset !== 0)
    throw failure(context.log, Errno.EINVAL, 'kretprobes do not support offset specification');
  return attachKprobe(context, program, { function: match[1]!, offset, atReturn });
}

const architectures: Readonly<Record<string, string>> = {
  x64: 'x64',
  arm64: 'arm64',
  s390x: 's390x',
  riscv64: 'riscv',
};

/** Attaches to the entry or return of a system call, by its name, e.g. `nanosleep`. */
export function attachKsyscall(
  context: AttachContext,
  program: AttachableProgram,
  target: AtFunction & { readonly name: string },
): LoadedLink {
  const { name, ...rest } = target;
  const prefix = hasSyscallWrapper(context.kernel) ? `__${architectures[arch] ?? arch}_sys_` : '__se_sys_';
  return attachKprobe(context, program, { ...rest, function: prefix + name });
}

/** Attaches where the section says: `ksyscall/nanosleep`. Undefined if it names no system call. */
export function autoAttachKsyscall(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const { sectionName } = program.spec;
  if (!sectionName.includes('/')) return undefined;
  const atReturn = sectionName.startsWith('kretsyscall/');
  return attachKsyscall(context, program, { name: sectionRest(sectionName), atReturn });
}
