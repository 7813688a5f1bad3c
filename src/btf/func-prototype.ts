import type { Btf } from './parse.ts';
import type { BtfFuncProto } from './types.ts';

/** The text did not fit, or a type has none. */
class NoText extends Error {}

/**
 * C-like text of a type, as the reference prints function signatures: `int handle(struct xdp_md * ctx)`. Empty
 * where the text would not fit `limit - 1` characters or a type has no such text. Source: btf_dumper_type_only of
 * bpftool's src/btf_dumper.c; 1024 is the size of its callers' buffer, NUL included.
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
    // BTF from a damaged file may lead in circles.
    if (type === undefined || depth > 200) throw new NoText();
    switch (type.kind) {
      case 'void':
        this.#put('void ');
        break;
      case 'int':
      case 'typedef':
      case 'float':
        this.#put(`${type.name} `);
        break;
      case 'struct':
      case 'union':
        this.#put(`${type.kind} ${type.name} `);
        break;
      case 'enum':
      case 'enum64':
        this.#put(`enum ${type.name} `);
        break;
      case 'array':
        this.type(btf, type.elementTypeId, depth + 1);
        this.#put(`[${type.length}]`);
        break;
      case 'ptr':
        this.type(btf, type.typeId, depth + 1);
        this.#put('* ');
        break;
      case 'fwd':
        this.#put(`${type.isUnion ? 'union' : 'struct'} ${type.name} `);
        break;
      case 'volatile':
      case 'const':
      case 'restrict':
        // In the order of the chain of types: a constant pointer reads like a pointer to a constant.
        this.#put(`${type.kind} `);
        this.type(btf, type.typeId, depth + 1);
        break;
      case 'func_proto':
        this.signature(btf, type, undefined, depth + 1);
        break;
      case 'func': {
        const proto = btf.typeById(type.typeId);
        if (proto?.kind !== 'func_proto') throw new NoText();
        this.signature(btf, proto, type.name, depth + 1);
        break;
      }
      case 'var':
        if (type.linkage === 0) this.#put('static ');
        this.type(btf, type.typeId, depth + 1);
        this.#put(` ${type.name}`);
        break;
      case 'datasec':
        this.#put(`section ("${type.name}") `);
        break;
      default:
        throw new NoText();
    }
  }

  signature(btf: Btf, proto: BtfFuncProto, name: string | undefined, depth: number): void {
    this.type(btf, proto.returnTypeId, depth);
    this.#put(`${name ?? ''}(`);
    for (const [i, param] of proto.params.entries()) {
      if (i > 0) this.#put(', ');
      // `...` is a parameter of type 0.
      if (param.typeId === 0) this.#put('...');
      else {
        this.type(btf, param.typeId, depth);
        if (param.name !== '') this.#put(param.name);
        // A parameter without a name: the blank behind its type goes.
        else if (this.value.endsWith(' ')) this.value = this.value.slice(0, -1);
      }
    }
    this.#put(')');
  }
}
