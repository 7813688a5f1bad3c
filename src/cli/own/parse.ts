import { type Declaration, Given, type VerbOption } from '../declaration.ts';
import { fail } from '../failure.ts';
import { bareYargs } from './yargs.ts';

/**
 * Reads the options of a declared command. `args` are options as `--long` and `--long=value`, and words. Answers the
 * words, in order, and the options: as their kinds have them, and the texts of those on the line. Fails where an option is unknown, lacks its value or has one that cannot be.
 */
export async function parseOwn(
  declaration: Declaration,
  args: readonly string[],
): Promise<{ words: string[]; given: Given; texts: Map<string, string[]> }> {
  const options = declaration.options ?? [];
  const parser = (await bareYargs(args)).strictOptions().updateStrings({
    'Unknown argument: %s': { one: 'unknown %s', other: 'unknown %s' },
    'Not enough arguments following: %s': "option '--%s' needs a value",
  } as unknown as Record<string, string>);
  for (const { long, argument } of options) {
    parser.option(long, argument === undefined ? { type: 'boolean' } : { type: 'string', requiresArg: true });
  }
  let failure: string | undefined;
  parser.fail((message, error) => {
    failure ??= message ?? error?.message;
  });
  const parsed = await parser.parseAsync();
  if (failure !== undefined) fail(failure.startsWith('unknown ') ? unknownOption(failure.slice(8)) : failure);
  const values = new Map<string, unknown>();
  const texts = new Map<string, string[]>();
  for (const option of options) {
    const found = parsed[option.long];
    // A flag that is not on the line is left out or false.
    const value = found === undefined || found === false ? option.default : readValue(option, found);
    if (value !== undefined) values.set(option.long, value);
    if (found !== undefined && found !== false) {
      texts.set(option.long, option.argument === undefined ? [''] : [found].flat().map(String));
    }
  }
  return { words: parsed._.map(String), given: new Given(values), texts };
}

/** yargs names several, and without their dashes. */
function unknownOption(names: string): string {
  const [first = ''] = names.split(', ');
  return `unrecognized option '${first.length > 1 ? '--' : '-'}${first}'`;
}

function readValue(option: VerbOption, found: unknown): unknown {
  if (option.argument === undefined) return true;
  const texts = [found].flat().map(String);
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
