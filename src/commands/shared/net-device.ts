import { type Context, fail } from '../../cli/index.ts';
import { Errno, strerror, SyscallError } from '../../errors/index.ts';
import { kernelOf } from './kernel.ts';

/** Index of the network device named on the command line; fails where there is none. */
export function deviceIndex(ctx: Context, name: string): number {
  const refuse = (errno: number) => fail(`unrecognized netdevice '${name}': ${strerror(errno)}`);
  try {
    return kernelOf(ctx).interfaceIndex(name) ?? refuse(Errno.ENODEV);
  } catch (error) {
    if (error instanceof SyscallError) return refuse(error.errno);
    throw error;
  }
}
