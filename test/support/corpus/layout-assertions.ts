// What a C compiler must find of the structs and unions of a BTF when it compiles their C dump, as C.
import type { Btf, BtfComposite } from '../../../src/btf/index.ts';
import { CDefinitions } from '../../../src/btf/c/define.ts';
import { sortForC } from '../../../src/btf/c/sort.ts';

export interface LayoutAssertions {
  readonly text: string;
  /** Sizes and member offsets that are asserted. */
  readonly sizes: number;
  readonly members: number;
  /** Bit-fields, whose offset C does not tell. */
  readonly bitFields: number;
}

/**
 * `_Static_assert`s on the size of every struct and union that has a name, or a typedef, and on the offset of every member
 * that is no bit-field, also within anonymous members and arrays of anonymous structs. Of split BTF only its own types.
 * Names are those of the sorted dump, where equal names got numbers.
 */
export function layoutAssertions(btf: Btf): LayoutAssertions {
  const { names } = dumped(btf).declarations;
  const lines: string[] = [];
  const counts = { sizes: 0, members: 0, bitFields: 0 };
  const assert = (what: string, value: number) => lines.push(`_Static_assert(${what} == ${value}, "${what}");`);

  const offsets = (type: BtfComposite, name: string, path: string, base: number) => {
    for (const member of type.members) {
      if (member.bitSize > 0) {
        counts.bitFields++;
        continue;
      }
      const bits = base + member.bitOffset;
      const inner = anonymousComposite(btf, member.typeId);
      const place = path + member.name;
      if (member.name !== '') {
        counts.members++;
        assert(`__builtin_offsetof(${name}, ${place})`, bits / 8);
      }
      if (inner === undefined) continue;
      if (member.name === '') offsets(inner.type, name, path, bits);
      else if (!inner.empty) offsets(inner.type, name, `${place}${'[0]'.repeat(inner.dimensions)}.`, bits);
    }
  };
  for (let id = btf.firstId; id <= btf.typeCount; id++) {
    const type = btf.mustType(id);
    let name: string;
    let composite: BtfComposite;
    if ((type.kind === 'struct' || type.kind === 'union') && type.name !== '') {
      name = `${type.kind} ${names.tag(id)}`;
      composite = type;
    } else if (type.kind === 'typedef') {
      const inner = anonymousComposite(btf, type.typeId);
      if (inner === undefined || inner.dimensions > 0) continue;
      name = names.identifier(id);
      composite = inner.type;
    } else continue;
    counts.sizes++;
    assert(`sizeof(${name})`, composite.size);
    offsets(composite, name, '', 0);
  }
  return { text: `${lines.join('\n')}\n`, ...counts };
}

/** The dump's own state once all is written, which knows what each type was called. */
function dumped(btf: Btf): CDefinitions {
  const definitions = new CDefinitions(
    btf,
    () => {},
    () => {},
  );
  for (const id of sortForC(btf)) definitions.add(id);
  return definitions;
}

/** The anonymous struct or union that a type is, or is an array of, behind qualifiers. */
function anonymousComposite(
  btf: Btf,
  id: number,
): { type: BtfComposite; dimensions: number; empty: boolean } | undefined {
  let dimensions = 0;
  let empty = false;
  for (let type = btf.mustType(id); ; ) {
    switch (type.kind) {
      case 'struct':
      case 'union':
        return type.name === '' ? { type, dimensions, empty } : undefined;
      case 'array':
        dimensions++;
        empty ||= type.length === 0;
        type = btf.mustType(type.elementTypeId);
        break;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        type = btf.mustType(type.typeId);
        break;
      default:
        return undefined;
    }
  }
}
