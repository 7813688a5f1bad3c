import { type CommandFamily, fail, selectVerb, type StandaloneCommand } from '../../cli/index.ts';
import { outputSchema, outputSchemas } from './all.ts';

/** An object of the command line: its whole name, and its verbs where it has any. */
export interface NamedObject {
  readonly name: string;
  readonly verbs?: CommandFamily['verbs'];
}

/** `schema OBJECT [VERB]`: the JSON Schema of what that command prints. Words may be abbreviated as in the command. */
export function schemaCommand(select: (word: string) => Promise<NamedObject | undefined>): StandaloneCommand {
  return {
    async run(ctx, words) {
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
      return 0;
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
