// Hints below an error, at a terminal only. The line has failed already: nothing here is run again.
import {
  type Context,
  type CommandFamily,
  declaredReader,
  type FailedLine,
  formReader,
  globalOptions,
  namespaceOption,
  readUsage,
  selectVerb,
  type TopCommand,
  type Verb,
} from '../../cli/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { type FailedVerb, keyHint, liveHints, severalHints } from './live.ts';
import { meantBy } from './meant.ts';
import { typeOfMap, mapsNamed } from './objects.ts';
import { wordsHint } from './words.ts';

/** What a person should read of a mistake: which word, and what was probably meant. Nothing where that is unknown. */
export async function hintsOn(ctx: Context, line: FailedLine, commands: readonly TopCommand[]): Promise<string[]> {
  // Names that begin with `_` are for scripts.
  const offered = commands.filter(({ name }) => !name.startsWith('_'));
  const [first, second] = line.words;
  const top = first === undefined ? undefined : selectVerb(offered, first);
  const loaded = await top?.load?.();
  const family = loaded !== undefined && 'verbs' in loaded ? loaded : undefined;
  const verb = family && selectVerb(family.verbs, second);
  if (line.unknownOption !== undefined) return optionHints(line.unknownOption, await optionsOf(top, verb));
  if (first === undefined) return [];
  if (top === undefined) return [notFound(`no object '${first}'`, first, offered)];
  if (family === undefined) return top.declare === undefined && top.forms === undefined ? [] : commandHints(top, line);
  if (verb === undefined) return [notFound(`no verb '${second}' of ${family.name}`, second!, family.verbs)];
  const words = line.words.slice(2);
  const { name: object } = family;
  const failed = { object, verb: verb.name, words, mapTypes: verb.mapTypes, message: line.message };
  // Several objects of one name fit: the list of them says more than any grammar.
  const several = severalHints(kernelOf(ctx), failed);
  if (several.length > 0) return several;
  const reader = await readerOf(ctx, { family, verb, typed: words });
  // The words of a key are checked against the map itself first.
  const hint = keyHint(kernelOf(ctx), failed) ?? wordsHint({ command: `${object} ${verb.name}`, words, reader });
  if (hint !== undefined && !isOlderName(failed)) return [hint];
  return liveHints(kernelOf(ctx), failed);
}

/** Attach types of control groups have older names, which the usage text does not tell. */
const isOlderName = ({ object, words, message }: FailedVerb) =>
  object === 'cgroup' && words.length > 3 && !message.includes('attach type');

function notFound(what: string, word: string, known: readonly { readonly name: string }[]): string {
  const names = known.map(({ name }) => name);
  const meant = meantBy(word, names);
  return meant === undefined ? `${what}; there are ${names.join(', ')}` : `${what}; did you mean '${meant}'?`;
}

async function commandHints(top: TopCommand, { words }: FailedLine): Promise<string[]> {
  const declaration = (await top.declare?.()) ?? { forms: top.forms! };
  const hint = wordsHint({ command: top.name, words: words.slice(1), reader: declaredReader(declaration) });
  return hint === undefined ? [] : [hint];
}

async function readerOf(
  ctx: Context,
  { family, verb, typed }: { family: CommandFamily; verb: Verb; typed: readonly string[] },
) {
  const declaration = await verb.declare?.();
  if (declaration !== undefined) return declaredReader(declaration, readUsage(family).definitions);
  if (verb.formsByMapType === undefined || typed.length < 2) return formReader(family, verb);
  const [map] = mapsNamed(kernelOf(ctx), typed);
  return formReader(family, verb, (map && verb.formsByMapType(typeOfMap(map))) ?? verb.forms);
}

const optionsOf = async (top: TopCommand | undefined, verb: Verb | undefined) => [
  ...globalOptions,
  namespaceOption,
  ...((await (top?.declare ?? verb?.declare)?.())?.options ?? verb?.options ?? []),
];

function optionHints(option: string, known: readonly { readonly long?: string }[]): string[] {
  const word = option.replace(/=.*/s, '');
  const names = known.flatMap(({ long }) => (long === undefined ? [] : [`--${long}`]));
  const meant = word.startsWith('--') ? meantBy(word, names) : undefined;
  return [
    meant === undefined
      ? `no option '${word}'; --help tells which there are`
      : `no option '${word}'; did you mean '${meant}'?`,
  ];
}
