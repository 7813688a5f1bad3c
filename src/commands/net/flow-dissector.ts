import { type Context, fail } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { Fd, queryAttached } from '../../kernel/index.ts';
import { bpf_attach_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';

const ownNamespace = '/proc/self/ns/net';

/** The program that dissects flows in this process's network namespace; undefined where there is none. */
export function flowDissector(ctx: Context): number | undefined {
  const kernel = kernelOf(ctx);
  const opened = kernel.open(ownNamespace, 0);
  if (opened < 0) fail(`can't open ${ownNamespace}: ${strerror(-opened)}`);
  using namespace = new Fd(kernel, opened);
  const attachType = bpf_attach_type.BPF_FLOW_DISSECTOR;
  const answer = queryAttached(kernel, { targetFd: namespace.number, attachType });
  // Kernels before 5.3 cannot be asked.
  if (answer === -Errno.EINVAL) return undefined;
  if (typeof answer === 'number') fail(`can't query prog: ${strerror(-answer)}`);
  return answer.programs[0]?.id;
}
