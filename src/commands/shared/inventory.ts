import { readFileSync } from 'node:fs';
import { type Context, fail, type Given, usage, type Words } from '../../cli/index.ts';
import {
  type InventoryDocument,
  InventoryReader,
  type InventoryPart,
  type ObjectHandle,
  readInventoryText,
} from '../../inventory/index.ts';
import { kernelOf } from './kernel.ts';
import { printable } from './refs.ts';

/** The inventory a command is about: that of --snapshot, or one of the kernel with these parts. Says what is missing. */
export function inventoryOf(ctx: Context, given: Given, parts: readonly InventoryPart[]): InventoryDocument {
  const file = given.text('snapshot');
  if (file !== undefined) return readInventoryFile(file);
  const inventory = new InventoryReader(kernelOf(ctx)).take(parts);
  requireRights(inventory.missing);
  for (const problem of inventory.missing) ctx.info(`note: ${printable(problem)}`);
  return { inventory, elements: {} };
}

/** Where the kernel lists nothing at all, that is said once. */
export function requireRights(missing: readonly string[]): void {
  const refused = missing.find((problem) => problem.startsWith('programs are missing'));
  if (refused === undefined) return;
  const reason = refused.slice(refused.lastIndexOf(': ') + 2);
  fail(
    `can't list BPF objects: ${reason}; it takes CAP_SYS_ADMIN, and CAP_PERFMON for references and fill: run it as root`,
  );
}

/** Reads what `snapshot` wrote. */
export function readInventoryFile(file: string): InventoryDocument {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    fail(`can't read ${file}: ${(error as Error).message}`);
  }
  return readInventoryText(text, file);
}

/** Consumes the words that name an object: `prog id 5`, `map name config`, `pinned FILE`. */
export function readHandle(words: Words): ObjectHandle {
  if (words.take('pinned')) return { by: 'pinned', text: words.next() };
  const kind = (['prog', 'map', 'link', 'btf'] as const).find((word) => words.take(word)) ?? usage();
  const ways = ['id', 'name', 'pinned', 'tag'] as const;
  const by = ways.find((word) => words.take(word)) ?? usage();
  return { kind, by, text: words.next() };
}
