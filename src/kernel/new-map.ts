import { createMap as createRaw, loadBtf } from '../bpf/index.ts';
import { BtfBuilder, parseBtf } from '../btf/index.ts';
import { alignUp, expectInteger, expectObject, expectText, hostIsLittleEndian, listOf } from '../bytes/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { possibleCpus } from '../host/index.ts';
import { checkResult, defaultKernel, type Kernel, SC_PAGESIZE, syscallError } from '../sys/index.ts';
import {
  enumNames,
  isMapInMap,
  type MapFlagName,
  mapFlags,
  mapType,
  type MapTypeName,
  takesBtf,
} from '../uapi/index.ts';
import { codecOfTypes, type ElementValue, type HalfType, keyCodec } from './element-codec.ts';
import { BpfMap } from './map.ts';
import { MapOfMaps, MapOfPrograms } from './map-of-maps.ts';
import { QueueMap } from './queue-map.ts';
import { TypedMap } from './typed-map.ts';

const scalars = {
  u8: [1, false],
  u16: [2, false],
  u32: [4, false],
  u64: [8, false],
  s8: [1, true],
  s16: [2, true],
  s32: [4, true],
  s64: [8, true],
} as const;

/** Whole numbers by their width, `char[16]` for text of up to so many bytes. */
export type ScalarShape = keyof typeof scalars | `char[${number}]`;

/** What keys or values are: so many bytes, a scalar, or a struct of named members, laid out as C does. */
export type ElementShape = number | StructShape | ScalarShape;
/** Members of a struct by name, in order. */
export interface StructShape {
  readonly [member: string]: ScalarShape | StructShape;
}

/** The JavaScript values of a shape. */
export type ShapeValue<Shape> = Shape extends number
  ? Uint8Array
  : Shape extends 'u64' | 's64'
    ? bigint
    : Shape extends `char[${number}]`
      ? string
      : Shape extends string
        ? number
        : Shape extends object
          ? { [Member in keyof Shape]: ShapeValue<Shape[Member]> }
          : ElementValue;

/** A map to be created. */
export interface NewMap<K = ElementShape, V = ElementShape, Type extends MapTypeName = MapTypeName> {
  readonly type: Type;
  /** At most 15 bytes. */
  readonly name?: string;
  /** Of nothing where the type has no keys; 4 bytes (`u32` with a typed value) unless given. */
  readonly key?: K;
  /** 4 bytes unless given. */
  readonly value?: V;
  /** Of rings in bytes, a power of two of pages; of arrays of perf events one for each CPU unless given, else 1. */
  readonly maxEntries?: number;
  readonly flags?: readonly MapFlagName[];
  /** Of a map of maps: a map, or what one is created like, that shows what its maps are like. It need not last. */
  readonly inner?: NewMap | { readonly map: BpfMap };
  /** `map_extra`: hashes of a bloom filter, address of an arena. */
  readonly extra?: bigint;
  readonly numaNode?: number;
}

/** What a map of a type is created as. */
export type CreatedMap<Type extends MapTypeName, K, V> = Type extends 'queue' | 'stack' | 'bloom_filter'
  ? QueueMap<ShapeValue<V>>
  : Type extends 'hash_of_maps' | 'array_of_maps'
    ? MapOfMaps<ShapeValue<K>>
    : Type extends 'prog_array'
      ? MapOfPrograms<ShapeValue<K>>
      : TypedMap<
          Type extends 'lpm_trie' ? ShapeValue<K> | string : ShapeValue<K>,
          Type extends `percpu_${string}` | `lru_percpu_${string}` ? ShapeValue<V>[] : ShapeValue<V>
        >;

/** Which kernel; the running one unless given. */
export interface InKernel {
  readonly kernel?: Kernel | undefined;
}

const keyless: ReadonlySet<string> = new Set(['queue', 'stack', 'bloom_filter', 'ringbuf', 'user_ringbuf', 'arena']);
const valueless: ReadonlySet<string> = new Set(['ringbuf', 'user_ringbuf', 'arena']);
const needPreallocOff: ReadonlySet<string> = new Set([
  ...['lpm_trie', 'sk_storage', 'inode_storage', 'task_storage', 'cgrp_storage'],
]);

/**
 * Creates a map: `createMap({ type: 'hash', key: 'u32', value: { packets: 'u64' }, maxEntries: 100 })`. Keys and values that
 * are given as types are such in the kernel too (BTF), where the type of map can have that. It ends when the last that has
 * it is gone: close it, or pin it. UsageError for what means nothing, SyscallError where the kernel refuses.
 */
export function createMap<
  const Type extends MapTypeName,
  const K extends ElementShape = 'u32',
  const V extends ElementShape = 'u32',
