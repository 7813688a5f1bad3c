import { UsageError } from '../errors/index.ts';
import { type BtfImage, isComposite, Kind } from './btf-image.ts';
import type { ObjectSpec, VariableSpec } from './spec.ts';

/** A value as JSON has it; 64-bit numbers may be bigint or text. */
export type VariableValue = unknown;

/**
 * First contents of the maps of global data with some variables changed, by index of the map: for LoadOptions.contents.
 * Values are checked against the variables' types: numbers must fit, enumerators may be named, structs take some or all
 * of their members, char arrays take text. UsageError says which part of which variable is wrong.
 */
export function variableContents(
  spec: ObjectSpec,
  values: Readonly<Record<string, VariableValue>>,
): Map<number, Uint8Array> {
  const contents = new Map<number, Uint8Array>();
  for (const [name, value] of Object.entries(values)) {
    const variable = findVariable(spec, name);
    const map = spec.maps[variable.map]!;
    let bytes = contents.get(variable.map);
    if (!bytes) {
      bytes = map.initialValue?.slice() ?? new Uint8Array(map.valueSize);
      contents.set(variable.map, bytes);
    }
    const at = { offset: variable.offset, size: variable.size };
    new Encoder(spec.btf!, bytes, spec.littleEndian).write(variable.typeId, at, value, name);
  }
  return contents;
}

function findVariable(spec: ObjectSpec, name: string): VariableSpec {
  const found = spec.variables.filter((variable) => variable.name === name);
  const [variable] = found;
  if (!variable) throw new UsageError(`the object has no global variable '${name}'`);
  if (found.length > 1) throw new UsageError(`the object has several global variables '${name}'`);
  return variable;
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

class Encoder {
  readonly #btf: BtfImage;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;

  constructor(btf: BtfImage, bytes: Uint8Array, littleEndian: boolean) {
    this.#btf = btf;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#littleEndian = littleEndian;
  }

  write(typeId: number, place: Place, value: unknown, path: string): void {
    const btf = this.#btf;
    const id = btf.resolve(typeId);
    const kind = btf.kind(id);
    if (place.offset + (btf.sizeOf(id) ?? 0) > this.#bytes.length)
      throw new UsageError(`${path}: lies outside its section`);
    switch (kind) {
      case Kind.INT: {
        const { signed, bool } = btf.intEncoding(id);
        const number = typeof value === 'boolean' ? BigInt(value) : integer(value, path);
        if (bool && number !== 0n && number !== 1n) throw new UsageError(`${path}: ${number} is not a boolean`);
        this.#number(place.offset, { size: btf.size(id), signed }, number, path);
        break;
      }
      case Kind.ENUM:
      case Kind.ENUM64: {
        const number = typeof value === 'string' ? this.#enumerator(id, value, path) : integer(value, path);
        this.#number(place.offset, { size: btf.size(id), signed: btf.kindFlag(id) }, number, path);
        break;
      }
      case Kind.FLOAT:
        if (typeof value !== 'number') throw new UsageError(`${path}: expected a number`);
        if (btf.size(id) === 4) this.#view.setFloat32(place.offset, value, this.#littleEndian);
        else if (btf.size(id) === 8) this.#view.setFloat64(place.offset, value, this.#littleEndian);
        else throw new UsageError(`${path}: a float of ${btf.size(id)} bytes cannot be set`);
        break;
      case Kind.ARRAY:
        this.#array(id, place, value, path);
        break;
      case Kind.STRUCT:
      case Kind.UNION:
        this.#composite(id, place, value, path);
        break;
      default:
        throw new UsageError(`${path}: a ${btf.kindName(id)} cannot be set`);
    }
  }

  #number(offset: number, type: { size: number; signed: boolean }, value: bigint, path: string): void {
    const bits = BigInt(type.size * 8);
    const [low, high] = type.signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
    if (value < low || value > high) throw new UsageError(`${path}: ${value} is outside ${low} to ${high}`);
    for (let index = 0; index < type.size; index++) {
      const shift = BigInt(8 * (this.#littleEndian ? index : type.size - 1 - index));
      this.#bytes[offset + index] = Number((value >> shift) & 0xffn);
    }
  }

  #enumerator(id: number, name: string, path: string): bigint {
    for (let index = 0; index < this.#btf.vlen(id); index++) {
      const enumerator = this.#btf.enumValue(id, index);
      if (enumerator.name === name) return enumerator.value;
    }
    if (/^-?\d+$/.test(name)) return BigInt(name);
    throw new UsageError(`${path}: '${name}' is no value of enum ${this.#btf.name(id)}`);
  }

  #array(id: number, place: Place, value: unknown, path: string): void {
    const { elementTypeId, length } = this.#btf.array(id);
    const element = this.#btf.resolve(elementTypeId);
    const size = this.#btf.sizeOf(element) ?? 0;
    if (typeof value === 'string' && this.#btf.kind(element) === Kind.INT && size === 1) {
      const text = Buffer.from(value);
      if (text.length > length) throw new UsageError(`${path}: text of ${text.length} bytes for ${length}`);
      this.#bytes.fill(0, place.offset, place.offset + length);
      this.#bytes.set(text, place.offset);
      return;
    }
    if (!Array.isArray(value)) throw new UsageError(`${path}: expected an array`);
    if (value.length > length) throw new UsageError(`${path}: ${value.length} elements for ${length}`);
    for (const [index, item] of value.entries()) {
      this.write(elementTypeId, { offset: place.offset + index * size, size }, item, `${path}[${index}]`);
    }
  }

  #composite(id: number, place: Place, value: unknown, path: string): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new UsageError(`${path}: expected an object`);
    }
    for (const [name, item] of Object.entries(value)) {
      const member = this.#member(id, name, 0, 0);
      if (!member) throw new UsageError(`${path}: ${this.#btf.kindName(id)} has no member '${name}'`);
      if (member.isBits) throw new UsageError(`${path}.${name}: a bit-field cannot be set`);
      const size = this.#btf.sizeOf(member.typeId) ?? 0;
      this.write(member.typeId, { offset: place.offset + member.offset, size }, item, `${path}.${name}`);
    }
  }

  #member(
    id: number,
    name: string,
    base: number,
    depth: number,
  ): { typeId: number; offset: number; isBits: boolean } | undefined {
    for (const member of this.#btf.members(id)) {
      const offset = base + member.bitOffset / 8;
      if (member.name === name) return { typeId: member.typeId, offset, isBits: member.bitSize > 0 };
      const inner = this.#btf.resolve(member.typeId);
      if (member.name !== '' || !isComposite(this.#btf.kind(inner)) || depth > 16) continue;
      const found = this.#member(inner, name, offset, depth + 1);
      if (found) return found;
    }
    return undefined;
  }
}

function integer(value: unknown, path: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?(0[xX][0-9a-fA-F]+|\d+)$/.test(value)) {
    return value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value);
  }
  throw new UsageError(`${path}: expected a whole number`);
}
