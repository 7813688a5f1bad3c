import {
  type Btf,
  BtfBuilder,
  type BtfValue,
  compileValueDecoder,
  compileValueEncoder,
  type JsonSchema,
  type JsonSchemaOptions,
  jsonSchemaFor,
  parseBtf,
  parseJsonValue,
  pieceBytes,
  type ReadValue,
  sizeOf,
  type ValueDecoder,
  type ValueEncoder,
  valueLayout,
  valueReader,
  type ValueText,
  valueText,
} from '../btf/index.ts';
import { alignUp, hostIsLittleEndian } from '../bytes/index.ts';
import { NotSupportedError, UsageError } from '../errors/index.ts';
import { possibleCpus } from '../host/index.ts';
import type { Kernel } from '../sys/index.ts';
import { mapType, isPerCpu } from '../uapi/index.ts';
import { type ElementTypes, elementTypes } from './element-types.ts';
import type { MapInfo } from '../bpf/index.ts';
import { prefixKey } from './prefix-key.ts';

/** A key or value in JavaScript: by its BTF type, bytes where there is none, one for each CPU of a per-CPU map. */
export type ElementValue = BtfValue | Uint8Array | ElementValue[];

/** One half of an element between bytes and JavaScript, or JSON text in pieces. Sizes in bytes. */
export interface HalfCodec extends ValueText {
  /** As the kernel copies it: all CPUs of a per-CPU value. */
  readonly size: number;
  readonly decode: (bytes: Uint8Array, at?: number) => ElementValue;
  /** UsageError names the path of what does not fit. `view` is of the same memory. */
  readonly into: (value: unknown, bytes: Uint8Array, view: DataView, at: number) => void;
  readonly encode: (value: unknown) => Uint8Array;
  readonly read: ReadValue;
  readonly schema: (options?: JsonSchemaOptions) => JsonSchema;
  /** Of a per-CPU value: the codec of one CPU's, and that of all made of another. */
  readonly single?: HalfCodec;
  readonly ofEachCpu?: (single: HalfCodec) => HalfCodec;
  /** Where it takes texts of its own: the value that its schema is about. */
  readonly withoutTexts?: (value: unknown) => unknown;
}

/** The type of keys or values. */
export interface HalfType {
  readonly btf: Btf;
  readonly typeId: number;
}

/** Keys and values of one map between bytes and JavaScript. */
export class ElementCodec {
  readonly key: HalfCodec;
  readonly value: HalfCodec;

  constructor(key: HalfCodec, value: HalfCodec) {
    this.key = key;
    this.value = value;
  }

  /**
   * The JSON Schema (draft 2020-12) of an element: `{key, value}`, without a key for maps that have none. Either may be
   * given by its bytes instead: `key_hex`, `value_hex`.
   */
  schema(options: JsonSchemaOptions = {}): JsonSchema {
    const halves: [name: string, half: HalfCodec][] = [['value', this.value]];
    if (this.key.size > 0) halves.unshift(['key', this.key]);
    const properties: Record<string, unknown> = {};
    for (const [name, half] of halves) {
      const { $schema: _, ...typed } = half.schema(options);
      properties[name] = typed;
      properties[`${name}_hex`] = {
        title: `all bytes of the ${name}`,
        type: 'string',
        pattern: `^([0-9a-fA-F]{2}){${half.size}}$`,
      };
    }
    return {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties,
      allOf: halves.map(([name]) => ({ oneOf: [{ required: [name] }, { required: [`${name}_hex`] }] })),
      additionalProperties: false,
    };
  }
}

/**
 * The codec of a map. Throws NotSupportedError for maps whose values refer to other objects, SyscallError and
 * ParseError where its BTF cannot be had.
 */
export function elementCodec(kernel: Kernel, info: MapInfo): ElementCodec {
  if (mapType(info.type)?.holds !== undefined) {
    throw new NotSupportedError('typed values of a map that holds programs or maps');
  }
  const types = elementTypes(kernel, info);
  if (types === undefined) return codecOfTypes(kernel, info, {});
  const { btf, keyTypeId, valueTypeId } = types;
  const key = isDataSection(types) ? indexType() : { btf, typeId: keyTypeId };
  return codecOfTypes(kernel, info, { key, value: { btf, typeId: valueTypeId } });
}

/**
 * The codec of a map whose elements are taken to be of these types; without a type they are bytes. Values that are other
 * objects are their ids. UsageError for a type of another size.
 */
