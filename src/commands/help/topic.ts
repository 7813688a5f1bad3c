import {
  type Argument,
  type CommandFamily,
  commonDefinitions,
  type Declaration,
  type Explanation,
  globalOptions,
  type HelpTopic,
  namespaceOption,
  readUsage,
  selectVerb,
  type TopCommand,
  type UsageGrammar,
  type Verb,
  type VerbOption,
} from '../../cli/index.ts';
import { commonWords } from './words.ts';

/** What help and a manual page say of an object, a verb or a command without verbs. */
export interface Topic extends HelpTopic {
  /** The reference has it too. */
  readonly isOfReference: boolean;
}

/** The topic that words of a command line name, the first of which that is a command counting; undefined for none. */
export async function topicOf(commands: readonly TopCommand[], words: readonly string[]): Promise<Topic | undefined> {
  const at = words.findIndex((word) => selectVerb(commands, word) !== undefined);
  if (at < 0) return undefined;
  const top = selectVerb(commands, words[at])!;
  const family = await familyOf(top);
  if (family === undefined) return top.name === 'help' ? undefined : commandTopic(top);
  const verb = words[at + 1] === undefined ? undefined : selectVerb(family.verbs, words[at + 1]);
  const topic = await (verb === undefined ? familyTopic(family) : verbTopic(family, verb));
  return { ...topic, isOfReference: !top.extension && !verb?.extension };
}

async function familyOf(top: TopCommand): Promise<CommandFamily | undefined> {
  const loaded = await top.load?.();
  return loaded !== undefined && 'verbs' in loaded ? loaded : undefined;
}

const common = { globalOptions: [...globalOptions, namespaceOption], isOfReference: true };

/** Of a command without verbs. */
export async function commandTopic(top: TopCommand): Promise<Topic> {
  const declaration = await top.declare?.();
  const explanation = declaration ?? (await top.explain?.());
  const forms = declaration?.forms ?? top.forms ?? [''];
  return {
    ...common,
    path: [top.name],
    summary: top.summary ?? '',
    details: explanation?.details,
    forms,
    verbs: [],
    arguments: explainWords(forms, { explanation, definitions: definitionsOf(undefined, declaration) }),
    options: declaration?.options ?? [],
    examples: explanation?.examples ?? [],
    isOfReference: !top.extension,
  };
}

/** Of one verb of an object. */
export async function verbTopic(family: CommandFamily, verb: Verb): Promise<Topic> {
  const grammar = readUsage(family);
  const docs = await family.docs?.();
  const declaration = await verb.declare?.();
  const explanation = declaration ?? docs?.verbs[verb.name];
  const forms = declaration?.forms ?? formsOf(verb, grammar);
  const definitions = definitionsOf(grammar, declaration);
  return {
    ...common,
    path: [family.name, verb.name],
    summary: verb.summary ?? '',
    details: explanation?.details,
    forms,
    verbs: [],
    arguments: explainWords(forms, { explanation, definitions, words: docs?.words }),
    options: declaration?.options ?? verb.options ?? [],
    examples: explanation?.examples ?? [],
  };
}

/** Of an object: its verbs, what their words mean, an example of each. */
export async function familyTopic(family: CommandFamily): Promise<Topic> {
  const grammar = readUsage(family);
  const docs = await family.docs?.();
  const topics = await Promise.all(family.verbs.map((verb) => verbTopic(family, verb)));
  const forms = topics.flatMap((topic) => topic.forms.map((form) => `${topic.path.at(-1)} ${form}`.trimEnd()));
  const definitions = definitionsOf(grammar, undefined);
  return {
    ...common,
    path: [family.name],
    summary: family.summary,
    details: docs?.details,
    forms,
    verbs: family.verbs.map(({ name, summary = '' }) => ({ name, summary })),
    arguments: explainWords([...grammar.definitions.keys()], { definitions, words: docs?.words }),
    options: mergedOptions(topics),
    examples: topics.flatMap(({ examples }) => examples.slice(0, 1)),
  };
}

/** The forms of a verb of the reference: those stated, or those of its usage text. */
const formsOf = (verb: Verb, grammar: UsageGrammar): readonly string[] =>
  verb.forms ?? grammar.verbs.get(verb.name) ?? [''];

function definitionsOf(grammar: UsageGrammar | undefined, declaration: Declaration | undefined): Map<string, string> {
  return new Map([
    ...Object.entries(commonDefinitions),
    ...(grammar?.definitions ?? []),
    ...Object.entries(declaration?.definitions ?? {}),
  ]);
}

/** One of each name, with the verbs that know it. */
function mergedOptions(topics: readonly HelpTopic[]): VerbOption[] {
  const found = new Map<string, { option: VerbOption; verbs: string[] }>();
  for (const { path, options } of topics) {
    for (const option of options) {
      const verbs = found.get(option.long)?.verbs ?? [];
      found.set(option.long, { option, verbs: [...verbs, path.at(-1)!] });
    }
  }
  return [...found.values()].map(({ option, verbs }) => ({
    ...option,
    summary: `${option.summary} (${verbs.join(', ')})`,
  }));
}

/** The words of forms that are explained, or consist of others, in order. */
function explainWords(
  forms: readonly string[],
  about: {
    readonly explanation?: Explanation | undefined;
    readonly definitions: ReadonlyMap<string, string>;
    readonly words?: Readonly<Record<string, string>> | undefined;
  },
): Argument[] {
  const found = new Map<string, Argument>();
  const visit = (text: string): void => {
    for (const word of text.match(/[A-Za-z_<][\w<>]*/g) ?? []) {
      const name = word.replace(/^([A-Z_]+)s$/, '$1');
      if (found.has(name) || name === 'OPTIONS') continue;
      const own = about.explanation?.arguments?.find((argument) => argument.name === name);
      const definition = about.definitions.get(name);
      const summary = own?.summary ?? about.words?.[name] ?? commonWords[name];
      if (summary === undefined && definition === undefined) continue;
      found.set(name, { ...own, name, summary: sentence(summary, definition) });
      if (definition !== undefined) visit(definition);
    }
  };
  for (const form of forms) visit(form);
  return [...found.values()];
}

/** What a word is, and what it consists of: `{ a | b }` without its braces. */
function sentence(summary: string | undefined, definition: string | undefined): string {
  if (definition === undefined) return summary ?? '';
  const parts = /^[[{]([^[\]{}]*)[\]}]$/.exec(definition)?.[1]?.trim() ?? definition;
  return summary === undefined ? parts : `${summary.replace(/[.:]$/, '')}: ${parts}`;
}
