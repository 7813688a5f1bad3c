import { SyscallError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import { findMount } from './mounts.ts';

/** Where the hierarchy of control groups (version 2) is mounted first; undefined where it is not. */
export function cgroupRoot(kernel: Kernel): string | undefined {
  try {
    return findMount(kernel, 'cgroup2');
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}