export function codecOfTypes(
  kernel: Kernel,
  info: MapInfo,
  types: { readonly key?: HalfType | undefined; readonly value?: HalfType | undefined },
): ElementCodec {
  const plain = halfOf(types.key, info.keySize, 'key');
  const key = mapType(info.type)?.isTrie ? withPrefixes(plain) : plain;
  const holds = mapType(info.type)?.holds !== undefined;
  const value = halfOf(holds ? indexType() : types.value, info.valueSize, 'value');
  return new ElementCodec(key, isPerCpu(info.type) ? perCpu(value, possibleCpus(kernel)) : value);
}

/** The codec of the keys of a map whose values refer to other objects: by their type, or as numbers where they have that width. */
export function keyCodec(info: MapInfo, type?: HalfType): HalfCodec {
  return halfOf(type ?? (info.keySize === 4 ? indexType() : undefined), info.keySize, 'key');
}

/** Keys of tries may be prefixes as text: `10.0.0.0/8`, `2001:db8::/32`. */
function withPrefixes(key: HalfCodec): HalfCodec {
  const bytesOf = (text: string): Uint8Array => {
    const bytes = prefixKey(text);
    if (bytes.length === key.size) return bytes;
    throw new UsageError(`key: '${text}' takes ${bytes.length} bytes, the map's keys have ${key.size}`);
  };
  return {
    ...key,
    encode: (value) => (typeof value === 'string' ? bytesOf(value) : key.encode(value)),
    into: (value, bytes, view, at) => {
      if (typeof value === 'string') bytes.set(bytesOf(value), at);
      else key.into(value, bytes, view, at);
    },
  };
}

/** Global data: an array of one element, whose key is its index though its BTF gives it no type. */
function isDataSection({ btf, keyTypeId, valueTypeId }: ElementTypes): boolean {
  return keyTypeId === 0 && btf.typeById(valueTypeId)?.kind === 'datasec';
}

/** The type of an array's keys, and of ids. */
function indexType(): HalfType {
  const builder = new BtfBuilder({ littleEndian: hostIsLittleEndian });
  const number = { size: 4, bits: 32, bitOffset: 0, signed: false, char: false, bool: false };
  const typeId = builder.add({ kind: 'int', name: 'unsigned int', ...number });
  return { btf: parseBtf(builder.finish()), typeId };
}

function halfOf(type: HalfType | undefined, size: number, name: string): HalfCodec {
  if (type === undefined || type.typeId === 0) return rawBytes(size, name);
  const { btf, typeId } = type;
  const typeSize = sizeOf(btf, typeId);
  if (typeSize !== size)
    throw new UsageError(`${name}: its type has ${typeSize} bytes, the map's ${name}s have ${size}`);
  let decode: ValueDecoder | undefined;
  let encoder: ValueEncoder | undefined;
  let text: ValueText | undefined;
  let read: ReadValue | undefined;
  const textOf = (): ValueText => {
    text ??= valueText(valueLayout(btf, typeId), { littleEndian: btf.littleEndian, bytes: pieceBytes });
    return text;
  };
  const encoderOf = (): ValueEncoder => {
    encoder ??= compileValueEncoder(btf, typeId, { name });
    return encoder;
  };
  return {
    size,
    decode: (bytes, at) => {
      decode ??= compileValueDecoder(btf, typeId);
      return decode(bytes, at);
    },
    into: (value, bytes, view, at) => encoderOf().into(value, bytes, view, at),
    encode: (value) => encoderOf()(value),
    isExact: (bytes, at) => textOf().isExact(bytes, at),
    write: (bytes, at, put) => textOf().write(bytes, at, put),
    read: (source, target) => {
      read ??= valueReader(valueLayout(btf, typeId), { littleEndian: btf.littleEndian, bytes: pieceBytes });
      read(source, target);
    },
    schema: (options) => jsonSchemaFor(btf, typeId, options),
  };
}

