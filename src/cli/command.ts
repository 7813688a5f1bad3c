import type { Context } from './context.ts';
import type { Declaration, Explanation, VerbOption } from './declaration.ts';
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
  /** Instead of `load`, `options` and `forms`, of a verb that the reference lacks. */
  readonly declare?: () => Promise<Declaration>;
  /** Long options that the reference's verb lacks. */
  readonly options?: readonly VerbOption[];
  /** One sentence for help, man pages and completion menus. */
  readonly summary?: string;
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

/** What help and manual pages say of an object beyond its usage text. */
export interface FamilyDocs {
  /** More than the summary. */
  readonly details?: string;
  /** What the words in capitals of the usage text stand for. */
  readonly words: Readonly<Record<string, string>>;
  /** Of the reference's verbs, by name; those that are declared explain themselves. */
  readonly verbs: Readonly<Record<string, Explanation>>;
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
   * as typed. Completion and man pages read their grammar from it. '' for an object that the reference lacks: its verbs,
   * all declared, say it.
   */
  readonly usage: string;
  /** Imported for help and manual pages only. */
  readonly docs?: () => Promise<FamilyDocs>;
  /** What the usage text lacks of what its verbs take, in the same form; declared verbs have their own forms. */
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
