import { pinFd, type ObjectKind } from '../bpf/index.ts';
import { fdKindOfTarget } from '../host/index.ts';
import { checkResult, Fd, type Kernel } from '../sys/index.ts';

/** A kernel BPF object held open through one descriptor. */
export abstract class BpfObject implements Disposable {
  readonly kernel: Kernel;
  readonly fd: Fd;

  constructor(kernel: Kernel, fd: number) {
    this.kernel = kernel;
    this.fd = new Fd(kernel, fd);
  }

  /** Pins the object at `path` on a bpffs. Returns 0 or -errno. */
  tryPin(path: string): number {
    return pinFd(this.kernel, this.fd.number, path);
  }

  pin(path: string): void {
    checkResult(`pin ${path}`, this.tryPin(path));
  }

  close(): void {
    this.fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What kind of BPF object a descriptor is, from its anonymous inode's name; undefined for anything else. */
export function fdKind(kernel: Kernel, fd: number): ObjectKind | undefined {
  try {
    return fdKindOfTarget(kernel.readLink(`/proc/self/fd/${fd}`));
  } catch {
    return undefined;
  }
}
