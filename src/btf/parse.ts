import { cstr, decodeUtf8 } from '../bytes/index.ts';
import { ParseError } from '../errors/index.ts';
import { type BtfKind, type BtfType, kindNames } from './types.ts';

const magic = 0xeb9f;
const minHeader = 24;
const maxTypes = 0x7fffffff;

/** Bytes after the 12-byte record: a fixed part plus a part per element, by kind. */
const fixedTail = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
const elementTail = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];

const voidType: BtfType = { kind: 'void', id: 0, name: 'void' };

/** A parsed BTF blob. Types are decoded when asked for. A split BTF continues the ids and strings of `base`. */
export class Btf {
  readonly littleEndian: boolean;
  readonly base: Btf | undefined;
  /** The blob itself. */
  readonly bytes: Uint8Array;
  /** Number of types without void, those of the base included: ids are 1…typeCount. */
  readonly typeCount: number;
  /** Id of the first type that is not the base's. */
  readonly firstId: number;
  /** Where type records and strings lie in `bytes`. */
  readonly typesStart: number;
  readonly stringsStart: number;
  readonly stringsSize: number;
  readonly #firstString: number;
  readonly #view: DataView;
  readonly #offsets: Uint32Array;
  readonly #types: (BtfType | undefined)[] = [];
  #byName: Map<string, number[]> | undefined;
  #ascii: string | null | undefined;

