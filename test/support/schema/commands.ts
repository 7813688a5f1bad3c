// Which command a command line runs, as the program itself decides it.
import { selectVerb } from '../../../src/cli/index.ts';
import { loadFamilies, program } from '../../../src/main.ts';

/** `map show` for `m s id 1`; undefined for what is no command. */
export async function commandOf(words: readonly string[]): Promise<string | undefined> {
  if (words.length === 0) return undefined;
  const top = selectVerb(program.commands, words[0]);
  if (top === undefined || top.name.startsWith('_')) return undefined;
  if (top.load === undefined) return top.name;
  const loaded = await top.load();
  if (!('verbs' in loaded)) return top.name;
  const verb = selectVerb(loaded.verbs, words[1]);
  return verb && `${top.name} ${verb.name}`;
}

/** Verbs that the reference lacks. */
export async function extensionVerbs(): Promise<Set<string>> {
  const families = await loadFamilies();
  return new Set(
    families.flatMap(({ name, verbs }) => verbs.filter((verb) => verb.extension).map((verb) => `${name} ${verb.name}`)),
  );
}
