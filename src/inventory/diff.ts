// What is different between two inventories, whatever ids and process numbers are.
import { allRecords, identityOf } from './identity.ts';
import type { AnyRecord, Inventory } from './records.ts';
import type { InventoryDocument } from './document.ts';

export interface Change {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: AnyRecord['kind'] | 'elements';
  /** What it is called; see `identityOf`. */
  readonly identity: string;
  readonly name: string;
  /** Its id in the inventory that has it, in the later one if both have; 0 for elements. */
  readonly id: number;
  /** What changed of it, each before and after. */
  readonly fields: readonly { readonly field: string; readonly before: string; readonly after: string }[];
}

/** All that changed from one to the other, in the order programs, maps, links, BTF, elements of maps. */
export function differences(before: InventoryDocument, after: InventoryDocument): Change[] {
  const [a, b] = [described(before.inventory), described(after.inventory)];
  const left = new Set(b);
  const pairs = new Map<Described, Described>();
  // What is surest goes first: where it is pinned, then all that it is called, then less and less of that.
  for (const keyOf of ways) {
    const found = new Map<string, Described[]>();
    // Several objects may share a key: the first that is left goes to whoever asks first.
    for (const one of left) for (const key of keyOf(one)) found.set(key, [...(found.get(key) ?? []), one]);
    for (const one of a) {
      if (pairs.has(one)) continue;
      const other = keyOf(one)
        .flatMap((key) => found.get(key) ?? [])
        .find((candidate) => left.has(candidate));
      if (other === undefined) continue;
      pairs.set(one, other);
      left.delete(other);
    }
  }
  const changes: Change[] = [];
  for (const one of a) {
    const other = pairs.get(one);
    if (other === undefined) changes.push(changeOf('removed', one));
    else {
      const fields = changedFields(one.fields, other.fields);
      if (fields.length > 0) changes.push({ ...changeOf('changed', other), fields });
    }
  }
  for (const other of left) changes.push(changeOf('added', other));
  const order = ['prog', 'map', 'link', 'btf'];
  changes.sort((x, y) => order.indexOf(x.kind) - order.indexOf(y.kind));
  return [...changes, ...elementChanges(before, after)];
}

interface Described {
  readonly record: AnyRecord;
  readonly identity: string;
  readonly pins: readonly string[];
  /** Where it is attached; of a link nothing, since that is what it is. */
  readonly places: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

/** In which ways two objects can be the same, the surest first. */
const ways: readonly ((one: Described) => string[])[] = [
  ({ record, pins }) => pins.map((path) => `${record.kind} ${path}`),
  ({ identity, places }) => places.map((place) => `${identity} ${place}`),
  ({ identity }) => [identity],
  ({ record, places }) => places.map((place) => `${record.kind} ${record.name} ${place}`),
  ({ record }) =>
    record.kind === 'link' || record.name === '' ? [] : [`${record.kind} ${typeOf(record)} ${record.name}`],
];

function described(inventory: Inventory): Described[] {
  const names = new Map(allRecords(inventory).map((record) => [`${record.kind} ${record.id}`, identityOf(record)]));
  const nameOf = (kind: string, id: number) => names.get(`${kind} ${id}`) ?? '';
  const places = new Map<number, string[]>();
  for (const { programId, hook, target, via } of inventory.attachments) {
    // An empty word leaves no blank, except for perf events.
    const place = via === 'perf' ? `${hook} ${target}` : [hook, target].filter((word) => word !== '').join(' ');
    places.set(programId, [...(places.get(programId) ?? []), place].sort());
  }
  return allRecords(inventory).map((record) => {
    const at = record.kind === 'prog' ? (places.get(record.id) ?? []) : [];
    const pins = record.pins.map(({ path }) => path).sort();
    // Ids, times and counters are no fields: they differ after every restart.
    const common = { name: record.name, pins: pins.join(', ') };
    return {
      record,
      identity: identityOf(record),
      pins,
      places: at,
      fields: { ...common, ...fieldsOf(record, at, nameOf) },
    };
  });
}

function fieldsOf(
  record: AnyRecord,
  places: readonly string[],
  nameOf: (kind: string, id: number) => string,
): Record<string, string> {
  const { kind } = record;
  if (kind === 'prog') {
    const maps = record.mapIds.map((id) => nameOf('map', id)).sort();
    return {
      type: record.type,
      tag: record.tag,
      uid: String(record.uid),
      maps: maps.join(', '),
      attached: places.join(', '),
    };
  }
  if (kind === 'map') {
    const contents = record.contents.map((item) => `${item.key}: ${nameOf(item.kind, item.id)}`);
    return {
      type: record.type,
      key_bytes: String(record.keyBytes),
      value_bytes: String(record.valueBytes),
      max_entries: String(record.maxEntries),
      flags: String(record.flags),
      frozen: String(record.isFrozen),
      contents: contents.sort().join(', '),
    };
  }
  if (kind === 'btf') return { bytes: String(record.bytes) };
  return {
    program: nameOf('prog', record.programId),
    map: nameOf('map', record.mapId),
    detached: String(record.isDetached),
  };
}

function typeOf(record: AnyRecord): string {
  return 'type' in record ? record.type : '';
}

function changeOf(change: Change['change'], { record, identity }: Described): Change {
  return { change, kind: record.kind, identity, name: record.name, id: record.id, fields: [] };
}

function changedFields(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Change['fields'] {
  return Object.entries(before)
    .filter(([field, value]) => value !== after[field])
    .map(([field, value]) => ({ field, before: value, after: after[field] ?? '' }));
}

/** Elements of maps that both have kept, by their keys. */
function elementChanges(before: InventoryDocument, after: InventoryDocument): Change[] {
  return Object.entries(before.elements).flatMap(([name, items]) => {
    const others = after.elements[name];
    if (others === undefined) return [];
    const table = (list: readonly unknown[]) => Object.fromEntries(list.map((item) => elementTexts(item)));
    const [a, b] = [table(items), table(others)];
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);
    if (keys.length === 0) return [];
    const fields = keys.map((key) => ({ field: key, before: a[key] ?? '', after: b[key] ?? '' }));
    return [
      { change: 'changed', kind: 'elements', identity: `elements ${name}`, name, id: 0, fields } satisfies Change,
    ];
  });
}

function elementTexts(item: unknown): [string, string] {
  const { key, value } = item as { key?: unknown; value?: unknown };
  const text = (part: unknown) =>
    JSON.stringify(part, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? '';
  return [text(key), text(value)];
}