  constructor(bytes: Uint8Array, options: { base?: Btf | undefined } = {}) {
    this.bytes = bytes;
    this.base = options.base;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < minHeader) throw bad(0, `a header of ${minHeader} bytes, ${bytes.length} there`);
    const little = this.#view.getUint16(0, true);
    if (little === magic) this.littleEndian = true;
    else if (this.#view.getUint16(0, false) === magic) this.littleEndian = false;
    else throw bad(0, `magic 0x${magic.toString(16)}, not 0x${little.toString(16)}`);
    if (bytes[2] !== 1) throw bad(2, `version 1, not ${bytes[2]}`);
    const headerSize = this.#u32(4);
    if (headerSize < minHeader || headerSize > bytes.length)
      throw bad(4, `a header length within the data, not ${headerSize}`);
    const [typeOff, typeSize, strOff, strSize] = [this.#u32(8), this.#u32(12), this.#u32(16), this.#u32(20)];
    if (typeOff % 4 !== 0) throw bad(8, 'a type section aligned to 4 bytes');
    this.typesStart = headerSize + typeOff;
    this.stringsStart = headerSize + strOff;
    this.stringsSize = strSize;
    if (this.typesStart + typeSize > bytes.length) throw bad(12, `types within ${bytes.length} bytes`);
    if (this.stringsStart + strSize > bytes.length) throw bad(20, `strings within ${bytes.length} bytes`);
    const stringsEnd = this.stringsStart + strSize;
    if (strSize === 0 ? this.base === undefined : bytes[stringsEnd - 1] !== 0) {
      throw bad(stringsEnd, 'strings that end with a NUL');
    }
    if (this.base === undefined && bytes[this.stringsStart] !== 0)
      throw bad(this.stringsStart, 'an empty first string');
    this.#firstString = this.base === undefined ? 0 : this.base.stringEnd;
    this.firstId = this.base === undefined ? 1 : this.base.typeCount + 1;
    this.#offsets = this.#index(this.typesStart, this.typesStart + typeSize);
    this.typeCount = this.firstId - 1 + this.#offsets.length;
  }

  /** One past the last string offset, base included. */
  get stringEnd(): number {
    return this.#firstString + this.stringsSize;
  }

  /** The type with this id, or undefined where there is none. Throws ParseError where its record is damaged. */
  typeById(id: number): BtfType | undefined {
    if (id === 0) return voidType;
    if (id < this.firstId) return this.base?.typeById(id);
    const index = id - this.firstId;
    const known = this.#types[index];
    if (known !== undefined) return known;
    const offset = this.#offsets[index];
    if (offset === undefined) return undefined;
    const type = this.#decode(id, offset);
    this.#types[index] = type;
    return type;
  }

  /** As `typeById`, but an id without a type is a ParseError. */
  mustType(id: number): BtfType {
    const type = this.typeById(id);
    if (type === undefined) throw bad(0, `type ${id}, there are ${this.typeCount}`);
    return type;
  }

  /** The string at a string offset. Throws ParseError outside the section. */
  str(offset: number): string {
    if (offset < this.#firstString) return this.base!.str(offset);
    const at = offset - this.#firstString;
    if (at >= this.stringsSize && !(at === 0 && offset === 0)) {
      throw bad(this.stringsStart, `a string offset below ${this.stringEnd}, not ${offset}`);
    }
    if (this.#ascii === undefined) this.#ascii = this.#decodeStrings();
    if (this.#ascii === null) {
      return cstr(this.bytes.subarray(this.stringsStart + at, this.stringsStart + this.stringsSize));
    }
    const end = this.#ascii.indexOf('\0', at);
    return this.#ascii.slice(at, end < 0 ? undefined : end);
  }

  /** All strings as one text, of which names are slices; null where bytes beyond ASCII would shift the offsets. */
  #decodeStrings(): string | null {
    const text = decodeUtf8(this.bytes, this.stringsStart, this.stringsStart + this.stringsSize);
    return text.length === this.stringsSize && !text.includes('\ufffd') ? text : null;
  }

  /** The first type with this name (of this kind), own types before the base's. */
  findByName(name: string, kind?: BtfKind): BtfType | undefined {
    for (const id of this.idsByName(name)) {
      const type = this.typeById(id)!;
      if (kind === undefined || type.kind === kind) return type;
    }
    return this.base?.findByName(name, kind);
  }

  /** Ids of this blob's own types with this name, ascending. */
  idsByName(name: string): readonly number[] {
    this.#byName ??= this.#indexNames();
    return this.#byName.get(name) ?? [];
  }

  /** Offset of a type's record within `bytes`; own types only. */
  recordOffset(id: number): number | undefined {
    return this.#offsets[id - this.firstId];
  }

  *types(): Generator<BtfType> {
    for (let id = 1; id <= this.typeCount; id++) yield this.mustType(id);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.littleEndian);
  }

  #index(start: number, end: number): Uint32Array {
    let offsets = new Uint32Array(Math.max(16, Math.ceil((end - start) / 24)));
    let count = 0;
    for (let at = start; at < end; ) {
      if (at + 12 > end) throw bad(at, 'a whole type record');
      const info = this.#u32(at + 4);
      const kind = (info >>> 24) & 0x1f;
      if (kind === 0 || kind >= kindNames.length) {
        throw bad(
          at,
          `a known kind, not ${kind} (type id ${this.firstId + count}; made by a newer compiler or kernel)`,
        );
      }
      if (count === offsets.length) {
        const larger = new Uint32Array(count * 2);
        larger.set(offsets);
        offsets = larger;
      }
      offsets[count++] = at;
      at += 12 + fixedTail[kind]! + elementTail[kind]! * (info & 0xffff);
      if (at > end) throw bad(at, `type ${this.firstId + count - 1} to end within the type section`);
    }
    if (this.firstId + count > maxTypes) throw bad(start, `fewer than ${maxTypes} types`);
    return offsets.subarray(0, count);
  }

