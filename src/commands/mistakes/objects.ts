import { bootTime, fdInfo } from '../../host/index.ts';
import { BpfMap, BpfProgram, type Kernel, type MapInfo, objectIds, openFdPinned } from '../../kernel/index.ts';
import { BPF_F_RDONLY, mapTypeName, progTypeName } from '../../uapi/index.ts';
import { localTime } from '../shared/local-time.ts';
import { printable } from '../shared/refs.ts';

/** A map as far as hints tell of it. */
export interface KnownMap extends MapInfo {
  readonly isFrozen: boolean;
}

/** The maps that two words name, as `id 5`; none where they name none, or rights are missing. */
export function mapsNamed(kernel: Kernel, [how = '', which = '']: readonly string[]): KnownMap[] {
  if (how === '') return [];
  if ('pinned'.startsWith(how))
    return silently(() => [known(kernel, new BpfMap(kernel, found(openFdPinned(kernel, which, BPF_F_RDONLY))))]);
  return allMaps(kernel).filter(({ id, name }) =>
    'id'.startsWith(how) ? id === Number(which) : 'name'.startsWith(how) && name === which,
  );
}

/** All maps that may be seen. */
export function allMaps(kernel: Kernel): KnownMap[] {
  return each(kernel, 'map', (id) => known(kernel, BpfMap.openById(kernel, id, BPF_F_RDONLY)));
}

/** `id 5: hash config, 64 entries at most` */
export const mapLine = ({ id, type, name, maxEntries }: KnownMap): string =>
  `id ${id}: ${typeOfMap({ type })} ${printable(name)}, ${maxEntries} entries at most`;

/** The programs that two words name. */
export function programsNamed(kernel: Kernel, [how = '', which = '']: readonly string[]): string[] {
  const boot = bootTime(kernel);
  return each(kernel, 'prog', (id) => {
    using program = BpfProgram.openById(kernel, id);
    const info = program.info();
    const name = program.fullName(info);
    const isMeant = 'name'.startsWith(how)
      ? name === which
      : 'tag'.startsWith(how) && Buffer.from(info.tag).toString('hex') === which.toLowerCase();
    if (how === '' || !isMeant) return undefined;
    const loaded = localTime(Number((boot + info.loadTime) / 1_000_000_000n));
    return `id ${id}: ${progTypeName(info.type) ?? `type ${info.type}`} ${printable(name)}, loaded at ${loaded}`;
  }).filter((line) => line !== undefined);
}

export const typeOfMap = ({ type }: Pick<MapInfo, 'type'>): string => mapTypeName(type) ?? `type ${type}`;

/** Closes the map. */
function known(kernel: Kernel, opened: BpfMap): KnownMap {
  using map = opened;
  return { ...map.info(), isFrozen: fdInfo(kernel, map.fd.number).get('frozen') === '1' };
}

function found(fd: number): number {
  if (fd < 0) throw new Error('not to be had');
  return fd;
}

function each<T>(kernel: Kernel, kind: 'map' | 'prog', open: (id: number) => T): T[] {
  // What went away, or may not be opened, is left out: hints do without it.
  return [...objectIds(kernel, kind)].flatMap((id) => silently(() => [open(id)]));
}

function silently<T>(list: () => T[]): T[] {
  try {
    return list();
  } catch {
    return [];
  }
}
