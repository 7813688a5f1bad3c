import { addTrafficFilter, type TrafficFilter } from '../../kernel/index.ts';
import { fdOf } from '../fd-of.ts';
import type { AttachableProgram, AttachContext } from './link.ts';
import { deviceIndex, type DeviceName } from './targets.ts';

/** A device, which of its packets, and the filter's place among others: lower priorities first. */
export type TcTarget = DeviceName & {
  readonly direction: 'ingress' | 'egress';
  readonly priority?: number;
  readonly handle?: number;
  /** The filter of that priority and handle is replaced. */
  readonly replace?: boolean;
};

/**
 * Attaches a program (`tc`, `classifier`) as a filter of a device's clsact discipline, which is added if it is not there, and
 * stays. For kernels before 6.6; after that, sections `tcx/…` give links. UsageError, or NetlinkError with the kernel's words.
 */
export function attachTc({ kernel }: AttachContext, program: AttachableProgram, target: TcTarget): TrafficFilter {
  const { direction, priority, handle, replace } = target;
  return addTrafficFilter(kernel, {
    ifindex: deviceIndex(kernel, target),
    direction,
    name: program.name,
    programFd: fdOf(program),
    ...(priority === undefined ? {} : { priority }),
    ...(handle === undefined ? {} : { handle }),
    ...(replace === undefined ? {} : { replace }),
  });
}
