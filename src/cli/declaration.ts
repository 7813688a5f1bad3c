import type { Context } from './context.ts';
import type { OptionSpec } from './getopt.ts';
import type { Words } from './words.ts';

/** A word of a command's forms, and what it stands for. */
export interface Argument {
  /** As the forms have it: `MAP` for a place that the caller fills in, `opcodes` for a fixed word. */
  readonly name: string;
  readonly summary: string;
  /** The words that can stand there, where they are few. */
  readonly choices?: readonly string[];
  /** What holds where it is left out. */
  readonly default?: string;
}

/** A long option that only some commands know. */
export interface VerbOption extends OptionSpec {
  readonly long: string;
  readonly summary: string;
  /**
   * How the value of an option with an `argument` is read: text unless stated. `number` and `integer` are not negative;
   * `repeat` may be given several times, `list` too and is parted at commas as well.
   */
  readonly kind?: 'number' | 'integer' | 'repeat' | 'list';
  readonly default?: string | number;
}

/** A command line that runs, and what it does. */
export interface Example {
  readonly line: string;
  readonly summary: string;
}

/** What help and manual pages say of a command beyond its summary. */
export interface Explanation {
  readonly arguments?: readonly Argument[];
  readonly examples?: readonly Example[];
  /** More sentences. */
  readonly details?: string;
}

/**
 * A command or verb that the reference lacks, declared once: yargs parses its options, and help, completion and manual
 * pages read it.
 */
export interface Declaration extends Explanation {
  /** What may follow it, in the notation of usage texts: `MAP [FILE]`. */
  readonly forms: readonly string[];
  /** What words of the forms consist of; `MAP`, `PROG` and `LINK` are known. */
  readonly definitions?: Readonly<Record<string, string>>;
  readonly options?: readonly VerbOption[];
  readonly load: () => Promise<OwnHandler>;
}

/** Runs a declared command. Returns the status (undefined = 0; negative errno allowed) or throws. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing succeeded
export type OwnHandler = (ctx: Context, words: Words, given: Given) => number | void | Promise<number | void>;

/** Words that mean the same in every command. */
export const commonDefinitions: Readonly<Record<string, string>> = {
  MAP: '{ id MAP_ID | pinned FILE | name MAP_NAME }',
  PROG: '{ id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }',
  LINK: '{ id LINK_ID | pinned FILE }',
};

/** The options of one run of a declared command: those on the line, and the defaults of others. */
export class Given {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values;
  }

  /** True where the option is on the line or has a default. */
  has(long: string): boolean {
    return this.#values.has(long);
  }

  /** The value of an option that takes text. */
  text(long: string): string | undefined {
    return this.#values.get(long) as string | undefined;
  }

  /** The value of an option of kind `number` or `integer`. */
  number(long: string): number | undefined {
    return this.#values.get(long) as number | undefined;
  }

  /** The values of an option of kind `repeat` or `list`, in order. */
  list(long: string): readonly string[] {
    return (this.#values.get(long) as readonly string[] | undefined) ?? [];
  }
}
