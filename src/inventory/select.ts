import { UsageError } from '../errors/index.ts';
import { allRecords } from './identity.ts';
import type { AnyRecord, Inventory } from './records.ts';

/** The kernel keeps so many bytes of a name. */
const kernelNameBytes = 15;

/** How a command names an object: `{ by: 'name', text: 'config' }`. */
export interface ObjectHandle {
  /** Any kind where it is a path. */
  readonly kind?: AnyRecord['kind'] | undefined;
  readonly by: 'id' | 'name' | 'tag' | 'pinned';
  readonly text: string;
}

/** The objects that a handle means, maybe none. */
export function recordsOf(inventory: Inventory, { kind, by, text }: ObjectHandle): AnyRecord[] {
  return allRecords(inventory).filter((record) => {
    if (kind !== undefined && record.kind !== kind) return false;
    if (by === 'id') return String(record.id) === text;
    if (by === 'pinned') return record.pins.some(({ path }) => path === text);
    if (by === 'tag') return record.kind === 'prog' && record.tag === text.toLowerCase();
    // A whole name is known by its beginning, too, which is what other programs print of it.
    const isCut = text.length === kernelNameBytes && record.name.startsWith(text);
    return record.name === text || isCut;
  });
}

/** The one object that a handle means. UsageError where there is none, or several, whose ids it tells. */
export function recordOf(inventory: Inventory, handle: ObjectHandle): AnyRecord {
  const found = recordsOf(inventory, handle);
  const what = `${handle.by} ${handle.text}`;
  const [only] = found;
  if (only === undefined) throw new UsageError(`no ${handle.kind ?? 'object'} has ${what}`);
  if (found.length > 1) {
    const ids = found.map(({ kind, id }) => `${kind} id ${id}`).join(', ');
    throw new UsageError(`several objects have ${what}: ${ids}`);
  }
  return only;
}
