import { TsbpfError } from '../errors/index.ts';
import { WriteError } from '../output/index.ts';
import { type CommandFamily, selectVerb } from './command.ts';
import type { Context } from './context.ts';
import { type Declaration, type Explanation, Given } from './declaration.ts';
import { CommandFailure, RunEnd, UsageExit } from './failure.ts';
import { Words } from './words.ts';

/** An object of the command line: a family of verbs, loaded when first named, or a command by itself. */
export interface TopCommand {
  readonly name: string;
  /** Not in the reference: matched by its whole name only. */
  readonly extension?: boolean;
  /** One sentence, where the command has no verbs. */
  readonly summary?: string;
  /** What follows a command without verbs, in the notation of usage texts. */
  readonly forms?: readonly string[];
  /** Of a command without verbs that the reference has. */
  readonly explain?: () => Promise<Explanation>;
  /** Exactly one of these two: a command without verbs that the reference lacks is declared. */
  readonly load?: () => Promise<CommandFamily | StandaloneCommand>;
  readonly declare?: () => Promise<Declaration>;
  /** A declared command that reads all words behind its name itself, options too: those of another command may be among them. */
  readonly readsAllWords?: boolean;
}

/** A command without verbs: `batch`, `version`, `help`. */
export interface StandaloneCommand {
  readonly run: (ctx: Context, words: Words, dispatcher: Dispatcher) => number | Promise<number>;
}

/** Finds and runs commands; remembers whose usage text a usage error must show. */
export class Dispatcher {
  readonly commands: readonly TopCommand[];
  readonly mainUsage: string;
  #usage: (ctx: Context) => void;
  readonly #loaded = new Map<string, unknown>();

  constructor(commands: readonly TopCommand[], mainUsage: string) {
    this.commands = commands;
    this.mainUsage = mainUsage;
    this.#usage = (ctx) => printUsage(ctx, mainUsage);
  }

  /** Runs one command line (options already taken out). Returns the status; a usage exit passes through. */
  async run(ctx: Context, line: readonly string[]): Promise<number> {
    const depth = ctx.json?.depth ?? 0;
    ctx.lastWords = line;
    ctx.lastError = '';
    try {
      return (await this.#select(ctx, line)) ?? 0;
    } catch (error) {
      if (error instanceof UsageExit || error instanceof RunEnd || error instanceof WriteError) throw error;
      return reportFailure(ctx, error);
    } finally {
      ctx.json?.closeTo(depth);
    }
  }

  /** Prints the usage text of the last level selected. */
  printLastUsage(ctx: Context): void {
    this.#usage(ctx);
  }

  async #select(ctx: Context, line: readonly string[]): Promise<number | undefined> {
    this.#usage = (c) => printUsage(c, this.mainUsage);
    const top = selectVerb(this.commands, line[0]);
    if (top === undefined) {
      printUsage(ctx, this.mainUsage);
      return -1;
    }
    if (top.declare !== undefined && top.readsAllWords) {
      const handler = await (await this.#load(top.name, top.declare)).load();
      return (await handler(ctx, new Words(line, 1), new Given(new Map()))) ?? 0;
    }
    if (top.declare !== undefined) {
      return this.#runDeclared(ctx, { path: [top.name], load: top.declare, args: line.slice(1) });
    }
    const command = await this.#load(top.name, top.load!);
    const words = new Words(line, Math.min(1, line.length));
    if ('run' in command) return command.run(ctx, words, this);
    ctx.objectWord = line[0] ?? '';
    return this.#runFamily(ctx, command, words);
  }

  async #runFamily(ctx: Context, family: CommandFamily, words: Words): Promise<number | undefined> {
    const usage = family.usage === '' ? await declaredUsage(family) : family.usage;
    const showUsage = (c: Context) => printFamilyUsage(c, { ...family, usage });
    this.#usage = showUsage;
    const verb = selectVerb(family.verbs, words.peek());
    if (verb === undefined) {
      showUsage(ctx);
      return -1;
    }
    if (verb.declare !== undefined) {
      const args = words.all.slice(words.index + 1);
      return this.#runDeclared(ctx, { path: [family.name, verb.name], load: verb.declare, args });
    }
    if (verb.load === undefined) {
      showUsage(ctx);
      const own = family.verbs.filter(({ extension }) => extension).map(({ name }) => name);
      if (own.length > 0)
        ctx.hint(`beyond bpftool: ${own.join(', ')}; \`${ctx.programName} help ${family.name}\` explains all`);
      return 0;
    }
    const handler = await this.#load(`${family.name} ${verb.name}`, verb.load);
    if (words.left > 0) words.index++;
    return (await handler(ctx, words)) ?? 0;
  }

  /** `args`: the words after the command; its options are in `ctx.declaredOptions`, or, in a batch, among them. */
  async #runDeclared(
    ctx: Context,
    { path, load, args }: { path: readonly string[]; load: () => Promise<Declaration>; args: readonly string[] },
  ): Promise<number | undefined> {
    const declaration = await this.#load(path.join(' '), load);
    const lines = declaration.forms.map((form) => `%P ${path.join(' ')} ${form}`);
    this.#usage = (c) => printUsage(c, usageText(lines));
    const { parseOwn } = await import('./own/parse.ts');
    const options = ctx.declaredOptions;
    const parsed = await parseOwn(declaration, options === undefined ? args : [...options, '--', ...args]);
    const handler = await declaration.load();
    const before = ctx.verbOptions;
    // What verbs of both kinds share reads them there; in a batch, those of this line end with it.
    ctx.verbOptions = parsed.texts;
    try {
      return (await handler(ctx, new Words([...path, ...parsed.words], path.length), parsed.given)) ?? 0;
    } finally {
      ctx.verbOptions = before;
    }
  }

  async #load<T>(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.#loaded.get(key);
    if (known !== undefined) return known as T;
    const value = await load();
    this.#loaded.set(key, value);
    return value;
  }
}

/** Of an object that the reference lacks: the forms of its verbs. */
async function declaredUsage({ name, verbs }: CommandFamily): Promise<string> {
  const forms = await Promise.all(
    verbs.map(async (verb) =>
      ((await verb.declare?.())?.forms ?? ['']).map((form) => `%P ${name} ${verb.name} ${form}`),
    ),
  );
  return usageText(forms.flat());
}

const usageText = (lines: readonly string[]) => `Usage: ${lines.map((line) => line.trimEnd()).join('\n       ')}\n`;

function printFamilyUsage(ctx: Context, family: Pick<CommandFamily, 'usage' | 'helpIgnoresJson'>): void {
  printUsage(ctx, family.usage.replaceAll('%O', ctx.objectWord), { ignoresJson: family.helpIgnoresJson });
}

/** Usage goes to standard error; with JSON it is `null`, or nothing after an error. */
export function printUsage(ctx: Context, usage: string, options: { ignoresJson?: boolean | undefined } = {}): void {
  if (ctx.json !== undefined && options.ignoresJson !== true) {
    if (!ctx.json.takesNoValue) ctx.json.null();
  } else ctx.printError(usage.replaceAll('%P', ctx.programName));
}

/** The one place that turns a thrown failure into text and a status. */
function reportFailure(ctx: Context, error: unknown): number {
  if (error instanceof CommandFailure) {
    if (!error.silent) ctx.error(error.message);
    return error.status;
  }
  if (error instanceof TsbpfError) {
    ctx.error(error.message);
    return -1;
  }
  const message = error instanceof Error ? error.message : String(error);
  ctx.error(`internal error: ${message}`);
  if (ctx.options.debug && error instanceof Error) ctx.printError(`${error.stack}\n`);
  return -1;
}
