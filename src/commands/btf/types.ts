import { Errno } from '../../errors/index.ts';
import { type Btf, BtfLookupError, findTypes, writeTypeScript } from '../../btf/index.ts';
import { fail, type OwnHandler, type Words } from '../../cli/index.ts';
import { parseSource } from './select-btf.ts';

/** `btf types BTF_SRC [root NAME…]`: TypeScript declarations of the values of types. */
export const types: OwnHandler = (ctx, words) => {
  const source = parseSource(ctx, words, { announce: false });
  const names = rootNames(words);
  if (ctx.json !== undefined)
    fail('JSON output for TypeScript declarations is not supported', { status: -Errno.EOPNOTSUPP });
  const btf = source.load();
  const write = (text: string) => ctx.print(text);
  if (names !== undefined) writeTypeScript(btf, { roots: names.flatMap((name) => typesNamed(btf, name)), write });
  else if (source.roots.length > 0) writeTypeScript(btf, { roots: [], aliases: mapAliases(btf, source.roots), write });
  else writeTypeScript(btf, { write });
};

function rootNames(words: Words): string[] | undefined {
  if (words.left === 0) return undefined;
  if (!words.take('root')) fail(`expected 'root', got: '${words.peek()}'?`);
  if (words.left === 0) fail("'root' needs at least 1 arguments, 0 found");
  const names: string[] = [];
  while (words.left > 0) names.push(words.next());
  return names;
}

function typesNamed(btf: Btf, name: string): number[] {
  try {
    return findTypes(btf, name).map((type) => type.id);
  } catch (error) {
    if (!(error instanceof BtfLookupError)) throw error;
    fail(error.message, { cause: error });
  }
}

/** A map's key and value by names of their own, since their types may have none. */
function mapAliases(btf: Btf, roots: readonly number[]): { name: string; id: number }[] {
  if (roots.every((id) => id === 0)) fail('the map has no BTF types');
  const names = roots.length === 2 ? ['MapKey', 'MapValue'] : ['MapType'];
  return roots.flatMap((id, i) => (id === 0 || id > btf.typeCount ? [] : [{ name: names[i]!, id }]));
}
