import { TsbpfError } from '../errors/index.ts';
import { WriteError } from '../output/index.ts';
import { type CommandFamily, selectVerb, type VerbOption } from './command.ts';
import type { Context } from './context.ts';
import { CommandFailure, RunEnd, UsageExit } from './failure.ts';
import { Words } from './words.ts';

/** An object of the command line: a family of verbs, loaded when first named, or a command by itself. */
export interface TopCommand {
  readonly name: string;
  readonly extension?: boolean;
  /** One sentence, where the command has no verbs. */
  readonly summary?: string;
  /** What follows a command without verbs, in the notation of usage texts; OBJECT and VERB are those of the program. */
  readonly forms?: readonly string[];
  /** Long options only this command knows. */
  readonly options?: readonly VerbOption[];
  readonly load: () => Promise<CommandFamily | StandaloneCommand>;
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
    const command = await this.#load(top.name, top.load);
    const words = new Words(line, Math.min(1, line.length));
    if ('run' in command) return command.run(ctx, words, this);
    ctx.objectWord = line[0] ?? '';
    return this.#runFamily(ctx, command, words);
  }

  async #runFamily(ctx: Context, family: CommandFamily, words: Words): Promise<number | undefined> {
    const showUsage = (c: Context) => printFamilyUsage(c, family);
    this.#usage = showUsage;
    const verb = selectVerb(family.verbs, words.peek());
    if (verb === undefined) {
      showUsage(ctx);
      return -1;
    }
    if (verb.load === undefined) {
      showUsage(ctx);
      return 0;
    }
    const handler = await this.#load(`${family.name} ${verb.name}`, verb.load);
    if (words.left > 0) words.index++;
    return (await handler(ctx, words)) ?? 0;
  }

  async #load<T>(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.#loaded.get(key);
    if (known !== undefined) return known as T;
    const value = await load();
    this.#loaded.set(key, value);
    return value;
  }
}

function printFamilyUsage(ctx: Context, family: CommandFamily): void {
  printUsage(ctx, family.usage.replaceAll('%O', ctx.objectWord), family.helpIgnoresJson);
}

/** Usage goes to standard error; with JSON it is `null`, or nothing after an error. */
export function printUsage(ctx: Context, usage: string, ignoreJson = false): void {
  if (ctx.json !== undefined && !ignoreJson) {
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
