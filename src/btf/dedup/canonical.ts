// For each type the one that stands for it: itself where it is canonical. A plain array of ids, since every step of
// deduplication reads it, in loops that run before V8 has compiled anything of them.

/** Nothing stands for the type yet. */
export const unmapped = 0xffff_ffff;
/** Its references are being made final. */
export const inProgress = 0xffff_fffe;
/** Larger numbers in the map are no ids. */
export const maxId = 0x7fff_ffff;

/** A map of types up to `typeCount`, none of them mapped but void. */
export function newCanonicalMap(typeCount: number): Uint32Array {
  const map = new Uint32Array(typeCount + 1).fill(unmapped);
  map[0] = 0;
  return map;
}

/** Follows the map to its end: the canonical type, or the last one that is not mapped yet. */
export function resolveCanonical(map: Uint32Array, id: number): number {
  let at = id;
  for (let next = map[at]!; next <= maxId && next !== at; next = map[at]!) at = next;
  return at;
}
