import type { Argument, Example, VerbOption } from '../declaration.ts';
import type { GlobalOption } from '../global-options.ts';
import { bareYargs } from './yargs.ts';

/** What is explained: an object, a verb, or a command without verbs. */
export interface HelpTopic {
  /** Object and verb. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly details?: string | undefined;
  /** What may follow; of an object its verbs with what follows them. */
  readonly forms: readonly string[];
  readonly verbs: readonly { readonly name: string; readonly summary: string }[];
  readonly arguments: readonly Argument[];
  /** Those that the reference lacks. */
  readonly options: readonly VerbOption[];
  readonly globalOptions: readonly GlobalOption[];
  readonly examples: readonly Example[];
}

const commands = 'Commands:';
/** yargs shows what has the heading of positional arguments without dashes. */
const words = 'Arguments:';
const own = 'Options:';
const everywhere = 'Options of every command:';

/** The topic as text for people, in lines of at most `columns` characters, as far as words allow. */
export async function helpText(
  topic: HelpTopic,
  { programName, columns }: { programName: string; columns: number },
): Promise<string> {
  const command = [programName, ...topic.path].join(' ');
  const page = (await bareYargs([]))
    .scriptName(command)
    .updateStrings({ 'Commands:': commands, 'Positionals:': words })
    .wrap(columns)
    .usage([topic.summary, topic.details].filter(Boolean).join(' '));
  for (const { name, summary } of topic.verbs) page.command(name, summary);
  for (const argument of topic.arguments) page.option(argument.name, { group: words, ...shown(argument) });
  for (const option of topic.options)
    page.option(`${option.long}${place(option)}`, { group: own, ...shown(option), ...alias(option) });
  for (const option of topic.globalOptions) {
    const { long, short } = option;
    // A name of several letters is shown with two dashes, and its place with it.
    if (long !== undefined) {
      page.option(`${long}${place(option)}`, { group: everywhere, ...shown(option), ...alias(option) });
    } else page.option(short!, { group: everywhere, describe: `${option.argument}: ${option.summary}` });
  }
  const examples = topic.examples.flatMap(({ line, summary }) => [...filled(`# ${summary}`, columns - 2), line]);
  return [
    topic.forms.map((form, i) => synopsis(`${i === 0 ? 'Usage:' : '      '} ${command} ${form}`, columns)).join('\n'),
    `\n\n${(await page.getHelp()).trimEnd()}\n`,
    ...(examples.length === 0 ? [] : [`\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`]),
    `\nThe manual page tsbpftool-${topic.path[0]}(8) says more.\n`,
  ].join('');
}

const alias = ({ short }: { readonly short?: string }) => (short === undefined ? {} : { alias: short });
const place = ({ argument }: { readonly argument?: string }) => (argument === undefined ? '' : ` ${argument}`);

function shown({ summary, choices, default: fallback }: Omit<Argument, 'name' | 'default'> & { default?: unknown }) {
  return {
    describe: summary,
    ...(choices === undefined ? {} : { choices }),
    ...(fallback === undefined ? {} : { default: fallback, defaultDescription: String(fallback) }),
  };
}

/** A usage line; what does not fit goes on below, further in. */
function synopsis(line: string, columns: number): string {
  return filled(line.trimEnd(), columns - 4)
    .map((part, i) => (i === 0 ? part : `           ${part}`))
    .join('\n');
}

function filled(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/(?<=\S) /)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
