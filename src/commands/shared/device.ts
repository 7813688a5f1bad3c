import type { Context } from '../../cli/index.ts';
import { kernelOf } from './kernel.ts';

/** Where an object is offloaded to; `ifindex` 0 = nowhere. */
export interface Device {
  readonly ifindex: number;
  readonly netnsDev: bigint;
  readonly netnsIno: bigint;
}

/** Name of the device if it is in this process's network namespace. */
export function deviceName(ctx: Context, device: Device): string | undefined {
  const kernel = kernelOf(ctx);
  const own = kernel.statusFollowing('/proc/self/ns/net');
  if (own.device !== device.netnsDev || own.inode !== device.netnsIno) return undefined;
  return kernel.interfaceName(device.ifindex);
}

/** Prints the device that an object was offloaded to; nothing where there is none. */
export function printDevice(ctx: Context, device: Device): void {
  if (device.ifindex === 0) return;
  const name = deviceName(ctx, device);
  if (ctx.json === undefined) {
    const where = name ?? `ifindex ${device.ifindex} ns_dev ${device.netnsDev} ns_ino ${device.netnsIno}`;
    ctx.print(`  offloaded_to ${where}`);
    return;
  }
  ctx.json.name('dev').startObject();
  ctx.json.field('ifindex', device.ifindex).field('ns_dev', device.netnsDev).field('ns_inode', device.netnsIno);
  if (name !== undefined) ctx.json.field('ifname', name);
  ctx.json.endObject();
}
