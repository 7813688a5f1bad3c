import { type CommandFamily, type Declaration, fail, selectVerb } from '../../cli/index.ts';
import { outputSchema, outputSchemas } from './all.ts';

/** A command of the first level: its whole name, and its verbs where it has any. */
export interface NamedCommand {
  readonly name: string;
  readonly verbs?: CommandFamily['verbs'];
}

/** `schema OBJECT [VERB]`: the JSON Schema of what that command prints. Words may be abbreviated as in the command. */
export function schemaCommand(select: (word: string) => Promise<NamedCommand | undefined>): Declaration {
  return {
    forms: ['OBJECT [VERB]'],
    arguments: [
      {
        name: 'OBJECT',
        summary:
          'The object whose command it is, or a command without verbs; error: the object that reports a failure.',
      },
      { name: 'VERB', summary: 'The verb. Other words print a list of the schemas there are.' },
    ],
    details:
      'The document is of draft 2020-12. The definition output inside is what success prints with -j and -p, failure what ' +
      'goes with an exit status other than 0.',
    examples: [
      { line: 'tsbpftool schema map show', summary: 'Prints the schema of the list of maps.' },
      { line: 'tsbpftool -j schema error', summary: 'Prints the schema of a failure, on one line.' },
    ],
    load: async () => async (ctx, words) => {
      if (words.left === 0) fail(`expected an OBJECT and a VERB${available()}`);
      const word = words.next();
      // `error` is no command; a whole word only, so that abbreviations mean what they mean elsewhere.
      const object = word === 'error' ? { name: word } : await select(word);
      if (object === undefined) fail(`'${word}' is no object${available()}`);
      const verb = object.verbs && verbName(object.name, object.verbs, words.left > 0 ? words.next() : undefined);
      if (words.left > 0) words.unexpected();
      const schema = outputSchema(object.name, verb);
      if (schema === undefined)
        fail(`'${[object.name, verb].join(' ').trim()}' has no schema${available(object.name)}`);
      const pretty = ctx.json === undefined || ctx.json.pretty;
      const text = JSON.stringify(schema, undefined, pretty ? 4 : 0);
      if (ctx.json === undefined) ctx.print(`${text}\n`);
      else ctx.json.raw(text);
    },
  };
}

function verbName(object: string, verbs: CommandFamily['verbs'], word: string | undefined): string {
  if (word === undefined) fail(`expected a VERB after '${object}'${available(object)}`);
  return selectVerb(verbs, word)?.name ?? fail(`'${word}' is no verb of '${object}'${available(object)}`);
}

/** The commands that have a schema: those of one object, or all, a line for each object. */
function available(only?: string): string {
  const verbs = new Map<string, string[]>();
  for (const command of Object.keys(outputSchemas)) {
    const [object = '', verb] = command.split(' ');
    const known = verbs.get(object) ?? [];
    verbs.set(object, verb === undefined ? known : [...known, verb]);
  }
  const objects = only !== undefined && verbs.has(only) ? [only] : [...verbs.keys()];
  const lines = objects.map((object) => {
    const names = verbs.get(object)!;
    return `\n\t${object}${names.length === 0 ? '' : ` { ${names.join(' | ')} }`}`;
  });
  return `; there are schemas of:${lines.join('')}`;
}
