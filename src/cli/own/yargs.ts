import type { Argv } from 'yargs';

/** A yargs that does nothing by itself: no help, no version, no end of the process, no other language than English. */
export async function bareYargs(args: readonly string[]): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  return yargs([...args])
    .detectLocale(false)
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
      'strip-dashed': true,
    });
}
