import { type Context, fail, type Handler, withStatus } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { detachAny, setXdp } from '../../kernel/index.ts';
import { XDP_FLAGS_UPDATE_IF_NOEXIST } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { type NetAttachType, readAttachType } from './attach-types.ts';
import { readDeviceIndex } from './device-word.ts';
import { failureOf } from './netlink-failure.ts';

const invalid = { status: -Errno.EINVAL };

/** `net detach ATTACH_TYPE dev NAME`: takes the program off that is attached without a link, of tcx the last one. */
export const detach: Handler = (ctx, words) => {
  words.require(3, invalid);
  const type = readAttachType(words);
  const index = withStatus(invalid.status, () => readDeviceIndex(ctx, words));
  const errno = detachFrom(ctx, type, index);
  if (errno !== 0) fail(`interface ${type.name} detach failed: ${strerror(errno)}`, { status: -errno });
  ctx.json?.null();
};

/** Answers 0 or an errno. */
function detachFrom(ctx: Context, type: NetAttachType, index: number): number {
  const kernel = kernelOf(ctx);
  // No program is named: the kernel takes off the last one.
  if (type.kind === 'tcx') return -detachAny(kernel, { targetFd: index, attachType: type.attachType });
  // A descriptor of -1 takes the program off; the flag is one the reference passes along.
  const request = { index, programFd: -1, flags: type.flags | XDP_FLAGS_UPDATE_IF_NOEXIST };
  return failureOf(ctx, () => setXdp(kernel, request))?.errno ?? 0;
}
