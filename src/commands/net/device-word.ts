import { type Context, fail, type Words } from '../../cli/index.ts';
import { kernelOf } from '../shared/kernel.ts';

/** Consumes `dev NAME`; answers the device's index. */
export function readDeviceIndex(ctx: Context, words: Words): number {
  if (!words.take('dev')) fail(`expected 'dev', got: '${words.peek() ?? '(null)'}'?`);
  const name = words.next();
  return kernelOf(ctx).interfaceIndex(name) ?? fail(`invalid devname ${name}`);
}
