import { matchesGlob } from '../../bytes/index.ts';
import { Errno, errnoOf, UsageError } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { bpf_attach_type, textTable, BPF_F_KPROBE_MULTI_RETURN } from '../../uapi/index.ts';
import type { LinkDetails } from '../../bpf/index.ts';
import { attachingTracefs, eachLine, eachSymbol } from '../../host/index.ts';
import { type AttachableProgram, type AttachContext, LoadedLink, sectionRest, tryLink } from './link.ts';
import { cookies64, noPlace, places64 } from './places.ts';
import { fdOf } from '../fd-of.ts';

/** Functions of the kernel: those that a pattern matches, or each by its name or address, with its cookie if there are. */
export type KernelPlaces =
  | { readonly pattern: string }
  | { readonly functions: readonly string[]; readonly cookies?: readonly bigint[] }
  | { readonly addresses: readonly bigint[]; readonly cookies?: readonly bigint[] };

/**
 * Attaches one program to the entry of many functions of the kernel, or to their return, or as a session to both (since
 * 6.10). Since 5.18. UsageError for a target that means nothing, ObjectError if nothing matches or the kernel refuses.
 */
export function attachKprobeMulti(
  context: AttachContext,
  program: AttachableProgram,
  target: KernelPlaces & { readonly atReturn?: boolean; readonly session?: boolean },
): LoadedLink {
  const { kernel, log } = context;
  if (target.atReturn && target.session) throw new UsageError('a session is at both ends of a function');
  const names = namesOf(target);
  if (names?.length === 0) throw noPlace();
  const addresses = names === undefined ? addressesOf(context, target) : [];
  const count = names?.length ?? addresses.length;
  const cookies = cookies64(target, count);
  const details: LinkDetails = {
    'kprobe_multi.flags': target.atReturn ? BPF_F_KPROBE_MULTI_RETURN : 0,
    'kprobe_multi.cnt': count,
    ...(names === undefined
      ? { 'kprobe_multi.addrs': places64(addresses) }
      : { 'kprobe_multi.syms': textTable(names) }),
    ...(cookies === undefined ? {} : { 'kprobe_multi.cookies': cookies }),
  };
  const { fd, tooOld } = tryLink(kernel, {
    programFd: fdOf(program),
    target: 0,
    attachType: target.session ? bpf_attach_type.BPF_TRACE_KPROBE_SESSION : bpf_attach_type.BPF_TRACE_KPROBE_MULTI,
    details,
  });
  if (fd >= 0) return new LoadedLink(kernel, fd);
  const errno = fd === -Errno.ESRCH ? Errno.ENOENT : -fd;
  throw failure(log, errno, `prog '${program.name}': failed to attach: ${errorText(errno)}`, tooOld);
}

/** Names for the kernel to look up; undefined where addresses are known or must be found. */
function namesOf(target: KernelPlaces): readonly string[] | undefined {
  if ('functions' in target) return target.functions;
  return 'pattern' in target && !/[*?]/.test(target.pattern) ? [target.pattern] : undefined;
}

function addressesOf(context: AttachContext, target: KernelPlaces): readonly bigint[] {
  if ('addresses' in target) return target.addresses;
  const { pattern } = target as { pattern: string };
  const found = matchingAddresses(context, pattern);
  if (found.length === 0) throw failure(undefined, Errno.ENOENT, `no kernel function matches '${pattern}'`);
  return found;
}

/** Attaches where the section says: `kprobe.multi/vfs_*`. Undefined if it names no place. */
export function autoAttachKprobeMulti(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const { sectionName } = program.spec;
  if (!sectionName.includes('/')) return undefined;
  const session = sectionName.startsWith('kprobe.session/');
  const rest = sectionRest(sectionName);
  const pattern = /^[a-zA-Z0-9_.*?]+/.exec(rest)?.[0];
  if (pattern === undefined) {
    throw failure(context.log, Errno.EINVAL, `kprobe ${session ? 'session' : 'multi'} pattern is invalid: ${rest}`);
  }
  return attachKprobeMulti(context, program, {
    pattern,
    session,
    atReturn: sectionName.startsWith('kretprobe.multi/'),
  });
}

/** Addresses of functions that can be traced. ObjectError, after libbpf's warning, where the kernel lists none. */
function matchingAddresses({ kernel, log }: AttachContext, pattern: string): bigint[] {
  const root = attachingTracefs(kernel);
  const reading = (path: string, read: () => void) => {
    try {
      read();
    } catch (cause) {
      const errno = errnoOf(cause, Errno.EIO);
      throw failure(log, errno, `failed to open ${path}: ${errorText(errno)}`, { cause });
    }
  };
  const scan = (path: string, visit: (line: string) => void) =>
    reading(path, () => {
      eachLine(kernel, path, (line) => {
        visit(line);
        return true;
      });
    });
  const addresses: bigint[] = [];
  const withAddresses = `${root}/available_filter_functions_addrs`;
  if (kernel.exists(withAddresses)) {
    scan(withAddresses, (line) => {
      const [address = '0', name = ''] = line.split(' ');
      if (matchesGlob(name, pattern)) addresses.push(BigInt(`0x${address}`));
    });
    return addresses;
  }
  const names = new Set<string>();
  scan(`${root}/available_filter_functions`, (line) => {
    const name = line.split(/\s/, 1)[0]!;
    if (matchesGlob(name, pattern)) names.add(name);
  });
  if (names.size === 0) return addresses;
  reading('/proc/kallsyms', () => {
    eachSymbol(kernel, (name, _type, digits) => {
      // Kernels built with LTO may list a function without the suffix that its symbol has.
      const isListed = matchesGlob(name, pattern) && (names.has(name) || names.has(name.replace(/\.llvm\..*$/, '')));
      if (isListed) addresses.push(BigInt(`0x${digits}`));
      return true;
    });
  });
  return addresses;
}
