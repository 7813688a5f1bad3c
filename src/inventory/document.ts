// An inventory as a JSON document, and back.
import { jsonText, parseJsonValue } from '../btf/index.ts';
import { UsageError } from '../errors/index.ts';
import { allRecords } from './identity.ts';
import type { Inventory } from './records.ts';

export const documentFormat = 'tsbpftool inventory';
/** Readers refuse other ones; members may be added without a new one. */
export const documentVersion = 1;

/** Elements of maps, by the name of the map: as JSON values. */
export type KeptElements = Readonly<Record<string, readonly unknown[]>>;

export interface InventoryDocument {
  readonly inventory: Inventory;
  readonly elements: KeptElements;
}

/** The same value with all names of members in the other style. Values that are objects by themselves are not looked into. */
function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [rename(name), renamed(item, rename)]));
}

/** The same function, which is asked the same few dozen names a thousand times. */
function remembered(rename: (name: string) => string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const found = known.get(name) ?? rename(name);
    known.set(name, found);
    return found;
  };
}

const toSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toCamel = remembered((name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));

/** A plain value as JSON prints it: members in snake case, integers in full, what is undefined left out. */
export function plainJson(value: unknown): string {
  return jsonOf(value, snakeBeginning);
}

/** How a member begins in a document: `"name":`. */
const beginning = (name: string) => `${JSON.stringify(name)}:`;
const snakeBeginning = remembered((name) => beginning(toSnake(name)));

/** JSON with integers of any size in full, as numbers. */
function jsonOf(value: unknown, beginningOf: (name: string) => string): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => jsonOf(item, beginningOf)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return jsonText(value);
  let text = '';
  for (const name of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[name];
    if (item !== undefined) text += `${text === '' ? '' : ','}${beginningOf(name)}${jsonOf(item, beginningOf)}`;
  }
  return `{${text}}`;
}

/** The document of an inventory: a line for each object, so that tools that compare lines see what changed. */
export function inventoryText({ inventory, elements }: InventoryDocument): string {
  const lines = Object.entries({ format: documentFormat, version: documentVersion, ...inventory }).map(
    ([name, value]) => {
      if (!Array.isArray(value) || value.length === 0) return `${JSON.stringify(toSnake(name))}:${plainJson(value)}`;
      return `${JSON.stringify(toSnake(name))}:[\n${value.map(plainJson).join(',\n')}\n]`;
    },
  );
  const kept = Object.entries(elements).map(([name, items]) => {
    return `${JSON.stringify(name)}:[\n${items.map((item) => jsonOf(item, beginning)).join(',\n')}\n]`;
  });
  if (kept.length > 0) lines.push(`"elements":{${kept.join(',\n')}}`);
  return `{${lines.join(',\n')}}\n`;
}

const lists = ['programs', 'maps', 'links', 'btfs', 'attachments', 'missing'] as const;
const counters = ['runTimeNs', 'runCount', 'recursionMisses'] as const;

/** Reads what `inventoryText` wrote. `what`: how errors name it. Throws UsageError. */
export function readInventoryText(text: string, what: string): InventoryDocument {
  const value = parseJsonValue(text, what) as Record<string, unknown> | null;
  if (typeof value !== 'object' || value?.format !== documentFormat) {
    throw new UsageError(`${what} is no inventory; 'tsbpftool snapshot FILE' writes one`);
  }
  if (value.version !== documentVersion) {
    throw new UsageError(`${what} has version ${value.version} of the format, this program reads ${documentVersion}`);
  }
  const { format: _format, version: _version, elements = {}, ...rest } = value;
  const inventory = renamed(rest, toCamel) as Inventory;
  const broken = lists.find((name) => !Array.isArray(inventory[name]));
  if (broken !== undefined) throw new UsageError(`${what} is damaged: it has no ${broken}`);
  for (const record of allRecords(inventory)) {
    if (!Number.isInteger(record?.id) || !Array.isArray(record.holders) || !Array.isArray(record.pins)) {
      throw new UsageError(`${what} is damaged: an object has no id, holders or pins`);
    }
  }
  const programs = inventory.programs.map((program) => {
    const exact = counters.map((name) => [name, BigInt(program[name] ?? 0)]);
    return { ...program, ...Object.fromEntries(exact) };
  });
  const uptimeNs = BigInt(inventory.uptimeNs ?? 0);
  return { inventory: { ...inventory, programs, uptimeNs }, elements: elements as KeptElements };
}
