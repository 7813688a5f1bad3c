import { isatty } from 'node:tty';
import { type Context, helpText, printUsage, type TopCommand } from '../../cli/index.ts';
import { topicOf } from './topic.ts';

/**
 * Explains the object, verb or command that `words` name, on standard output; without one prints the usage text, as the
 * reference does whatever the words are. Under the reference's own name a program that reads the output gets its text.
 */
export async function explain(
  ctx: Context,
  words: readonly string[],
  { commands, mainUsage }: { commands: readonly TopCommand[]; mainUsage: string },
): Promise<void> {
  const topic = await topicOf(commands, words);
  const isForPerson = isatty(1) && ctx.stderrIsTerminal;
  if (topic !== undefined && (isForPerson || !topic.isOfReference || ctx.programName !== 'bpftool')) {
    ctx.print(await helpText(topic, { programName: ctx.programName, columns: columnsOf() }));
    return;
  }
  printUsage(ctx, mainUsage);
  if (ctx.stderrIsTerminal) ctx.hint(await extensionsLine(ctx, commands));
}

/** One line that names what the reference lacks. */
async function extensionsLine({ programName }: Context, commands: readonly TopCommand[]): Promise<string> {
  const own = commands.filter(({ name, extension }) => extension && !name.startsWith('_')).map(({ name }) => name);
  for (const { name, extension, load } of commands) {
    const family = extension ? undefined : await load?.();
    if (family === undefined || !('verbs' in family)) continue;
    const verbs = family.verbs.filter((verb) => verb.extension).map((verb) => verb.name);
    if (verbs.length > 0) own.push(`${name} ${verbs.join('|')}`);
  }
  return `beyond bpftool: ${own.join(', ')}; \`${programName} help WORD\` explains them`;
}

/** The width of the terminal; of a page where there is none, and not more than can be read well. */
function columnsOf(): number {
  const columns = isatty(1) ? process.stdout.columns : Number(process.env.COLUMNS);
  return Math.min(Math.max(columns > 0 ? columns : 80, 40), 120);
}
