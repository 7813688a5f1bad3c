import { createToken, withTokenFd } from '../bpf/index.ts';
import { NotSupportedError, Errno } from '../errors/index.ts';
import { type InKernel, Fd, type Kernel } from '../kernel/index.ts';
import { checkResult, defaultKernel, O_DIRECTORY } from '../sys/index.ts';

/** A kernel in which everything is made with the rights of a token, until it is closed. */
export type DelegatedKernel = Kernel & Disposable & { close(): void };

/**
 * The kernel with the rights that a BPF file system delegates to this process's user namespace: what is given it as `kernel`
 * makes maps, programs and BTF with a token. `load` needs none: it takes `tokenPath`. Since 6.9. SyscallError where the
 * file system delegates nothing (ENOENT) or the process is in no user namespace of its own (EOPNOTSUPP).
 */
export function delegatedKernel(path: string, { kernel = defaultKernel() }: InKernel = {}): DelegatedKernel {
  using folder = new Fd(kernel, checkResult(`open ${path}`, kernel.open(path, O_DIRECTORY)));
  const created = createToken(kernel, folder.number);
  if (created === -Errno.EINVAL) {
    throw new NotSupportedError(
      `a BPF token of '${path}' (is it a BPF file system, mounted with delegate_cmds=…?)`,
      '6.9',
    );
  }
  const token = new Fd(kernel, checkResult(`create a BPF token of '${path}'`, created));
  const close = () => token.close();
  return Object.create(withTokenFd(kernel, token.number), {
    close: { value: close },
    [Symbol.dispose]: { value: close },
  }) as DelegatedKernel;
}
