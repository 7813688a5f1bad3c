import type { Kernel } from '../sys/index.ts';

/** Where the running kernel shows its own types, if it was built to. */
export const kernelBtfPath = '/sys/kernel/btf/vmlinux';

/** Places of the running kernel's image, whose types stand for those it does not show. Source: libbpf. */
export function vmlinuxPlaces(kernel: Kernel): string[] {
  const release = kernel.readText('/proc/sys/kernel/osrelease').trim();
  return [
    `/boot/vmlinux-${release}`,
    `/lib/modules/${release}/vmlinux-${release}`,
    `/lib/modules/${release}/build/vmlinux`,
    `/usr/lib/modules/${release}/kernel/vmlinux`,
    `/usr/lib/debug/boot/vmlinux-${release}`,
    `/usr/lib/debug/boot/vmlinux-${release}.debug`,
    `/usr/lib/debug/lib/modules/${release}/vmlinux`,
  ];
}
