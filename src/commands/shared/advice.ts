import { Errno } from '../../errors/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { explainPermission, explainUnsupported, type RefusedCall } from '../../probe/index.ts';

/** Why the kernel refused a call, as far as facts show it. */
export function adviceOn(kernel: Kernel, refusal: RefusedCall): string[] {
  const unsupported = explainUnsupported(kernel, refusal);
  if (unsupported !== undefined) return [unsupported.message];
  if (refusal.errno !== Errno.EPERM && refusal.errno !== Errno.EACCES) return [];
  return explainPermission(kernel).map(({ text }) => text);
}
