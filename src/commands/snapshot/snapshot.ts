import { fail, type OwnHandler } from '../../cli/index.ts';
import { allParts, inventoryText } from '../../inventory/index.ts';
import { inventoryOf } from '../shared/inventory.ts';
import { OutputFile } from '../shared/output-file.ts';
import { keptElements } from './kept-elements.ts';

/** `snapshot [FILE] [--maps NAME,…]`: all that is loaded, as one JSON document. */
export const snapshot: OwnHandler = async (ctx, words, given) => {
  const file = words.left > 0 ? words.next() : '-';
  if (words.left > 0) words.unexpected();
  const { inventory } = inventoryOf(ctx, given, allParts);
  const elements = await keptElements(ctx, inventory, given.list('maps'));
  const text = inventoryText({ inventory, elements });
  if (file !== '-') {
    try {
      new OutputFile(file).write(Buffer.from(text));
    } catch (error) {
      fail(`can't write ${file}: ${(error as Error).message}`);
    }
    ctx.json?.null();
    // The document is JSON already.
  } else if (ctx.json !== undefined) ctx.json.raw(text.trimEnd());
  else ctx.print(text);
};
