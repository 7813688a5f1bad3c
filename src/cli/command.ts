import type { Context } from './context.ts';
import type { OptionSpec } from './getopt.ts';
import type { Words } from './words.ts';

/** Runs one verb. Returns the status (undefined = 0; negative errno allowed) or throws. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing succeeded
export type Handler = (ctx: Context, words: Words) => number | void | Promise<number | void>;

/** One verb of an object, as a value: parsing, help, completion and man pages read it. */
export interface Verb {
  readonly name: string;
  /** Imports the handler; `help` has none. */
  readonly load?: () => Promise<Handler>;
  /** Not in the reference: matched by its whole name only, so that no abbreviation changes its meaning. */
  readonly extension?: boolean;
  /** Long options only this verb knows (extensions). */
  readonly options?: readonly VerbOption[];
  /** One sentence for man pages and completion menus. */
  readonly summary?: string;
  /** More sentences, for man pages only. */
  readonly details?: string;
  /** What may follow it, in the notation of usage texts, where the usage text is not exact enough to complete by. */
  readonly forms?: readonly string[];
  /** As `forms`, where they depend on the type of the map that the first two words name. */
  readonly formsByMapType?: (type: string) => readonly string[] | undefined;
  /** Keywords that make sense only beside one of others. */
  readonly wordNeeds?: Readonly<Record<string, readonly string[]>>;
  /** Keywords that JSON output has no use for. */
  readonly plainOnly?: readonly string[];
  /** The types of maps it works on; any where there are none. */
  readonly mapTypes?: readonly string[];
}

export interface VerbOption extends OptionSpec {
  readonly long: string;
  readonly summary: string;
}

/** An object of the command line (`map`, `prog`, …). */
export interface CommandFamily {
  readonly name: string;
  /** One sentence: what the object is. */
  readonly summary: string;
  /** In matching order: a word selects the first verb that it abbreviates. The first is the default. */
  readonly verbs: readonly Verb[];
  /**
   * The usage text without its program name and object word: `%P` stands for the program, `%O` for the object
   * as typed. Completion and man pages read their grammar from it.
   */
  readonly usage: string;
  /** Usage of the verbs the reference lacks, in the same form. */
  readonly extensionUsage?: string;
  /** The help verb of two objects ignores JSON. */
  readonly helpIgnoresJson?: boolean;
}

/** What a word selects among `verbs`. */
export function selectVerb<T extends { name: string; extension?: boolean }>(
  verbs: readonly T[],
  word: string | undefined,
): T | undefined {
  if (word === undefined) return verbs[0];
  return verbs.find((verb) => (verb.extension ? verb.name === word : verb.name.startsWith(word))) ?? undefined;
}
