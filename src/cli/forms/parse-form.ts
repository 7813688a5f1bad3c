/** What may follow a verb, as a tree. */
export type Form =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'value'; readonly value: ValuePlace }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Form[] }
  /** In any order, each at most once unless it repeats. */
  | { readonly kind: 'options'; readonly parts: readonly { readonly form: Form; readonly repeats: boolean }[] }
  /** Once or more. */
  | { readonly kind: 'repeat'; readonly part: Form };

/** A place that the caller fills in: `MAP_ID`. */
export interface ValuePlace {
  readonly name: string;
  /** The defined word it stands in, `MAP` for the FILE of `pinned FILE`; '' outside. */
  readonly within: string;
  /** The fixed words that may stand before it: `dev`. */
  readonly after: readonly string[];
}

/** Deeper nesting of definitions than any usage text has. */
const deepest = 8;

/** Reads forms with the definitions of the words in capitals. */
export class FormParser {
  readonly #definitions: ReadonlyMap<string, string>;

  constructor(definitions: ReadonlyMap<string, string>) {
    this.#definitions = definitions;
  }

  parse(text: string): Form {
    return this.#parse(text, '', 0);
  }

  #parse(text: string, within: string, depth: number): Form {
    const tokens = text.match(/\.\.\.|[[\]{}|]|(?:(?!\.\.\.)[^\s[\]{}|])+/g) ?? [];
    let at = 0;
    const choice = (end?: string): Form => {
      const parts = [sequence(end)];
      while (tokens[at] === '|') {
        at++;
        parts.push(sequence(end));
      }
      return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
    };
    const sequence = (end?: string): Form => {
      const parts: Item[] = [];
      while (at < tokens.length && tokens[at] !== '|' && tokens[at] !== end) parts.push(item(parts.at(-1)?.form));
      return inOrder(parts);
    };
    const item = (before: Form | undefined): Item => {
      const token = tokens[at++]!;
      const optional = token === '[';
      let form: Form;
      if (optional || token === '{') {
        const close = optional ? ']' : '}';
        form = choice(close);
        // A brace that the text leaves open ends with it.
        if (tokens[at] === close) at++;
      } else if (/^[A-Z<]/.test(token)) form = this.#value(token, { within, after: lastWords(before), depth });
      else form = { kind: 'word', text: token };
      const repeats = tokens[at] === '...';
      if (repeats) at++;
      return { form: repeats && !optional ? { kind: 'repeat', part: form } : form, optional, repeats };
    };
    return choice();
  }

  #value(name: string, place: Pick<ValuePlace, 'within' | 'after'> & { depth: number }): Form {
    const definition = this.#definitions.get(name);
    if (definition !== undefined && place.depth < deepest) return this.#parse(definition, name, place.depth + 1);
    if (name === 'BYTES') return { kind: 'repeat', part: value('BYTE', place) };
    const single = this.#definitions.get(name.replace(/s$/, ''));
    if (single === undefined) return value(name, place);
    const each = this.#parse(single, name, place.depth + 1);
    const parts = each.kind === 'choice' ? each.parts : [each];
    return { kind: 'options', parts: parts.map((form) => ({ form, repeats: false })) };
  }
}

interface Item {
  readonly form: Form;
  readonly optional: boolean;
  readonly repeats: boolean;
}

const value = (name: string, { within, after }: Pick<ValuePlace, 'within' | 'after'>): Form => ({
  kind: 'value',
  value: { name, within, after },
});

/** Parts that may be left out, one beside the other, stand in any order. */
function inOrder(items: readonly Item[]): Form {
  const parts: Form[] = [];
  for (let i = 0; i < items.length; ) {
    if (!items[i]!.optional) {
      parts.push(items[i++]!.form);
      continue;
    }
    const group: Item[] = [];
    while (items[i]?.optional) group.push(items[i++]!);
    parts.push({ kind: 'options', parts: group.flatMap(alternatives) });
  }
  return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
}

/** `[[a] [b]]` is `[a] [b]`. */
const alternatives = ({ form, repeats }: Item) => (form.kind === 'options' ? form.parts : [{ form, repeats }]);

function lastWords(form: Form | undefined): string[] {
  if (form?.kind === 'word') return [form.text];
  return form?.kind === 'choice' ? form.parts.flatMap(lastWords) : [];
}
