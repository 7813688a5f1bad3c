import { type OwnHandler, usage } from '../../cli/index.ts';
import { selectMap } from '../shared/select-map.ts';
import { codecOf } from './typed.ts';

/** `map schema MAP`: the JSON Schema of what `json TEXT`, `export` and `import` take for an element. */
export const schema: OwnHandler = async (ctx, words, given) => {
  if (words.left !== 2) usage();
  using map = selectMap(ctx, words, { readOnly: true, loosely: true });
  const document = (await codecOf(ctx, map.info())).schema({ strict: given.has('strict') });
  if (ctx.json === undefined) ctx.print(`${JSON.stringify(document, null, 4)}\n`);
  else ctx.json.raw(JSON.stringify(document, null, ctx.json.pretty ? 4 : 0));
};
