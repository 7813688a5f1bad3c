import { SyscallError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

/**
 * Name of a network device that an object is bound to, if it lives in this process's network namespace.
 * `namespaceDevice` and `namespaceInode` identify the namespace as in the kernel's info structs.
 */
export function deviceName(
  kernel: Kernel,
  device: { ifindex: number; namespaceDevice: bigint; namespaceInode: bigint },
): string | undefined {
  const own = networkNamespace(kernel);
  if (own === undefined || own.device !== device.namespaceDevice || own.inode !== device.namespaceInode)
    return undefined;
  return kernel.interfaceName(device.ifindex);
}

/** Device and inode of this process's network namespace. */
export function networkNamespace(kernel: Kernel): { device: bigint; inode: bigint } | undefined {
  try {
    const { device, inode } = kernel.statusFollowing('/proc/self/ns/net');
    return { device, inode };
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}
