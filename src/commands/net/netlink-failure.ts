import type { Context } from '../../cli/index.ts';
import { Errno, SyscallError } from '../../errors/index.ts';
import { NetlinkError } from '../../netlink/index.ts';
import { diagnostics } from '../shared/libbpf-log.ts';

/** An error that a netlink request can end with. */
export type NetlinkFailure = SyscallError | NetlinkError;

const missingRight = 'this needs CAP_NET_ADMIN in the user namespace that the network namespace belongs to';

/** Runs a request; answers what it ended with, after the kernel's text is on standard error. */
export function failureOf(ctx: Context, request: () => void): NetlinkFailure | undefined {
  try {
    request();
    return undefined;
  } catch (error) {
    if (error instanceof NetlinkError) sayWhy(ctx, error);
    else if (!(error instanceof SyscallError)) throw error;
    if (error.errno === Errno.EPERM) ctx.advise = async () => [missingRight];
    return error;
  }
}

/** libbpf's words for what the kernel adds to an errno. */
function sayWhy(ctx: Context, { extendedAck }: NetlinkError): void {
  if (extendedAck === undefined) return;
  const log = diagnostics(ctx);
  // libbpf prints a null pointer where an answer has no text.
  if (extendedAck.kind === 'malformed') log('warn', 'Failed to parse extended error attributes');
  else log('warn', `Kernel error message: ${extendedAck.kind === 'text' ? extendedAck.text : '(null)'}`);
}
