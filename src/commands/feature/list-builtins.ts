import { fail, type Handler, isPrefix, usage } from '../../cli/index.ts';
import { attachTypeName, helperName, linkTypeName, mapTypeName, progTypeName } from '../../uapi/index.ts';

/** In matching order: a word selects the first group that it abbreviates. */
const groups: Readonly<Record<string, (id: number) => string | undefined>> = {
  prog_types: progTypeName,
  map_types: mapTypeName,
  attach_types: attachTypeName,
  link_types: linkTypeName,
  helpers: (id) => {
    const name = helperName(id);
    return name === undefined ? undefined : `bpf_${name}`;
  },
};

/** `feature list_builtins GROUP`: the names that this program knows, whatever the running kernel does. */
export const listBuiltins: Handler = (ctx, words) => {
  if (words.left === 0) usage();
  const group = Object.keys(groups).find((name) => isPrefix(words.peek(), name));
  if (group === undefined) {
    const [last, ...others] = Object.keys(groups).reverse();
    const expected = others.reverse().map((name) => `'${name}'`);
    fail(`expected ${expected.join(', ')} or '${last}', got: ${words.peek()}`);
  }
  const nameOf = groups[group]!;
  ctx.json?.startArray();
  for (let id = 0; ; id++) {
    const name = nameOf(id);
    if (name === undefined) break;
    if (ctx.json === undefined) ctx.print(`${name}\n`);
    else ctx.json.string(name);
  }
  ctx.json?.endArray();
};