>(map: NewMap<K, V, Type>, { kernel = defaultKernel() }: InKernel = {}): CreatedMap<Type, K, V> {
  const { made, key, value } = createBpfMap(kernel, map);
  const { type } = map as NewMap;
  const wrap = () => {
    const holds = mapType(enumNames.mapType.numberOf(type))?.holds;
    if (holds === 'maps') return new MapOfMaps(made, keyCodec(made.info(), key));
    if (holds === 'programs') return new MapOfPrograms(made, keyCodec(made.info(), key));
    // Not every type of map keeps its types in the kernel.
    const codec =
      key === undefined && value === undefined ? undefined : codecOfTypes(kernel, made.info(), { key, value });
    if (type === 'queue' || type === 'stack' || type === 'bloom_filter') return new QueueMap(made, codec);
    return new TypedMap(made, codec);
  };
  return wrap() as CreatedMap<Type, K, V>;
}

/** The map, and the types that its shapes became; undefined for bytes. */
interface MadeMap {
  readonly made: BpfMap;
  readonly key: HalfType | undefined;
  readonly value: HalfType | undefined;
}

function createBpfMap(kernel: Kernel, map: NewMap): MadeMap {
  expectObject(map, "a map is described by an object, as { type: 'hash' }");
  expectText(map.name, 'name of the map');
  const type = enumNames.mapType.numberOf(map.type);
  const what = `map '${map.name ?? map.type}'`;
  const types = new ShapeTypes(what);
  const isTyped = typeof map.value === 'object' || typeof map.value === 'string';
  const key = types.half('key', keyless.has(map.type) ? 0 : (map.key ?? (isTyped ? 'u32' : 4)));
  const value = types.half('value', valueless.has(map.type) ? 0 : (map.value ?? 4));
  const maxEntries = entriesOf(kernel, map, what);
  let flags = needPreallocOff.has(map.type) ? mapFlags.no_prealloc : 0;
  for (const name of listOf(map.flags ?? [], `${what}: flags`)) flags |= flagOf(name);
  if (map.extra !== undefined && (typeof map.extra !== 'bigint' || BigInt.asUintN(64, map.extra) !== map.extra))
    throw new UsageError(`${what}: extra is a bigint of 64 bits without a sign`);
  if (map.numaNode !== undefined) expectInteger(map.numaNode, `${what}: numaNode`);
  const bytes = types.finish();
  const btf = types.isUsed ? parseBtf(bytes) : undefined;
  // The kernel takes both types or none.
  const withTypes = value.typeId !== 0 && (key.typeId !== 0 || key.size === 0) && takesBtf(type);
  const btfFd = withTypes ? checkResult(`${what}: load its types`, loadBtf(kernel, bytes)) : 0;
  const typed = ({ typeId }: { typeId: number }) => (btf === undefined || typeId === 0 ? undefined : { btf, typeId });
  let inner: BpfMap | undefined;
  try {
    inner = innerOf(kernel, map, { type, what });
    const request = {
      type,
      name: map.name ?? '',
      keySize: key.size,
      valueSize: value.size,
      maxEntries,
      flags,
      mapExtra: map.extra ?? 0n,
      numaNode: map.numaNode ?? 0,
      innerMapFd: inner?.fd.number ?? 0,
      btfFd,
      keyTypeId: withTypes ? key.typeId : 0,
      valueTypeId: withTypes ? value.typeId : 0,
    };
    let fd = createRaw(kernel, request);
    // Some types of maps want keys of other types, or none at all.
    if (fd === -Errno.EINVAL && withTypes)
      fd = createRaw(kernel, { ...request, btfFd: 0, keyTypeId: 0, valueTypeId: 0 });
    if (fd >= 0) return { made: new BpfMap(kernel, fd, { isKnown: true }), key: typed(key), value: typed(value) };
    throw syscallError(`create ${what} of type ${map.type}${hint(fd, map)}`, fd);
  } finally {
    if (btfFd > 0) kernel.close(btfFd);
    if (inner !== undefined && !('map' in (map.inner ?? {}))) inner.close();
  }
}

/** What to look at, by errno. */
function hint(result: number, { type, key, value }: NewMap): string {
  if (result === -Errno.EPERM) return ' (it takes CAP_BPF: run as root, or open a kernel with a token)';
  if (result === -Errno.ENOMEM || result === -Errno.E2BIG) return ' (try fewer entries, or the flag no_prealloc)';
  if (result === -Errno.EINVAL) {
    return ` (key ${JSON.stringify(key)}, value ${JSON.stringify(value)}: not every size, flag or number of entries goes with ${type})`;
  }
  return '';
}

