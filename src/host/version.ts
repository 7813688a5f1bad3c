import os from 'node:os';
import { SyscallError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

export interface KernelVersion {
  /** As `uname -r`, e.g. `6.1.0-18-amd64`. */
  release: string;
  major: number;
  minor: number;
  patch: number;
  /** The number programs of old kernels had to carry: KERNEL_VERSION(major, minor, patch). */
  code: number;
}

/** Version of the running kernel, with Ubuntu's and Debian's true patch level where they publish it elsewhere. */
export function kernelVersion(kernel: Kernel): KernelVersion {
  const release = kernelRelease(kernel);
  return parseKernelVersion(release, trueVersion(kernel) ?? release);
}

/** As `uname -r`, e.g. `6.1.0-18-amd64`. */
export function kernelRelease(kernel: Kernel): string {
  return readOr(kernel, '/proc/sys/kernel/osrelease', os.release).trim();
}

/** /proc/sys may be hidden; uname(2) says the same. */
function readOr(kernel: Kernel, path: string, otherwise: () => string): string {
  try {
    return kernel.readText(path);
  } catch (error) {
    if (error instanceof SyscallError) return otherwise();
    throw error;
  }
}

/** Splits `release` (or the version in `exact`) into numbers; parts that are missing count as 0. */
export function parseKernelVersion(release: string, exact = release): KernelVersion {
  const [major = 0, minor = 0, patch = 0] = (/^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(exact) ?? []).slice(1).map(toNumber);
  return { release, major, minor, patch, code: (major << 16) + (minor << 8) + Math.min(patch, 255) };
}

function toNumber(digits: string | undefined): number {
  return Number(digits ?? 0);
}

/** Distributions keep `x.y.0` in the release and say the real version in these two places. */
function trueVersion(kernel: Kernel): string | undefined {
  if (kernel.exists('/proc/version_signature')) {
    const ubuntu = kernel.readText('/proc/version_signature').trim().split(' ')[2];
    if (ubuntu !== undefined) return ubuntu;
  }
  return /Debian (\d+\.\d+\.\d+)/.exec(readOr(kernel, '/proc/sys/kernel/version', os.version))?.[1];
}
