import { type Context, fail, type Words } from '../../cli/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** Consumes `dev NAME`; answers the device's index. */
export function readDeviceIndex(ctx: Context, words: Words): number {
  if (!words.take('dev')) fail(`expected 'dev', got: '${words.peek() ?? '(null)'}'?`);
  const name = words.next();
  const index = kernelOf(ctx).interfaceIndex(name);
  return index > 0 ? index : fail(`invalid devname ${name}`);
}
