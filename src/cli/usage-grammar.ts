import type { CommandFamily } from './command.ts';

/** What a usage text says: the forms of each verb, and the definitions of the words in capitals. */
export interface UsageGrammar {
  /** Verb → what may follow it, on one line; several where the text gives a verb several lines. */
  readonly verbs: ReadonlyMap<string, readonly string[]>;
  /** `MAP` → `{ id MAP_ID | pinned FILE | name MAP_NAME }`. */
  readonly definitions: ReadonlyMap<string, string>;
}

/**
 * Reads a family's usage text, extensions included. The object is `%O` or its name; a line that begins neither a command
 * nor a definition continues the one before, with or without a backslash, up to an empty line.
 */
export function readUsage(family: Pick<CommandFamily, 'usage' | 'extensionUsage'>): UsageGrammar {
  const commands: { verbs: string[]; rest: string }[] = [];
  const definitions = new Map<string, string>();
  const text = `${family.usage}\n\n${family.extensionUsage ?? ''}`.replaceAll('\\\n', ' \n').replaceAll('*', '');
  let extend: ((more: string) => void) | undefined;
  for (const line of text.split('\n')) {
    const command = /%P (?:\[OPTIONS\] )?(?:%O|[a-z_]+) (?:\{ ([^}]*) \}|(\S+))\s*(.*)$/.exec(line);
    const definition = /^\s*([A-Z][A-Z_]*)\s*:=\s*(.*)$/.exec(line);
    if (command !== null) {
      const verbs = (command[1] ?? command[2]!).split('|').map((verb) => verb.trim());
      const entry = { verbs, rest: command[3]! };
      commands.push(entry);
      extend = (more) => {
        entry.rest += ` ${more}`;
      };
    } else if (definition !== null) {
      const name = definition[1]!;
      definitions.set(name, squeeze(definition[2]!));
      extend = (more) => definitions.set(name, squeeze(`${definitions.get(name)} ${more}`));
    } else if (line.trim() === '') extend = undefined;
    else extend?.(line);
  }
  const verbs = new Map<string, string[]>();
  for (const { verbs: names, rest } of commands) {
    for (const name of names) verbs.set(name, [...(verbs.get(name) ?? []), squeeze(rest)]);
  }
  return { verbs, definitions };
}

function squeeze(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
