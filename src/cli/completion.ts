import { type CommandFamily, selectVerb } from './command.ts';
import { keywordsOf, readUsage } from './usage-grammar.ts';

export type LiveKind = 'prog' | 'map' | 'link' | 'btf';

/** What can stand at a place of the command line: fixed words, and things only the running system knows. */
export interface Candidates {
  readonly words: readonly string[];
  readonly live?: { readonly what: 'id' | 'name' | 'tag' | 'pinned' | 'device'; readonly kinds: readonly LiveKind[] };
  /** A path of any kind fits. */
  readonly files?: boolean;
}

export const optionWords = [
  '--base-btf', '--bpffs', '--debug', '--help', '--json', '--mapcompat', '--netns', '--nomount', '--pretty', '--sign', '--use-loader',
  '--version',
]; // biome-ignore format: a list

const fileWords = new Set(['file', 'pinmaps', 'kernel_btf', 'FILE', 'OBJ', 'PATH']);

/** Words that the name of a network device comes after. */
const deviceWords = new Set(['dev', 'offload_dev', 'xdpmeta_dev']);

/** Candidates for the word after `words` (object, verb, …; options left out), given the object's family. */
export function candidatesAfter(words: readonly string[], family: CommandFamily | undefined): Candidates {
  if (family === undefined) return { words: [] };
  if (words.length < 2) return { words: family.verbs.map((verb) => verb.name) };
  const verb = selectVerb(family.verbs, words[1])?.name ?? '';
  const grammar = readUsage(family);
  const last = words.at(-1)!;
  const kinds = kindsAt(family.name, words);
  if (words.length > 2) {
    if (last === 'id' || last === 'name' || last === 'tag' || last === 'pinned') {
      return { words: [], live: { what: last, kinds }, files: last === 'pinned' };
    }
    if (fileWords.has(last)) return { words: [], files: true };
    if (deviceWords.has(last)) return { words: [], live: { what: 'device', kinds: [] } };
    if (last === 'type') return { words: (grammar.definitions.get('TYPE') ?? '').match(/[a-z_0-9/]+/g) ?? [] };
  }
  const forms = grammar.verbs.get(verb) ?? [];
  if (forms.some((form) => placeOfAttachType(form) === words.length - 2)) {
    return { words: (grammar.definitions.get('ATTACH_TYPE') ?? '').match(/[a-z_0-9]+/g) ?? [] };
  }
  const used = new Set(words.slice(2));
  const keywords = keywordsOf(grammar, verb).filter((word) => !used.has(word));
  return { words: keywords, files: /\b(FILE|OBJ|PATH|DIR|CGROUP|CGROUP_ROOT)\b/.test(forms.join(' ')) };
}

/** How many words come before ATTACH_TYPE; undefined for a form without it. */
function placeOfAttachType(form: string): number | undefined {
  const [before, after] = form.split('ATTACH_TYPE');
  if (after === undefined) return undefined;
  // A program is named by two words.
  return (before!.match(/\S+/g) ?? []).reduce((count, word) => count + (word === 'PROG' ? 2 : 1), 0);
}

function kindsAt(object: string, words: readonly string[]): LiveKind[] {
  const before = words.at(-2);
  if (before === 'prog' || before === 'map' || before === 'link') return [before];
  if (object === 'map') return words.includes('value') ? ['map', 'prog'] : ['map'];
  if (object === 'link' || object === 'btf') return [object];
  if (words.includes('map') && object === 'prog') return ['map'];
  return ['prog'];
}
