// What of root, bpf(2) and bpffs this process may use, asked without loading anything.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const CAP_SYS_ADMIN = 21n;

/** Why tests that meet the kernel cannot run here, in one clause; undefined when they can. */
export function missingForKernelTests() {
  if (process.platform !== 'linux') return `they need Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'they need root (BPF programs and maps may only be created by root)';
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  if (((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 0n) {
    return 'this root has no CAP_SYS_ADMIN (a container needs --privileged)';
  }
  if (!/\bbpf$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'this kernel has no BPF file system';
  if (!existsSync('/sys/fs/bpf')) return 'there is no /sys/fs/bpf (is sysfs mounted?)';
  const words = ['--mount', 'mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf'];
  const tried = spawnSync('unshare', words, { encoding: 'utf8' });
  if (tried.status !== 0) return `mounting a BPF file system is refused (${(tried.stderr ?? '').trim()})`;
  return undefined;
}
