import { Errno } from '../../errors/index.ts';
import { errorText, failure } from '../../object/index.ts';
import { bpf_attach_type } from '../../uapi/index.ts';
import { cString, type LinkDetails } from '../calls.ts';
import { scanLines } from '../externs.ts';
import { globMatches } from './binary.ts';
import { type AttachableProgram, type AttachContext, LoadedLink, sectionRest, tryLink } from './link.ts';

const returnFlag = 1;

/** Attaches one program to all functions of the kernel that a pattern matches. Since 5.18. */
export function attachKprobeMulti(
  context: AttachContext,
  program: AttachableProgram,
  target: { pattern: string; atReturn?: boolean; session?: boolean },
): LoadedLink {
  const { kernel, log } = context;
  const details: LinkDetails = { 'kprobe_multi.flags': target.atReturn ? returnFlag : 0 };
  // What the addresses below point at must live until the call is over.
  const name = cString(target.pattern);
  let array: BigUint64Array;
  if (/[*?]/.test(target.pattern)) {
    array = BigUint64Array.from(matchingAddresses(context, target.pattern));
    if (array.length === 0) throw failure(() => undefined, 2, `no kernel function matches '${target.pattern}'`);
    details['kprobe_multi.addrs'] = kernel.address(new Uint8Array(array.buffer));
  } else {
    array = BigUint64Array.of(kernel.address(name));
    details['kprobe_multi.syms'] = kernel.address(new Uint8Array(array.buffer));
  }
  details['kprobe_multi.cnt'] = array.length;
  const { fd, tooOld } = tryLink(kernel, {
    programFd: program.fd,
    target: 0,
    attachType: target.session ? bpf_attach_type.BPF_TRACE_KPROBE_SESSION : bpf_attach_type.BPF_TRACE_KPROBE_MULTI,
    details,
  });
  if (fd >= 0) return new LoadedLink(kernel, fd);
  const errno = fd === -3 ? 2 : -fd;
  throw failure(log, errno, `prog '${program.name}': failed to attach: ${errorText(errno)}`, tooOld);
}

/** Attaches where the section says: `kprobe.multi/vfs_*`. Undefined if it names no place. */
export function autoAttachKprobeMulti(context: AttachContext, program: AttachableProgram): LoadedLink | undefined {
  const { sectionName } = program.spec;
  if (!sectionName.includes('/')) return undefined;
  const session = sectionName.startsWith('kprobe.session/');
  const rest = sectionRest(sectionName);
  const pattern = /^[a-zA-Z0-9_.*?]+/.exec(rest)?.[0];
  if (pattern === undefined) {
    throw failure(context.log, 22, `kprobe ${session ? 'session' : 'multi'} pattern is invalid: ${rest}`);
  }
  return attachKprobeMulti(context, program, {
    pattern,
    session,
    atReturn: sectionName.startsWith('kretprobe.multi/'),
  });
}

/** Addresses of functions that can be traced. ObjectError, after libbpf's warning, where the kernel lists none. */
function matchingAddresses({ kernel, log }: AttachContext, pattern: string): bigint[] {
  const root = kernel.exists('/sys/kernel/debug/tracing') ? '/sys/kernel/debug/tracing' : '/sys/kernel/tracing';
  const scan = (path: string, visit: (line: string) => void) => {
    try {
      scanLines(kernel, path, (line) => {
        visit(line);
        return true;
      });
    } catch (cause) {
      const errno = (cause as { errno?: number }).errno ?? Errno.EIO;
      throw failure(log, errno, `failed to open ${path}: ${errorText(errno)}`, { cause });
    }
  };
  const addresses: bigint[] = [];
  const withAddresses = `${root}/available_filter_functions_addrs`;
  if (kernel.exists(withAddresses)) {
    scan(withAddresses, (line) => {
      const [address = '0', name = ''] = line.split(' ');
      if (globMatches(name, pattern)) addresses.push(BigInt(`0x${address}`));
    });
    return addresses;
  }
  const names = new Set<string>();
  scan(`${root}/available_filter_functions`, (line) => {
    const name = line.split(/\s/, 1)[0]!;
    if (globMatches(name, pattern)) names.add(name);
  });
  if (names.size === 0) return addresses;
  scan('/proc/kallsyms', (line) => {
    const [address = '0', , name = ''] = line.split(/\s/);
    if (!globMatches(name, pattern)) return;
    // Kernels built with LTO may list a function without the suffix that its symbol has.
    if (names.has(name) || names.has(name.replace(/\.llvm\..*$/, ''))) addresses.push(BigInt(`0x${address}`));
  });
  return addresses;
}