  #indexNames(): Map<string, number[]> {
    const map = new Map<string, number[]>();
    for (let index = 0; index < this.#offsets.length; index++) {
      const nameOffset = this.#u32(this.#offsets[index]!);
      if (nameOffset === 0) continue;
      const name = this.str(nameOffset);
      const ids = map.get(name);
      if (ids === undefined) map.set(name, [this.firstId + index]);
      else ids.push(this.firstId + index);
    }
    return map;
  }

  #decode(id: number, at: number): BtfType {
    const nameOffset = this.#u32(at);
    const name = nameOffset === 0 ? '' : this.str(nameOffset);
    const info = this.#u32(at + 4);
    const sizeOrType = this.#u32(at + 8);
    const kind = kindNames[(info >>> 24) & 0x1f]!;
    const kindFlag = info >>> 31 === 1;
    const count = info & 0xffff;
    const tail = at + 12;
    switch (kind) {
      case 'int': {
        const data = this.#u32(tail);
        const encoding = (data >>> 24) & 0xf;
        return {
          kind, id, name, size: sizeOrType, bits: data & 0xff, bitOffset: (data >>> 16) & 0xff,
          signed: (encoding & 1) !== 0, char: (encoding & 2) !== 0, bool: (encoding & 4) !== 0,
        }; // biome-ignore format: one record
      }
      case 'array':
        return {
          kind,
          id,
          name,
          elementTypeId: this.#u32(tail),
          indexTypeId: this.#u32(tail + 4),
          length: this.#u32(tail + 8),
        };
      case 'struct':
      case 'union':
        return {
          kind, id, name, size: sizeOrType, kindFlag,
          members: this.#list(tail, count, 12, (m) => {
            const where = this.#u32(m + 8);
            return {
              name: this.str(this.#u32(m)),
              typeId: this.#u32(m + 4),
              bitOffset: kindFlag ? where & 0xffffff : where,
              bitSize: kindFlag ? where >>> 24 : 0,
            };
          }),
        }; // biome-ignore format: one record
      case 'enum':
        return {
          kind, id, name, size: sizeOrType, signed: kindFlag,
          values: this.#list(tail, count, 8, (m) => ({
            name: this.str(this.#u32(m)),
            value: kindFlag ? this.#view.getInt32(m + 4, this.littleEndian) : this.#u32(m + 4),
          })),
        }; // biome-ignore format: one record
      case 'enum64':
        return {
          kind, id, name, size: sizeOrType, signed: kindFlag,
          values: this.#list(tail, count, 12, (m) => {
            const value = (BigInt(this.#u32(m + 8)) << 32n) | BigInt(this.#u32(m + 4));
            return { name: this.str(this.#u32(m)), value: kindFlag ? BigInt.asIntN(64, value) : value };
          }),
        }; // biome-ignore format: one record
      case 'fwd':
        return { kind, id, name, isUnion: kindFlag };
      case 'func':
        return { kind, id, name, typeId: sizeOrType, linkage: count };
      case 'func_proto':
        return {
          kind, id, name, returnTypeId: sizeOrType,
          params: this.#list(tail, count, 8, (m) => ({ name: this.str(this.#u32(m)), typeId: this.#u32(m + 4) })),
        }; // biome-ignore format: one record
      case 'var':
        return { kind, id, name, typeId: sizeOrType, linkage: this.#u32(tail) };
      case 'datasec':
        return {
          kind, id, name, size: sizeOrType,
          vars: this.#list(tail, count, 12, (m) => ({ typeId: this.#u32(m), offset: this.#u32(m + 4), size: this.#u32(m + 8) })),
        }; // biome-ignore format: one record
      case 'float':
        return { kind, id, name, size: sizeOrType };
      case 'decl_tag':
        return {
          kind,
          id,
          name,
          typeId: sizeOrType,
          kindFlag,
          componentIndex: this.#view.getInt32(tail, this.littleEndian),
        };
      case 'void':
        throw bad(at, 'a kind above 0');
      default:
        return { kind, id, name, typeId: sizeOrType, kindFlag };
    }
  }

  #list<T>(start: number, count: number, size: number, read: (at: number) => T): T[] {
    const list = new Array<T>(count);
    for (let i = 0; i < count; i++) list[i] = read(start + i * size);
    return list;
  }
}

/**
 * Parses raw BTF (the content of a `.BTF` section or of /sys/kernel/btf/NAME), either byte order.
 * `base` is what a split BTF (a kernel module's) continues. Throws ParseError. Source: Linux Documentation/bpf/btf.rst.
 */
export function parseBtf(bytes: Uint8Array, options: { base?: Btf | undefined } = {}): Btf {
  return new Btf(bytes, options);
}

function bad(offset: number, expectation: string): ParseError {
  return new ParseError('BTF', offset, `expected ${expectation}`);
}
