import type { CommandFamily } from './command.ts';

/** What a usage text says: the synopsis of each verb, and the definitions of the words in capitals. */
export interface UsageGrammar {
  /** Verb → what may follow it, on one line. */
  readonly verbs: ReadonlyMap<string, string>;
  /** `MAP` → `{ id MAP_ID | pinned FILE | name MAP_NAME }`. */
  readonly definitions: ReadonlyMap<string, string>;
}

/** Reads a family's usage text, extensions included. */
export function readUsage(family: Pick<CommandFamily, 'usage' | 'extensionUsage'>): UsageGrammar {
  const verbs = new Map<string, string>();
  const definitions = new Map<string, string>();
  const text = `${family.usage}\n${family.extensionUsage ?? ''}`.replace(/\\\n\s*/g, ' ');
  let definition = '';
  for (const line of text.split('\n')) {
    const command = /%P (?:\[OPTIONS\] )?%O (?:\{ ([^}]*) \}|(\S+))\s*(.*)$/.exec(line);
    if (command !== null) {
      const rest = squeeze(command[3]!);
      for (const verb of (command[1] ?? command[2]!).split('|')) verbs.set(verb.trim(), rest);
      continue;
    }
    const start = /^\s*([A-Z][A-Z_]*)\s*:=\s*(.*)$/.exec(line);
    if (start !== null) {
      definition = start[1]!;
      definitions.set(definition, squeeze(start[2]!));
    } else if (definition !== '' && line.trim() !== '') {
      definitions.set(definition, `${definitions.get(definition)} ${squeeze(line)}`);
    }
  }
  return { verbs, definitions };
}

/** Lower-case words that may follow a verb, those inside the definitions it names included. */
export function keywordsOf(grammar: UsageGrammar, verb: string): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (text: string): void => {
    for (const word of text.match(/[A-Za-z_][A-Za-z_0-9]*/g) ?? []) {
      if (/^[a-z]/.test(word)) found.add(word);
      else if (!seen.has(word)) {
        seen.add(word);
        // A bare list of types is offered after `type` only.
        if (word !== 'TYPE' && word !== 'ATTACH_TYPE' && word !== 'OPTIONS') visit(grammar.definitions.get(word) ?? '');
      }
    }
  };
  visit(grammar.verbs.get(verb) ?? '');
  return [...found];
}

function squeeze(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
