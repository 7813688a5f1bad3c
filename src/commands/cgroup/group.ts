import { fail, type Words } from '../../cli/index.ts';
import { Errno } from '../../errors/index.ts';
import { type CgroupHook, type CgroupQueries, cgroupHooks, type Kernel, O_RDONLY } from '../../kernel/index.ts';

/** Opens a control group by its folder: a descriptor, or -errno. */
export function openGroup(kernel: Kernel, path: string): number {
  return kernel.open(path, O_RDONLY);
}

/** Consumes `effective`, at most once, and refuses anything else. */
export function readEffective(words: Words): boolean {
  let effective = false;
  while (words.left > 0) {
    if (!words.at('effective')) fail(`expected no more arguments, 'effective', got: '${words.peek()}'?`);
    if (effective) fail(`duplicated argument: ${words.peek()}`);
    effective = words.take('effective');
  }
  return effective;
}

/** Index of the first hook with programs, `hooks.length` where none has any, or -errno where the kernel refuses to say. */
export function firstUsedHook(
  queries: CgroupQueries,
  groupFd: number,
  hooks: readonly CgroupHook[] = cgroupHooks,
): number {
  // The reference counts first, and asks for ids only where there are some.
  for (const [index, hook] of hooks.entries()) {
    const count = queries.count(groupFd, hook);
    if (count > 0) return index;
    // Older kernels lack some hooks.
    if (count < 0 && count !== -Errno.EINVAL) return count;
  }
  return hooks.length;
}
