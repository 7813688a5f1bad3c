import {
  type Candidate,
  type Candidates,
  type CommandFamily,
  type Context,
  candidatesAfter,
  candidatesOfForms,
  type Declaration,
  globalOptions,
  namespaceOption,
  type OptionSpec,
  type StandaloneCommand,
  selectVerb,
} from '../../cli/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { isOfferable, type LiveCandidates, liveCandidates, typeOfMap } from './live.ts';
import { optionValues } from './option-values.ts';
import { readTypedLine, type TypedLine } from './typed-line.ts';

/** A command of the first level, as completion sees it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary?: string | undefined;
  /** What follows a command without verbs. */
  readonly forms?: readonly string[] | undefined;
  /** Of a command without verbs that the reference lacks. */
  readonly declare?: (() => Promise<Declaration>) | undefined;
  /** Its verbs; undefined for a command without. */
  readonly family: () => Promise<CommandFamily | undefined>;
}

type DescribedOption = OptionSpec & { readonly summary: string };

interface Offer extends LiveCandidates {
  readonly words: readonly Candidate[];
}

/**
 * `__complete WORD… LAST`: the words that can replace LAST, one a line, with what they are after a tab; `:files` where a
 * path fits too, `:directories` where one of a directory does. Completion scripts call it. It prints nothing rather than fail.
 */
export function completeCommand(commands: readonly CompletedCommand[]): StandaloneCommand {
  return {
    async run(ctx, words) {
      const typed = words.all.slice(words.index);
      const rough = readTypedLine(typed, allOptions([]));
      const line = readTypedLine(typed, allOptions(await verbOptions(commands, rough.words)));
      const offer = await offerFor(ctx, commands, line);
      print(ctx, offer, line);
      return 0;
    },
  };
}

const allOptions = (own: readonly DescribedOption[]): DescribedOption[] => [...globalOptions, namespaceOption, ...own];

async function verbOptions(
  commands: readonly CompletedCommand[],
  words: readonly string[],
): Promise<readonly DescribedOption[]> {
  const command = commandOf(commands, words[0]);
  const family = words.length < 2 ? undefined : await command?.family();
  const verb = family && selectVerb(family.verbs, words[1]);
  const declaration = await (command?.declare ?? verb?.declare)?.();
  return declaration?.options ?? verb?.options ?? [];
}

const commandOf = (commands: readonly CompletedCommand[], word: string | undefined) =>
  word === undefined
    ? undefined
    : (commands.find(({ name }) => name === word) ?? commands.find(({ name }) => name.startsWith(word)));

async function offerFor(ctx: Context, commands: readonly CompletedCommand[], line: TypedLine): Promise<Offer> {
  if (line.option !== undefined) return optionValues(ctx, line);
  if (line.current.startsWith('-')) return { words: optionWords(allOptions(await verbOptions(commands, line.words))) };
  const [first] = line.words;
  if (first === undefined) return { words: commands.map(({ name, summary }) => ({ word: name, about: summary })) };
  const command = commandOf(commands, first);
  const family = await command?.family();
  if (command === undefined) return { words: [] };
  if (family === undefined) return offer(ctx, await ofCommand(commands, command, line.words.slice(1)), { line });
  const verb = line.words.length < 2 ? undefined : selectVerb(family.verbs, line.words[1]);
  const found = candidatesAfter(line.words, family, {
    isJson: line.isJson,
    declaration: await verb?.declare?.(),
    mapType: (handle) => silently(() => typeOfMap(kernelOf(ctx), handle)),
  });
  return offer(ctx, found, { line, mapTypes: verb?.mapTypes });
}

/** After a command without verbs. OBJECT and VERB in its forms are those of the command line. */
async function ofCommand(
  commands: readonly CompletedCommand[],
  { forms = [], declare }: CompletedCommand,
  typed: readonly string[],
): Promise<Candidates> {
  const found = candidatesOfForms((await declare?.()) ?? { forms }, typed);
  const words = [...found.words];
  for (const { name } of found.values) {
    if (name === 'OBJECT') {
      for (const command of commands) words.push({ word: command.name, about: command.summary });
    } else if (name === 'VERB') {
      const family = await commandOf(commands, typed.at(-1))?.family();
      for (const verb of family?.verbs ?? []) words.push({ word: verb.name, about: verb.summary });
    }
  }
  return { words, values: found.values.filter(({ name }) => name !== 'OBJECT') };
}

function offer(
  ctx: Context,
  found: Candidates,
  place: { line: TypedLine; mapTypes?: readonly string[] | undefined },
): Offer {
  const { current, words } = place.line;
  const live = found.values.map((value) => liveCandidates(ctx, value, { words, current, mapTypes: place.mapTypes }));
  const paths = live.map((each) => each.paths);
  const kind = paths.find((path) => path === 'files') ?? paths.find((path) => path !== undefined);
  return { words: [...found.words, ...live.flatMap((each) => each.words)], ...(kind && { paths: kind }) };
}

function optionWords(specs: readonly DescribedOption[]): Candidate[] {
  return specs.map(({ long, short, summary }) => ({
    word: long ? `--${long}` : `-${short}`,
    about: firstSentence(summary),
  }));
}

const firstSentence = (text: string) => text.replace(/(?:\.|;| - ) .*$/s, '').replace(/\.$/, '');

function print(ctx: Context, { words, paths }: Offer, line: TypedLine): void {
  const printed = new Set<string>();
  for (const { word, about } of words) {
    if (!word.startsWith(line.current) || printed.has(word) || !isOfferable(word)) continue;
    printed.add(word);
    ctx.print(
      `${line.before}${word}${about === undefined || !isOfferable(about) ? '' : `\t${firstSentence(about)}`}\n`,
    );
  }
  if (paths !== undefined) ctx.print(`:${paths}\n`);
}

function silently<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
