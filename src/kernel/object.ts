import { openFdPinned, pinFd, type ObjectKind } from '../bpf/index.ts';
import { UsageError } from '../errors/index.ts';
import { fdKindOfTarget } from '../host/index.ts';
import { checkResult, Fd, type Kernel } from '../sys/index.ts';

/** How an object takes over a descriptor. */
export interface AdoptOptions {
  /** The descriptor is known to be of this kind: spares a look at it. */
  readonly isKnown?: boolean;
}

/** A kernel BPF object held open through one descriptor. */
export abstract class BpfObject implements Disposable {
  readonly kernel: Kernel;
  readonly fd: Fd;

  /** Takes over `fd`. Throws UsageError, and leaves it the caller's, if that is of no object of this kind. */
  constructor(kernel: Kernel, fd: number, kind: ObjectKind, { isKnown = false }: AdoptOptions = {}) {
    if (!isKnown) requireKind(kernel, fd, kind);
    this.kernel = kernel;
    this.fd = new Fd(kernel, fd);
  }

  /** Pins the object at `path` on a bpffs. Throws SyscallError. */
  pin(path: string): void {
    checkResult(`failed to pin at '${path}'`, this.tryPin(path));
  }

  /** @internal As `pin`: 0, or -errno. */
  tryPin(path: string): number {
    return pinFd(this.kernel, this.fd.number, path);
  }

  close(): void {
    this.fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens what is pinned at `path` and hands it to `adopt`. Throws SyscallError; closes it again where `adopt` throws. */
export function adoptPinned<T>(
  kernel: Kernel,
  { path, flags = 0 }: { readonly path: string; readonly flags?: number },
  adopt: (fd: number) => T,
): T {
  const fd = checkResult(`open ${path}`, openFdPinned(kernel, path, flags));
  try {
    return adopt(fd);
  } catch (error) {
    kernel.close(fd);
    throw error;
  }
}

const kindNames: Readonly<Record<ObjectKind, string>> = {
  prog: 'a BPF program',
  map: 'a BPF map',
  link: 'a BPF link',
  btf: 'a BTF object',
};

/** Throws UsageError unless `fd` is a descriptor of an object of that kind. Where /proc is missing nothing is known. */
export function requireKind(kernel: Kernel, fd: number, kind: ObjectKind): void {
  const found = fdKind(kernel, fd);
  if (found === kind || (found === undefined && !kernel.exists('/proc/self/fd'))) return;
  const is = found === undefined ? 'no BPF object' : kindNames[found];
  throw new UsageError(`descriptor ${fd} is ${is}, not ${kindNames[kind]}`);
}

/** What kind of BPF object a descriptor is, from its anonymous inode's name; undefined for anything else. */
export function fdKind(kernel: Kernel, fd: number): ObjectKind | undefined {
  try {
    return fdKindOfTarget(kernel.readLink(`/proc/self/fd/${fd}`));
  } catch {
    return undefined;
  }
}
