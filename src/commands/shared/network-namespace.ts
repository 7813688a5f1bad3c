import { type Context, fail } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { kernelOf } from './kernel.ts';
import { CLONE_NEWNET, O_RDONLY } from '../../kernel/index.ts';

/**
 * Lets the rest of the run see the network of another namespace: `--netns`. It is named as `ip netns` names it, by the id of a process
 * in it, or by the path of its file (what has a slash).
 */
export function enterNetworkNamespace(ctx: Context, name: string): void {
  const kernel = kernelOf(ctx);
  const path = pathOf(name);
  const fd = kernel.open(path, O_RDONLY);
  if (fd < 0) fail(`can't open network namespace '${name}' (${path}): ${strerror(-fd)}`);
  const result = kernel.setNamespace(fd, CLONE_NEWNET);
  kernel.close(fd);
  if (result < 0) fail(`can't enter network namespace '${name}' (${path}): ${strerror(-result)}${reason(-result)}`);
}

function pathOf(name: string): string {
  if (name === '' || name === '.' || name === '..')
    fail(`'${name}' is no network namespace: expected NAME, PID or PATH`);
  if (name.includes('/')) return name;
  return /^\d+$/.test(name) ? `/proc/${name}/ns/net` : `/run/netns/${name}`;
}

function reason(errno: number): string {
  if (errno === Errno.EPERM) return ', it takes CAP_SYS_ADMIN';
  return errno === Errno.EINVAL ? ', it is none' : '';
}
