import { expectBytes, expectInteger } from '../bytes/index.ts';
import { UsageError } from '../errors/index.ts';
import type { MapSpec, ObjectSpec } from './spec.ts';

/**
 * Checks first contents that a caller gives, by index of the map. UsageError for an index that no map has, for a map
 * without global data (that of the kernel's configuration is filled from the kernel) and for another size than the
 * map's value.
 */
export function checkContents({ maps }: ObjectSpec, contents: ReadonlyMap<number, Uint8Array>): void {
  for (const [index, bytes] of contents) {
    const map = mapAt(maps, index, 'contents');
    if (map.sectionName === undefined || map.origin === 'kconfig') {
      throw new UsageError(`contents: map '${map.name}' takes none`);
    }
    expectBytes(bytes, `contents of map '${map.name}'`, { exactly: map.valueSize });
  }
}

/** The map of an index that a caller gave; UsageError, which begins with `what`, if there is none. */
export function mapAt(maps: readonly MapSpec[], index: number, what: string): MapSpec {
  if (maps.length === 0) throw new UsageError(`${what}: the object has no maps`);
  expectInteger(index, `${what}: index of a map`, { most: maps.length - 1 });
  return maps[index]!;
}

/**
 * What a map of global data begins with: `given`, or what the object says, with zeroes behind it where the map was made
 * larger. UsageError where it was made smaller.
 */
export function firstContents(map: MapSpec, given: Uint8Array | undefined): Uint8Array {
  if (given !== undefined) {
    expectBytes(given, `contents of map '${map.name}'`, { exactly: map.valueSize });
    return given;
  }
  const { initialValue = new Uint8Array(0), valueSize } = map;
  expectBytes(initialValue, `first contents of map '${map.name}'`, { least: 0 });
  if (initialValue.length === valueSize) return initialValue;
  expectInteger(valueSize, `value size of map '${map.name}'`, { least: initialValue.length });
  const padded = new Uint8Array(valueSize);
  padded.set(initialValue);
  return padded;
}