/** Without a type: as many bytes, as a Uint8Array or an array of numbers (`"0x2a"` too). */
function rawBytes(size: number, name: string): HalfCodec {
  const into: HalfCodec['into'] = (value, bytes, _view, at) => {
    const list = value instanceof Uint8Array || Array.isArray(value) ? value : undefined;
    if (list === undefined) throw new UsageError(`${name}: has no type, so it must be an array of ${size} bytes`);
    if (list.length !== size) throw new UsageError(`${name}: expected ${size} bytes got ${list.length}`);
    for (const [i, item] of list.entries()) bytes[at + i] = byteOf(item, name, i);
  };
  const read: ReadValue = (source, target) => {
    const { bytes, view, at, path } = target;
    if (!source.takes('[')) return into(parseJsonValue(source.value(path), path), bytes, view, at);
    let count = 0;
    // In pieces: a value may be too large for one text.
    for (let ended = false; !ended; ) {
      const part = source.elements(pieceBytes, path);
      const items = parseJsonValue(`[${part.text}]`, path) as unknown[];
      ended = part.ended;
      if (items.length === 0 && !(ended && count === 0)) source.bad(path, 'expected a value');
      const room = Math.min(items.length, size - count);
      for (let i = 0; i < room; i++) bytes[at + count + i] = byteOf(items[i], path, count + i);
      count += items.length;
    }
    if (count !== size) throw new UsageError(`${path}: expected ${size} bytes got ${count}`);
  };
  const byte = {
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 255 },
      { type: 'string', pattern: '^(0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3})$' },
    ],
  };
  return {
    size,
    decode: (bytes, at = 0) => bytes.slice(at, at + size),
    into,
    isExact: () => true,
    write: (bytes, at, put) => {
      put('[');
      for (let from = 0; from < size; from += pieceBytes) {
        const piece = bytes.subarray(at + from, at + Math.min(size, from + pieceBytes));
        put(`${from > 0 ? ',' : ''}${piece.join(',')}`);
      }
      put(']');
    },
    read,
    encode: (value) => {
      const bytes = new Uint8Array(size);
      into(value, bytes, new DataView(bytes.buffer), 0);
      return bytes;
    },
    schema: () => ({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: `${size} bytes`,
      type: 'array',
      items: byte,
      minItems: size,
      maxItems: size,
    }),
  };
}

function byteOf(item: unknown, name: string, index: number): number {
  const byte = typeof item === 'string' && /^(0x[0-9a-f]{1,2}|\d{1,3})$/i.test(item) ? Number(item) : item;
  if (typeof byte === 'number' && Number.isInteger(byte) && byte >= 0 && byte <= 255) return byte;
  throw new UsageError(`${name}[${index}]: ${JSON.stringify(String(item))} is no byte (0…255)`);
}

/** An array with the value of each possible CPU, in order. */
function perCpu(one: HalfCodec, cpus: number): HalfCodec {
  // Each CPU's value begins at a multiple of 8 bytes; the rest in between is zero.
  const step = alignUp(one.size, 8);
  const size = step * cpus;
  const wrongCount = (got: string): never => {
    throw new UsageError(`value: expected an array with one value for each of ${cpus} CPUs, got ${got}`);
  };
  const into: HalfCodec['into'] = (value, bytes, view, at) => {
    if (!Array.isArray(value)) return wrongCount('no array');
    if (value.length !== cpus) wrongCount(`${value.length} values`);
    for (const [cpu, item] of value.entries()) {
      try {
        one.into(item, bytes, view, at + cpu * step);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        // Paths begin with the name of the half; the CPU's place comes behind it.
        throw new UsageError(error.message.replace(/^value/, `value[${cpu}]`), { cause: error });
      }
    }
  };
  return {
    size,
    single: one,
    ofEachCpu: (single) => perCpu(single, cpus),
    decode: (bytes, at = 0) => Array.from({ length: cpus }, (_, cpu) => one.decode(bytes, at + cpu * step)),
    into,
    isExact: (bytes, at) => {
      for (let from = at; from < at + size; from += step) {
        if (!one.isExact(bytes, from)) return false;
        for (let i = one.size; i < step; i++) if (bytes[from + i] !== 0) return false;
      }
      return true;
    },
    write: (bytes, at, put) => {
      for (let cpu = 0; cpu < cpus; cpu++) {
        put(cpu === 0 ? '[' : ',');
        one.write(bytes, at + cpu * step, put);
      }
      put(']');
    },
    read: (source, target) => {
      if (!source.takes('[')) wrongCount('no array');
      let count = 0;
      if (source.takes(']')) wrongCount('0 values');
      for (let next = ','; next === ','; next = source.oneOf(',]', target.path)) {
        if (count === cpus) wrongCount(`more than ${cpus} values`);
        one.read(source, { ...target, at: target.at + count * step, path: `${target.path}[${count}]` });
        count++;
      }
      if (count < cpus) wrongCount(`${count} values`);
    },
    encode: (value) => {
      const bytes = new Uint8Array(size);
      into(value, bytes, new DataView(bytes.buffer), 0);
      return bytes;
    },
    schema: (options) => {
      const { $schema, ...items } = one.schema(options);
      return { $schema, title: 'one value for each CPU', type: 'array', items, minItems: cpus, maxItems: cpus };
    },
  };
}
