import { type CommandFamily, selectVerb, type Verb } from './command.ts';
import { commonDefinitions, type Declaration } from './declaration.ts';
import { type Expected, FormReader } from './forms/form-reader.ts';
import { FormParser, type ValuePlace } from './forms/parse-form.ts';
import { readUsage } from './usage-grammar.ts';

/** A word that can stand at a place, and what it is. */
export interface Candidate {
  readonly word: string;
  readonly about?: string | undefined;
}

/** What can stand at a place of the command line: fixed words, and values that only the running system knows. */
export interface Candidates {
  readonly words: readonly Candidate[];
  readonly values: readonly ValuePlace[];
}

/** What completion has to ask about the line. */
export interface CompletionLine {
  readonly isJson: boolean;
  /** That of the verb the line names, where it is declared. */
  readonly declaration?: Declaration | undefined;
  /** The type of the map that two words name (`id 5`); undefined where that cannot be known. */
  readonly mapType: (handle: readonly [string, string]) => string | undefined;
}

/** Candidates for the word after `words` (object, verb, …; options left out), given the object's family. */
export function candidatesAfter(words: readonly string[], family: CommandFamily, line: CompletionLine): Candidates {
  if (words.length < 2) {
    return { words: family.verbs.map(({ name, summary }) => ({ word: name, about: summary })), values: [] };
  }
  const verb = selectVerb(family.verbs, words[1]);
  if (verb === undefined) return { words: [], values: [] };
  const typed = words.slice(2);
  const type = verb.formsByMapType && typed.length >= 2 ? line.mapType([typed[0]!, typed[1]!]) : undefined;
  const forms = (type !== undefined && verb.formsByMapType?.(type)) || undefined;
  const reader = line.declaration
    ? declaredReader(line.declaration, readUsage(family).definitions)
    : formReader(family, verb, forms);
  const { expected, understood } = reader.read(typed);
  if (understood < typed.length) return { words: [], values: [] };
  return { words: fixedWords(verb, expected, { typed, isJson: line.isJson }), values: expected.values };
}

/** What may follow a verb: its own forms, else those of the usage text. */
export function formReader(family: CommandFamily, verb: Verb, forms = verb.forms): FormReader {
  const grammar = readUsage(family);
  const parser = new FormParser(grammar.definitions);
  return new FormReader((forms ?? grammar.verbs.get(verb.name) ?? []).map((form) => parser.parse(form)));
}

/** What may follow a declared command; `definitions` are those of its family. */
export function declaredReader(
  { forms, arguments: places = [], definitions: own = {} }: Pick<Declaration, 'forms' | 'arguments' | 'definitions'>,
  definitions: ReadonlyMap<string, string> = new Map(),
): FormReader {
  const choices = places.flatMap(({ name, choices }) =>
    choices ? [[name, `{ ${choices.join(' | ')} }`] as const] : [],
  );
  const parser = new FormParser(
    new Map([...Object.entries(commonDefinitions), ...definitions, ...choices, ...Object.entries(own)]),
  );
  return new FormReader(forms.map((form) => parser.parse(form)));
}

/** Candidates of a command without verbs. */
export function candidatesOfForms(
  declaration: Pick<Declaration, 'forms' | 'arguments' | 'definitions'>,
  typed: readonly string[],
): Candidates {
  const { expected, understood } = declaredReader(declaration).read(typed);
  if (understood < typed.length) return { words: [], values: [] };
  return { words: expected.words.map((word) => ({ word })), values: expected.values };
}

function fixedWords(verb: Verb, expected: Expected, line: { typed: readonly string[]; isJson: boolean }): Candidate[] {
  const isFit = (word: string) => {
    const needed = verb.wordNeeds?.[word];
    if (needed !== undefined && !needed.some((other) => line.typed.includes(other))) return false;
    return !(line.isJson && verb.plainOnly?.includes(word));
  };
  return expected.words.filter(isFit).map((word) => ({ word }));
}
