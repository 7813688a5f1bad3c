import type { Btf } from './parse.ts';
import type { BtfFuncProto } from './types.ts';

/** The text did not fit, or a type has none. */
class NoText extends Error {}

/**
 * C-like text of a type, as the reference prints function signatures: `int handle(struct xdp_md * ctx)`.
 * Empty where the text would not fit `limit - 1` characters or a type has no such text.
 */
export function funcPrototype(btf: Btf, typeId: number, limit = 1024): string {
  return typeText(limit, (text) => text.type(btf, typeId, 0)) ?? '';
}

/** As `funcPrototype` for a func_proto without a name; undefined where it has no text. */
export function funcProtoText(btf: Btf, typeId: number, limit: number): string | undefined {
  const proto = btf.typeById(typeId);
  if (proto?.kind !== 'func_proto') return undefined;
  return typeText(limit, (text) => text.signature(btf, proto, undefined, 0));
}

function typeText(limit: number, write: (text: PrototypeText) => void): string | undefined {
  const text = new PrototypeText(limit);
  try {
    write(text);
  } catch (cause) {
    if (cause instanceof NoText) return undefined;
    throw cause;
  }
  return text.value;
}

class PrototypeText {
  value = '';
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  #put(text: string): void {
    this.value += text;
    if (this.value.length >= this.#limit) throw new NoText();
  }

  type(btf: Btf, id: number, depth: number): void {
    const type = btf.typeById(id);
    if (type === undefined || depth > 200) throw new NoText();
    switch (type.kind) {
      case 'void':
        return this.#put('void ');
      case 'int':
      case 'typedef':
      case 'float':
        return this.#put(`${type.name} `);
      case 'struct':
      case 'union':
        return this.#put(`${type.kind} ${type.name} `);
      case 'enum':
      case 'enum64':
        return this.#put(`enum ${type.name} `);
      case 'array':
        this.type(btf, type.elementTypeId, depth + 1);
        return this.#put(`[${type.length}]`);
      case 'ptr':
        this.type(btf, type.typeId, depth + 1);
        return this.#put('* ');
      case 'fwd':
        return this.#put(`${type.isUnion ? 'union' : 'struct'} ${type.name} `);
      case 'volatile':
      case 'const':
      case 'restrict':
        this.#put(`${type.kind} `);
        return this.type(btf, type.typeId, depth + 1);
      case 'func_proto':
        return this.signature(btf, type, undefined, depth + 1);
      case 'func': {
        const proto = btf.typeById(type.typeId);
        if (proto?.kind !== 'func_proto') throw new NoText();
        return this.signature(btf, proto, type.name, depth + 1);
      }
      case 'var':
        if (type.linkage === 0) this.#put('static ');
        this.type(btf, type.typeId, depth + 1);
        return this.#put(` ${type.name}`);
      case 'datasec':
        return this.#put(`section ("${type.name}") `);
      default:
        throw new NoText();
    }
  }

  signature(btf: Btf, proto: BtfFuncProto, name: string | undefined, depth: number): void {
    this.type(btf, proto.returnTypeId, depth);
    this.#put(`${name ?? ''}(`);
    for (const [i, param] of proto.params.entries()) {
      if (i > 0) this.#put(', ');
      if (param.typeId === 0) this.#put('...');
      else {
        this.type(btf, param.typeId, depth);
        if (param.name !== '') this.#put(param.name);
        else if (this.value.endsWith(' ')) this.value = this.value.slice(0, -1);
      }
    }
    this.#put(')');
  }
}
