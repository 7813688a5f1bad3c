import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ForeignFunctions, NativeArgument, NativeFunction, Watcher } from './ffi.ts';

interface KoffiFunction {
  /**
   * As Node's addon exports it: a call, and the same call on another thread, whose last argument takes error and
   * result.
   */
  (...args: unknown[]): number | bigint;
  async(...args: unknown[]): void;
}

/** The part of koffi's surface that is used here. */
interface Koffi {
  load(path: string | null): { func(name: string, result: string, args: readonly string[]): KoffiFunction };
  address(value: Uint8Array): bigint;
  view(address: bigint, length: number): ArrayBuffer;
  errno(): number;
  node?: { poll?(fd: number, events: { readable: boolean }, callback: () => void): Watcher };
}

/** Node's foreign functions: the package koffi. */
export function openForeignFunctions(): ForeignFunctions {
  const koffi = loadKoffi();
  // null: the symbols of this process, which the C library is part of.
  const library = koffi.load(null);
  return {
    declare(name, result, args) {
      const call = library.func(name, result, args);
      const native = call as unknown as NativeFunction;
      const inBackground = call.async.bind(call);
      native.async = (values: readonly NativeArgument[], done) => inBackground(...values, done);
      return native;
    },
    errno: () => koffi.errno(),
    address: (bytes) => koffi.address(bytes),
    view: (address, length) => koffi.view(address, length),
    watchReadable: (fd, callback) => koffi.node?.poll?.(fd, { readable: true }, callback),
  };
}

/** The addon of koffi for this platform, loaded directly: the package's own entry costs several milliseconds more. */
function loadKoffi(): Koffi {
  const platform = `linux-${process.arch}`;
  const addon = join('node_modules/@koromix', `koffi-${platform}`, platform.replace('-', '_'), 'koffi.node');
  // Bundles lie at different depths below the package: folders are tried upwards.
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, addon)) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    const loaded = { exports: {} };
    process.dlopen(loaded, join(folder, addon));
    return loaded.exports as Koffi;
  } catch {
    // Laid out differently, or not built for this C library: the package knows its others.
    return createRequire(import.meta.filename)('koffi') as Koffi;
  }
}
