import { type Btf, type BtfType, references } from '../../btf/index.ts';

/** Types that are the value of none, or whose value is an address: what they refer to is not a part of it. */
const opaque: ReadonlySet<string> = new Set(['ptr', 'func', 'func_proto', 'decl_tag', 'fwd', 'void']);

/** The types that the values of others are made of, ascending. Throws ParseError for ids that are none. */
export function reachedTypes(btf: Btf, roots: readonly number[]): BtfType[] {
  const seen = new Set<number>(roots);
  const pending = [...seen];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const type = btf.mustType(id);
    if (opaque.has(type.kind)) continue;
    const inner = type.kind === 'array' ? [type.elementTypeId] : references(type);
    for (const other of inner) {
      if (seen.has(other)) continue;
      seen.add(other);
      pending.push(other);
    }
  }
  return [...seen]
    .filter((id) => id !== 0)
    .sort((a, b) => a - b)
    .map((id) => btf.mustType(id));
}
