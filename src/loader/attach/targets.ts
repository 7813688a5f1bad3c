import { expectInteger, expectObject } from '../../bytes/index.ts';
import { Errno, UsageError } from '../../errors/index.ts';
import { checkResult, type Kernel, O_DIRECTORY, O_RDONLY, syscallError } from '../../sys/index.ts';
import { fdOf, type WithFd } from '../fd-of.ts';

/** A network device, by its name in the network namespace of this process or by its index. */
export type DeviceName =
  | { readonly device: string; readonly ifindex?: never }
  | { readonly ifindex: number; readonly device?: never };

/** The index of a device. UsageError where neither is given, or for a name that no device has. */
export function deviceIndex(kernel: Kernel, place: { device?: string; ifindex?: number }): number {
  expectObject(place, "name the device: { device: 'eth0' }");
  const { device, ifindex } = place;
  if (ifindex !== undefined) {
    expectInteger(ifindex, 'ifindex', { most: 0x7fff_ffff });
    return ifindex;
  }
  if (typeof device !== 'string')
    throw new UsageError("name the device: { device: 'eth0' }, or its index as { ifindex }");
  const index = kernel.interfaceIndex(device);
  if (index === undefined) throw syscallError(`find network device '${device}'`, Errno.ENODEV);
  return index;
}

/** A file or folder that is attached to: by its path, or open already. */
export type PathOrFd = { readonly path: string; readonly fd?: never } | { readonly fd: number; readonly path?: never };

/** Calls `use` with a descriptor: the one given, or that of the path, which is closed again. */
export function withOpen<T>(
  kernel: Kernel,
  { path, fd }: { path?: string; fd?: number },
  { what, use }: { readonly what: 'cgroup' | 'network namespace'; readonly use: (fd: number) => T },
): T {
  if (fd !== undefined) return use(fd);
  if (typeof path !== 'string') {
    const example = what === 'cgroup' ? '/sys/fs/cgroup' : '/proc/self/ns/net';
    throw new UsageError(`name the ${what}: { path: '${example}' }, or its descriptor as { fd }`);
  }
  const opened = checkResult(`open ${path}`, kernel.open(path, what === 'cgroup' ? O_DIRECTORY : O_RDONLY));
  try {
    return use(opened);
  } finally {
    kernel.close(opened);
  }
}

/** A map that is attached to: itself, or its descriptor. */
export type MapOrFd =
  | { readonly map: WithFd | { readonly map: WithFd }; readonly mapFd?: never }
  | { readonly mapFd: number; readonly map?: never };

/** The descriptor of a map that is given by itself or by number. UsageError where neither is. */
export function mapDescriptor({ map, mapFd }: { map?: WithFd | { readonly map: WithFd }; mapFd?: number }): number {
  if (mapFd !== undefined) return mapFd;
  if (map === undefined)
    throw new UsageError('name the map: { map: object.maps.NAME }, or its descriptor as { mapFd }');
  return fdOf('map' in map ? map.map : map);
}

/** The number of a name, or the number that was given. UsageError lists the names. */
export function numberOf(what: string, names: Readonly<Record<string, number>>, given: string | number): number {
  if (typeof given === 'number') return given;
  const found = Object.hasOwn(names, given) ? names[given] : undefined;
  if (found !== undefined) return found;
  throw new UsageError(`there is no ${what} '${given}': it is ${Object.keys(names).join(', ')}`);
}
