import type { OwnHandler } from '../../cli/index.ts';
import { allParts, type Change, differences, plainJson } from '../../inventory/index.ts';
import { inventoryOf, readInventoryFile } from '../shared/inventory.ts';
import { printable } from '../shared/refs.ts';
import { keptElements } from './kept-elements.ts';

/** `diff BEFORE [AFTER]`: what changed between two snapshots, or since one. Status 1 where something did. */
export const diff: OwnHandler = async (ctx, words, given) => {
  const before = readInventoryFile(words.next());
  const file = words.left > 0 ? words.next() : undefined;
  if (words.left > 0) words.unexpected();
  const after = file === undefined ? inventoryOf(ctx, given, allParts) : readInventoryFile(file);
  // Maps that are not there any more cannot be read; that they are gone is reported as such.
  const names = Object.keys(before.elements).filter((name) => after.inventory.maps.some((map) => map.name === name));
  const elements = file === undefined ? await keptElements(ctx, after.inventory, names) : after.elements;
  const changes = differences(before, { ...after, elements });
  if (ctx.json !== undefined) ctx.json.raw(plainJson(changes));
  else ctx.print(changes.map(plain).join(''));
  return changes.length > 0 ? 1 : 0;
};

const signs = { added: '+', removed: '-', changed: '~' };

function plain({ change, identity, id, fields }: Change): string {
  const lines = [`${signs[change]} ${identity}${id === 0 ? '' : `  (id ${id})`}`];
  for (const { field, before, after } of fields) lines.push(`    ${field}: ${before || '-'} -> ${after || '-'}`);
  return `${lines.map(printable).join('\n')}\n`;
}
