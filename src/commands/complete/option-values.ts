import type { Context } from '../../cli/index.ts';
import { parseObject } from '../../object/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { type LiveCandidates, liveCandidates } from './live.ts';
import type { TypedLine } from './typed-line.ts';

const namedNamespaces = '/run/netns';

/** Options that name objects, and what their values are in usage texts. */
const namedObjects: Readonly<Record<string, string>> = { map: 'MAP_NAME', maps: 'MAP_NAME', program: 'PROG_NAME' };

/** Values of the option that is being typed. */
export function optionValues(ctx: Context, line: TypedLine): LiveCandidates {
  const { option } = line;
  const fixed = option?.choices ?? option?.offers;
  if (fixed !== undefined) return { words: fixed.map((word) => ({ word })) };
  const named = namedObjects[option?.long ?? ''];
  if (named !== undefined) {
    const place = { words: line.words, current: line.current, mapTypes: undefined };
    return liveCandidates(ctx, { name: named, after: [], within: '' }, place);
  }
  try {
    if (option?.long === 'netns') {
      const words = kernelOf(ctx)
        .readDirectory(namedNamespaces)
        .map((word) => ({ word, about: 'network namespace' }));
      return { words, paths: 'files' };
    }
    if (option?.long === 'set') return { words: variables(ctx, line.words[2]) };
  } catch {
    // No namespace has a name, or there is no such object: nothing can be offered.
  }
  return /FILE|PATH|CERT|KEY/.test(option?.argument ?? '') ? { words: [], paths: 'files' } : { words: [] };
}

/** `NAME=` of each global variable of an object file. */
function variables(ctx: Context, path: string | undefined) {
  if (path === undefined) return [];
  return parseObject(kernelOf(ctx).readFile(path), { path }).variables.map(({ name }) => ({ word: `${name}=` }));
}