function entriesOf(kernel: Kernel, { type, maxEntries }: NewMap, what: string): number {
  const row = mapType(enumNames.mapType.numberOf(type));
  if (maxEntries === undefined) {
    if (row?.isRing) return kernel.systemConfiguration(SC_PAGESIZE);
    if (type.endsWith('_storage')) return 0;
    return type === 'perf_event_array' ? possibleCpus(kernel) : 1;
  }
  expectInteger(maxEntries, `${what}: maxEntries`);
  if (row?.isRing) {
    const page = kernel.systemConfiguration(SC_PAGESIZE);
    if (maxEntries < page || (maxEntries & (maxEntries - 1)) !== 0) {
      throw new UsageError(`${what}: the size of a ring is a power of two from ${page} bytes on, not ${maxEntries}`);
    }
  }
  return maxEntries;
}

/** The bit of a flag's name. UsageError lists the names. */
export function flagOf(name: MapFlagName): number {
  if (Object.hasOwn(mapFlags, name)) return mapFlags[name];
  throw new UsageError(`there is no flag of maps '${name}': it is ${Object.keys(mapFlags).join(', ')}`);
}

function innerOf(
  kernel: Kernel,
  { inner }: NewMap,
  { type, what }: { type: number; what: string },
): BpfMap | undefined {
  if (!isMapInMap(type)) {
    if (inner !== undefined) throw new UsageError(`${what} is no map of maps: it has no inner map`);
    return undefined;
  }
  if (inner === undefined) throw new UsageError(`${what}: say what its maps are like, as inner: { type: 'array', … }`);
  expectObject(inner, `${what}: inner describes a map, or is one`);
  if ('map' in inner) {
    if (typeof inner.map?.fd?.number === 'number') return inner.map;
    throw new UsageError(`${what}: inner.map is no open map`);
  }
  return createBpfMap(kernel, inner).made;
}

/** Builds the BTF of shapes. */
class ShapeTypes {
  readonly #builder = new BtfBuilder({ littleEndian: hostIsLittleEndian });
  readonly #ids = new Map<string, number>();
  readonly #what: string;
  isUsed = false;

  constructor(what: string) {
    this.#what = what;
  }

  finish(): Uint8Array {
    return this.#builder.finish();
  }

  half(half: string, shape: ElementShape): { size: number; typeId: number } {
    if (typeof shape === 'number') {
      expectInteger(shape, `${this.#what}: size of the ${half}`);
      return { size: shape, typeId: 0 };
    }
    this.isUsed = true;
    const { size, typeId } = this.#type(shape, `${this.#what}: ${half}`, half);
    return { size, typeId };
  }

  #type(shape: ScalarShape | StructShape, path: string, name: string): { size: number; align: number; typeId: number } {
    if (typeof shape === 'string') return this.#scalar(shape, path);
    if (typeof shape !== 'object' || shape === null || Array.isArray(shape)) throw this.#bad(path, shape);
    let size = 0;
    let align = 1;
    const members = Object.entries(shape).map(([member, inner]) => {
      if (member === '') throw this.#bad(path, shape);
      const type = this.#type(inner, `${path}.${member}`, member);
      const offset = alignUp(size, type.align);
      size = offset + type.size;
      align = Math.max(align, type.align);
      return { name: member, typeId: type.typeId, bitOffset: offset * 8, bitSize: 0 };
    });
    if (members.length === 0) throw this.#bad(path, shape);
    size = alignUp(size, align);
    const typeId = this.#builder.add({ kind: 'struct', name, size, members, kindFlag: false });
    return { size, align, typeId };
  }

  #scalar(shape: string, path: string): { size: number; align: number; typeId: number } {
    const text = /^char\[(\d+)\]$/.exec(shape);
    if (text !== null) {
      const length = Number(text[1]);
      expectInteger(length, `${path}: length of a text`, { least: 1, most: 1 << 30 });
      const elementTypeId = this.#int('char', [1, false], { char: true });
      const indexTypeId = this.#int('u32', scalars.u32);
      const typeId = this.#builder.add({ kind: 'array', name: '', elementTypeId, indexTypeId, length });
      return { size: length, align: 1, typeId };
    }
    if (!Object.hasOwn(scalars, shape)) throw this.#bad(path, shape);
    const scalar = scalars[shape as keyof typeof scalars];
    return { size: scalar[0], align: scalar[0], typeId: this.#int(shape, scalar) };
  }

  #int(name: string, [size, signed]: readonly [number, boolean], { char = false } = {}): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#builder.add({ kind: 'int', name, size, bits: size * 8, bitOffset: 0, signed, char, bool: false });
    this.#ids.set(name, id);
    return id;
  }

  #bad(path: string, shape: unknown): UsageError {
    const kinds = `${Object.keys(scalars).join(', ')}, char[LENGTH], or an object of such`;
    return new UsageError(
      `${path}: ${typeof shape === 'object' ? JSON.stringify(shape) : String(shape)} is no type: give ${kinds}`,
    );
  }
}
