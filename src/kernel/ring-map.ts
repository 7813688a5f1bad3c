import { UsageError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';

/** A live map, as far as a ring needs it. */
export interface LiveMap {
  readonly kernel: Kernel;
  readonly fd: { readonly number: number };
}

/** The map of a ring, as the library gives it. */
export type RingMap = LiveMap | { readonly map: LiveMap };

/** Kernel, descriptor and options of arguments that begin with a kernel and a descriptor, or with a map. UsageError for neither. */
export function ringArguments<Options>(args: readonly unknown[]): [kernel: Kernel, mapFd: number, options?: Options] {
  const [first, ...rest] = args as [(Partial<Kernel> & Partial<LiveMap> & { map?: LiveMap }) | null | undefined];
  // A kernel has a method `map`.
  if (typeof first?.bpf === 'function') return args as unknown as [Kernel, number, Options?];
  const map = typeof first?.map === 'object' ? (first.map as LiveMap | null) : first;
  if (map?.kernel === undefined || map.fd === undefined)
    throw new UsageError('a ring is opened by its map, as new RingBuffer(object.maps.NAME.map)');
  return [map.kernel, map.fd.number, ...(rest as Options[])] as [Kernel, number, Options?];
}
