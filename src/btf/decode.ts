import { elementSize, headWords, kindOfInfo, vlenOfInfo } from './records.ts';
import { type BtfType, kindNames } from './types.ts';

/**
 * The type whose record begins at `words[at]`. `str` gives the string at a string offset and may throw.
 * The record must lie within `words`, which the index of a parsed BTF guarantees.
 */
export function decodeType(words: Uint32Array, at: number, id: number, str: (offset: number) => string): BtfType {
  // Words of struct btf_type: name, info, then size or type id. Info: bit 31 the kind flag, bits 24 to 30 the kind,
  // bits 0 to 23 the count; older kernels use fewer of them.
  const info = words[at + 1]!;
  const sizeOrType = words[at + 2]!;
  const kindFlag = info >>> 31 === 1;
  const number = kindOfInfo(info);
  const count = vlenOfInfo(info);
  const tail = at + headWords;
  const kind = kindNames[number];
  const name = words[at] === 0 ? '' : str(words[at]!);
  const list = <T>(read: (index: number) => T): T[] => {
    const found: T[] = new Array(count);
    const size = elementSize(number);
    for (let i = 0; i < count; i++) found[i] = read(tail + i * size);
    return found;
  };
  switch (kind) {
    case 'int': {
      const data = words[tail]!;
      // BTF_INT_SIGNED, BTF_INT_CHAR, BTF_INT_BOOL.
      const encoding = (data >>> 24) & 0xf;
      return {
        kind,
        id,
        name,
        size: sizeOrType,
        bits: data & 0xff,
        bitOffset: (data >>> 16) & 0xff,
        signed: (encoding & 1) !== 0,
        char: (encoding & 2) !== 0,
        bool: (encoding & 4) !== 0,
      };
    }
    case 'array': {
      const [elementTypeId, indexTypeId, length] = [words[tail]!, words[tail + 1]!, words[tail + 2]!];
      return { kind, id, name, elementTypeId, indexTypeId, length };
    }
    case 'struct':
    case 'union': {
      const members = list((m) => {
        const where = words[m + 2]!;
        return {
          name: str(words[m]!),
          typeId: words[m + 1]!,
          // Bits from the start of the struct; with the kind flag the width of a bit-field is in the upper 8 (0:
          // none).
          bitOffset: kindFlag ? where & 0xff_ffff : where,
          bitSize: kindFlag ? where >>> 24 : 0,
        };
      });
      return { kind, id, name, size: sizeOrType, kindFlag, members };
    }
    case 'enum': {
      const values = list((m) => ({ name: str(words[m]!), value: kindFlag ? words[m + 1]! | 0 : words[m + 1]! }));
      return { kind, id, name, size: sizeOrType, signed: kindFlag, values };
    }
    case 'enum64': {
      const values = list((m) => {
        const value = (BigInt(words[m + 2]!) << 32n) | BigInt(words[m + 1]!);
        return { name: str(words[m]!), value: kindFlag ? BigInt.asIntN(64, value) : value };
      });
      return { kind, id, name, size: sizeOrType, signed: kindFlag, values };
    }
    case 'fwd':
      return { kind, id, name, isUnion: kindFlag };
    case 'func':
      // The count's place holds BTF_FUNC_STATIC, _GLOBAL or _EXTERN.
      return { kind, id, name, typeId: sizeOrType, linkage: count };
    case 'func_proto': {
      const params = list((m) => ({ name: str(words[m]!), typeId: words[m + 1]! }));
      return { kind, id, name, returnTypeId: sizeOrType, params };
    }
    case 'var':
      return { kind, id, name, typeId: sizeOrType, linkage: words[tail]! };
    case 'datasec': {
      const vars = list((m) => ({ typeId: words[m]!, offset: words[m + 1]!, size: words[m + 2]! }));
      return { kind, id, name, size: sizeOrType, vars };
    }
    case 'float':
      return { kind, id, name, size: sizeOrType };
    case 'decl_tag':
      // -1 for the type as a whole.
      return { kind, id, name, typeId: sizeOrType, kindFlag, componentIndex: words[tail]! | 0 };
    case undefined:
    case 'void':
    case 'unknown':
      // A kind that is newer than this program: its words are passed on as they are.
      return { kind: 'unknown', id, name, number, kindFlag, vlen: count, sizeOrType };
    default:
      return { kind, id, name, typeId: sizeOrType, kindFlag };
  }
}
