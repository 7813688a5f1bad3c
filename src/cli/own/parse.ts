import { parseArgs } from 'node:util';
import { type Declaration, Given, type VerbOption } from '../declaration.ts';
import { fail } from '../failure.ts';

/**
 * Reads the options of a declared command. `args` are options as `--long` and `--long=value`, and words. Answers the
 * words, in order, and the options: as their kinds have them, and the texts of those on the line. Fails where an option is unknown, lacks its value or has one that cannot be.
 */
export function parseOwn(
  declaration: Declaration,
  args: readonly string[],
): { words: string[]; given: Given; texts: Map<string, string[]> } {
  const options = declaration.options ?? [];
  const { words, texts } = readTokens(options, args);
  const values = new Map<string, unknown>();
  for (const option of options) {
    const found = texts.get(option.long);
    const value = found === undefined ? option.default : readValue(option, found);
    if (value !== undefined) values.set(option.long, value);
  }
  return { words, given: new Given(values), texts };
}

/** Words and, by option, the texts of its values; of a flag an empty one. */
function readTokens(
  options: readonly VerbOption[],
  args: readonly string[],
): { words: string[]; texts: Map<string, string[]> } {
  const known = new Map(options.map((option) => [option.long, option]));
  const types = options.map(({ long, argument }) => [long, { type: argument === undefined ? 'boolean' : 'string' }]);
  const config = { args: [...args], options: Object.fromEntries(types), strict: false, tokens: true } as const;
  const words: string[] = [];
  const texts = new Map<string, string[]>();
  for (const token of parseArgs(config).tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const option = rawName.startsWith('--') ? known.get(name) : undefined;
    if (option === undefined) fail(`unrecognized option '${rawName}'`);
    if (option.argument === undefined && value !== undefined) fail(`option '${rawName}' doesn't allow an argument`);
    if (option.argument !== undefined && value === undefined) fail(`option '${rawName}' needs a value`);
    texts.set(name, [...(texts.get(name) ?? []), value ?? '']);
  }
  return { words, texts };
}

function readValue(option: VerbOption, texts: readonly string[]): unknown {
  if (option.argument === undefined) return true;
  if (option.kind === 'list' || option.kind === 'repeat') {
    const parts = option.kind === 'list' ? texts.flatMap((text) => text.split(',')) : texts;
    for (const part of parts) checkChoice(option, part);
    return parts;
  }
  // The last one counts, as it does for options of the reference.
  const text = texts.at(-1)!;
  checkChoice(option, text);
  return option.kind === undefined ? text : numberOf(option, text);
}

function checkChoice({ long, choices }: VerbOption, text: string): void {
  if (choices !== undefined && !choices.includes(text)) {
    fail(`--${long}: '${text}' is none of ${choices.join(', ')}`);
  }
}

function numberOf({ long, kind }: VerbOption, text: string): number {
  const isNumber = kind === 'integer' ? /^\d+$/.test(text) : /^(?:\d+\.?\d*|\.\d+)$/.test(text);
  const number = Number(text);
  if (!isNumber || !Number.isFinite(number) || (kind === 'integer' && !Number.isSafeInteger(number))) {
    fail(`--${long}: can't parse '${text}' as a number${/^[\d.]+$/.test(text) ? ' without a fraction' : ''}`);
  }
  return number;
}
