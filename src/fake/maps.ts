// The maps of a fake kernel and the commands of bpf(2) on them. Errnos and the order of checks are those of
// kernel/bpf/syscall.c and of the *_alloc_check functions of each type of map.
import { alignUp } from '../bytes/index.ts';
import { Errno, NotSupportedError } from '../errors/index.ts';
import {
  attr_map_batch,
  attr_map_create,
  attr_map_elem,
  BPF_F_INNER_MAP,
  BPF_F_LOCK,
  BPF_F_MMAPABLE,
  BPF_F_NO_PREALLOC,
  BPF_F_PRESERVE_ELEMS,
  BPF_F_RB_OVERWRITE,
  BPF_F_RDONLY,
  BPF_F_WRONLY,
  bpf_cmd,
  isPerCpu,
  mapType,
  mapTypeName,
  type NativeStruct,
  StructView,
} from '../uapi/index.ts';
import { bytesAt } from './attribute.ts';
import {
  ArrayContents,
  type Contents,
  HashContents,
  indexOf,
  nextIndex,
  noElements,
  QueueContents,
} from './contents.ts';
import type { Descriptors } from './descriptors.ts';
import type { FakeMap, FakeObject, ObjectTable } from './objects.ts';
import { RingMemory } from './rings.ts';
import { TrieContents } from './trie.ts';

/** A fake kernel as its maps see it. */
export interface MapWorld {
  readonly objects: ObjectTable;
  readonly descriptors: Descriptors;
  readonly cpus: number;
  readonly pageSize: number;
}

type MapFacts = Omit<FakeMap, 'id' | 'kind' | 'references'>;
const members = attr_map_elem.members;

/** BPF_OBJ_NAME_LEN is 16 with the NUL; bpf_obj_name_cpy takes letters, digits, `_` and `.`. */
const isName = /^[\w.]{0,15}$/;

/** BPF_MAP_CREATE: a descriptor, or -errno. NotSupportedError for types of maps that a fake kernel does not have. */
export function createMap(world: MapWorld, attr: NativeStruct): number {
  const view = new StructView(attr_map_create, attr.bytes);
  const type = view.u32('map_type');
  const flags = view.u32('map_flags');
  const valueSize = view.u32('value_size');
  const name = view.text('map_name');
  if (!isName.test(name) || (flags & (BPF_F_RDONLY | BPF_F_WRONLY)) === (BPF_F_RDONLY | BPF_F_WRONLY))
    return -Errno.EINVAL;
  // Values of per-CPU maps are copied as one for each possible CPU, each at a multiple of 8.
  const copiedSize = isPerCpu(type) ? alignUp(valueSize, 8) * world.cpus : valueSize;
  const shape = {
    ...{ type, flags, name, valueSize, copiedSize, isFrozen: false },
    keySize: view.u32('key_size'),
    maxEntries: view.u32('max_entries'),
    extra: view.u64('map_extra'),
  };
  const kind = kinds[mapTypeName(type) ?? ''];
  if (kind === undefined) {
    throw new NotSupportedError(`a map of type ${mapTypeName(type) ?? `number ${type}`} in the fake kernel`);
  }
  const refused = shapeRefusal(kind, shape, world.pageSize);
  if (refused < 0) return refused;
  const held: FakeObject[] = [];
  let btf: FakeMap['btf'];
  if (view.u32('btf_key_type_id') !== 0 || view.u32('btf_value_type_id') !== 0) {
    const found = world.descriptors.objectAt(view.u32('btf_fd'), 'btf');
    if (typeof found === 'number') return found;
    held.push(found.object);
    btf = {
      id: found.object.id,
      keyTypeId: view.u32('btf_key_type_id'),
      valueTypeId: view.u32('btf_value_type_id'),
    };
  }
  const contents = kind.contents(world, shape, view.u32('inner_map_fd'));
  // What `inner_map_fd` names is no map.
  if (typeof contents === 'number') return contents;
  const memory = kind === ring ? new RingMemory(shape.maxEntries, world.pageSize) : undefined;
  const map = world.objects.add('map', { ...shape, contents, ring: memory, btf, held });
  return world.descriptors.openObject(map, {
    canRead: (flags & BPF_F_WRONLY) === 0,
    canWrite: (flags & BPF_F_RDONLY) === 0,
  });
}

type Shape = Pick<MapFacts, 'type' | 'flags' | 'keySize' | 'valueSize' | 'copiedSize' | 'maxEntries'>;

/** How maps of a type are made. */
interface MapKind {
  readonly keySizes: readonly [least: number, most: number];
  /** True where elements may have values of any size but none, or what size they have. */
  readonly valueSize: 'any' | 0 | 4;
  /** Of the flags that not every type takes, those that it does. */
  readonly flags: number;
  readonly contents: (world: MapWorld, shape: Shape, innerFd: number) => Contents | number;
}

const anySize = 0xffff_ffff;
const inWorld = (make: (shape: Shape) => Contents): MapKind['contents'] => {
  return (_world, shape) => make({ ...shape, valueSize: shape.copiedSize });
};
const keyed = { keySizes: [1, anySize], valueSize: 'any', flags: BPF_F_NO_PREALLOC } as const;
const indexed = { keySizes: [4, 4], valueSize: 'any', flags: BPF_F_INNER_MAP | BPF_F_PRESERVE_ELEMS } as const;
const keyless = { keySizes: [0, 0], valueSize: 'any', flags: 0 } as const;
const ring: MapKind = { keySizes: [0, 0], valueSize: 0, flags: BPF_F_RB_OVERWRITE, contents: () => noElements };
const hash: MapKind = { ...keyed, contents: inWorld((shape) => new HashContents(shape)) };
const oldestGo: MapKind = { ...keyed, contents: inWorld((shape) => new HashContents(shape, { dropsOldest: true })) };
const array: MapKind = {
  ...indexed,
  contents: (world, shape) => new ArrayContents({ ...shape, valueSize: shape.copiedSize }, world.pageSize),
};
const ofMaps = {
  valueSize: 4,
  contents: (world: MapWorld, shape: Shape, innerFd: number) => {
    const inner = world.descriptors.objectAt(innerFd, 'map');
    return typeof inner === 'number' ? inner : new HoldingContents(world, shape, mapLike(world, inner.object));
  },
} as const;

/** What a fake kernel has, by the names of the types. */
const kinds: Readonly<Record<string, MapKind>> = {
  hash,
  percpu_hash: hash,
  lru_hash: oldestGo,
  lru_percpu_hash: oldestGo,
  array: { ...array, flags: array.flags | BPF_F_MMAPABLE },
  percpu_array: array,
  lpm_trie: {
    // `struct bpf_lpm_trie_key`: 4 bytes of prefix length, then 1 to 256 bytes of data.
    ...{ keySizes: [5, 260], valueSize: 'any', flags: BPF_F_NO_PREALLOC },
    contents: inWorld((shape) => new TrieContents(shape)),
  },
  queue: { ...keyless, contents: inWorld((shape) => new QueueContents(shape, { isStack: false })) },
  stack: { ...keyless, contents: inWorld((shape) => new QueueContents(shape, { isStack: true })) },
  ringbuf: ring,
  user_ringbuf: ring,
  prog_array: {
    ...{ ...indexed, valueSize: 4 },
    contents: (world, shape) => new HoldingContents(world, shape, programOf(world)),
  },
  perf_event_array: { ...indexed, valueSize: 4, contents: (world, shape) => new EventContents(world, shape) },
  array_of_maps: { ...indexed, ...ofMaps },
  hash_of_maps: { ...keyed, ...ofMaps },
};

/** Flags that some types do not take. */
const particularFlags =
  BPF_F_NO_PREALLOC | BPF_F_MMAPABLE | BPF_F_INNER_MAP | BPF_F_PRESERVE_ELEMS | BPF_F_RB_OVERWRITE;

function shapeRefusal(kind: MapKind, { type, keySize, valueSize, maxEntries, flags }: Shape, pageSize: number): number {
  const [least, most] = kind.keySizes;
  const isFitting = kind.valueSize === 'any' ? valueSize > 0 : valueSize === kind.valueSize;
  if (keySize < least || keySize > most || !isFitting || maxEntries === 0) return -Errno.EINVAL;
  if ((flags & particularFlags & ~kind.flags) !== 0) return -Errno.EINVAL;
  if (kind === ring) {
    // The size of a ring buffer, in bytes: a power of two of whole pages.
    return maxEntries % pageSize !== 0 || (maxEntries & (maxEntries - 1)) !== 0 ? -Errno.EINVAL : 0;
  }
  const isPreallocated = (flags & BPF_F_NO_PREALLOC) === 0;
  // Nodes of a trie are allocated as they come; elements of LRU maps are always allocated before.
  if (mapType(type)?.isTrie && isPreallocated) return -Errno.EINVAL;
  if (kind === oldestGo && !isPreallocated) return -Errno.ENOTSUPP;
  return keySize + valueSize > largestElement(kind, type) ? -Errno.E2BIG : 0;
}

/** The kernel keeps an array whole, what each CPU has in pieces of 32 KiB, and other elements each in one of 4 MiB. */
function largestElement(kind: MapKind, type: number): number {
  if (isPerCpu(type)) return 1 << 15;
  return kind.keySizes === indexed.keySizes ? 0x7fff_ffff + 4 : (1 << 22) - 64;
}

/** What a descriptor names that may be put into a map, or -errno. */
type Taken = (fd: number) => FakeObject | number;

function programOf({ descriptors }: MapWorld): Taken {
  return (fd) => {
    const found = descriptors.objectAt(fd, 'prog');
    return typeof found === 'number' ? found : found.object;
  };
}

/** Maps that are made as the first one was. */
function mapLike({ descriptors }: MapWorld, { type, keySize, valueSize, maxEntries, flags }: FakeMap): Taken {
  // The verifier makes lookups in arrays inline, with the size of the first inner map, unless BPF_F_INNER_MAP forbids
  // it.
  const hasFixedSize = mapTypeName(type) === 'array' && (flags & BPF_F_INNER_MAP) === 0;
  return (fd) => {
    const found = descriptors.objectAt(fd, 'map');
    if (typeof found === 'number') return found;
    const { object: map } = found;
    const isAlike = map.type === type && map.keySize === keySize && map.valueSize === valueSize && map.flags === flags;
    return isAlike && (!hasFixedSize || map.maxEntries === maxEntries) ? map : -Errno.EINVAL;
  };
}

/** Maps whose values are descriptors when they are written and ids when they are read. */
class HoldingContents implements Contents {
  readonly batches = 'none';
  readonly #objects: ObjectTable;
  readonly #shape: Shape;
  readonly #taken: Taken;
  readonly #isHash: boolean;
  readonly #held = new Map<string, { readonly key: Uint8Array; readonly object: FakeObject }>();

  constructor({ objects }: MapWorld, shape: Shape, taken: Taken) {
    this.#objects = objects;
    this.#shape = shape;
    this.#taken = taken;
    this.#isHash = kinds[mapTypeName(shape.type)!]!.keySizes === keyed.keySizes;
  }

  lookup(key: Uint8Array): Uint8Array | number {
    const found = this.#held.get(key.toString());
    return found === undefined ? -Errno.ENOENT : new Uint8Array(Uint32Array.of(found.object.id).buffer);
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    const old = this.#held.get(key.toString());
    if (!this.#isHash) {
      if (flags !== 0) return -Errno.EINVAL;
      if (indexOf(key) >= this.#shape.maxEntries) return -Errno.E2BIG;
    }
    const object = this.#taken(new DataView(value.buffer, value.byteOffset, 4).getInt32(0, true));
    if (typeof object === 'number') return object;
    if (this.#isHash) {
      // BPF_ANY, BPF_NOEXIST, BPF_EXIST.
      if (flags > 2) return -Errno.EINVAL;
      if (old !== undefined && flags === 1) return -Errno.EEXIST;
      if (old === undefined && flags === 2) return -Errno.ENOENT;
      if (old === undefined && this.#held.size >= this.#shape.maxEntries) return -Errno.E2BIG;
    }
    // Held before the old one is let go: they may be the same.
    this.#objects.hold(object);
    this.#held.set(key.toString(), { key: key.slice(), object });
    if (old !== undefined) this.#objects.drop(old.object);
    return 0;
  }

  delete(key: Uint8Array): number {
    if (!this.#isHash && indexOf(key) >= this.#shape.maxEntries) return -Errno.E2BIG;
    const old = this.#held.get(key.toString());
    if (old === undefined) return -Errno.ENOENT;
    this.#held.delete(key.toString());
    this.#objects.drop(old.object);
    return 0;
  }

  next(key: Uint8Array | undefined): Uint8Array | number {
    if (!this.#isHash) return nextIndex(key, this.#shape.maxEntries);
    const keys = [...this.#held.values()].map((entry) => entry.key);
    return keys[keys.findIndex((candidate) => candidate.toString() === key?.toString()) + 1] ?? -Errno.ENOENT;
  }
}

/** An array of perf events: programs write to the one of their CPU, and nobody reads an element. */
export class EventContents implements Contents {
  readonly batches = 'none';
  readonly #descriptors: Descriptors;
  readonly #shape: Shape;
  /** Descriptors by index: an event that was closed is in the map no more. */
  readonly #events = new Map<number, number>();

  constructor({ descriptors }: MapWorld, shape: Shape) {
    this.#descriptors = descriptors;
    this.#shape = shape;
  }

  eventAt(index: number): ReturnType<Descriptors['get']> {
    return this.#descriptors.get(this.#events.get(index) ?? -1);
  }

  lookup(_key: Uint8Array): number {
    return -Errno.ENOTSUPP;
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    if (flags !== 0) return -Errno.EINVAL;
    if (indexOf(key) >= this.#shape.maxEntries) return -Errno.E2BIG;
    const fd = new DataView(value.buffer, value.byteOffset, 4).getInt32(0, true);
    if (this.#descriptors.get(fd)?.kind !== 'event') return -Errno.EBADF;
    this.#events.set(indexOf(key), fd);
    return 0;
  }

  delete(key: Uint8Array): number {
    if (indexOf(key) >= this.#shape.maxEntries) return -Errno.E2BIG;
    return this.#events.delete(indexOf(key)) ? 0 : -Errno.ENOENT;
  }

  next(key: Uint8Array | undefined): Uint8Array | number {
    return nextIndex(key, this.#shape.maxEntries);
  }
}

/** The calls on single elements and BPF_MAP_FREEZE: 0 or -errno. */
export function elementCall({ descriptors }: MapWorld, command: number, attr: NativeStruct): number {
  const view = new StructView(attr_map_elem, attr.bytes);
  const flags = Number(view.u64('flags'));
  const isLookup = command === bpf_cmd.BPF_MAP_LOOKUP_ELEM || command === bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM;
  if (isLookup && (flags & ~BPF_F_LOCK) !== 0) return -Errno.EINVAL;
  const found = descriptors.objectAt(view.u32('map_fd'), 'map');
  if (typeof found === 'number') return found;
  const { object: map } = found;
  const reads = command === bpf_cmd.BPF_MAP_GET_NEXT_KEY || isLookup;
  const writes = command !== bpf_cmd.BPF_MAP_GET_NEXT_KEY && command !== bpf_cmd.BPF_MAP_LOOKUP_ELEM;
  if (command === bpf_cmd.BPF_MAP_FREEZE) return freeze(found);
  if ((reads && !found.canRead) || (writes && (!found.canWrite || map.isFrozen))) return -Errno.EPERM;
  // No map of this kernel has locks.
  if ((flags & BPF_F_LOCK) !== 0) return -Errno.EINVAL;
  const key = keyAt(map, bytesAt(attr, members.key));
  if (command === bpf_cmd.BPF_MAP_GET_NEXT_KEY) return nextKey(map, key, bytesAt(attr, members.next_key));
  if (typeof key === 'number') return key;
  const value = bytesAt(attr, members.value);
  switch (command) {
    case bpf_cmd.BPF_MAP_UPDATE_ELEM:
      if (value === undefined && map.copiedSize > 0) return -Errno.EFAULT;
      return map.contents.update(key ?? nothing, value?.subarray(0, map.copiedSize) ?? nothing, flags);
    case bpf_cmd.BPF_MAP_DELETE_ELEM:
      return map.contents.delete(key ?? nothing);
    case bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_ELEM:
      return copyTo(value, takeOut(map, key ?? nothing));
    default:
      return copyTo(value, map.contents.lookup(key ?? nothing));
  }
}

const nothing = new Uint8Array(0);

/** The bytes of a key; undefined for a map without keys. -EFAULT without one, -EINVAL where there may be none. */
function keyAt({ keySize }: FakeMap, bytes: Uint8Array | undefined): Uint8Array | undefined | number {
  if (keySize === 0) return bytes === undefined ? undefined : -Errno.EINVAL;
  return bytes === undefined ? -Errno.EFAULT : bytes.subarray(0, keySize);
}

function nextKey(map: FakeMap, key: Uint8Array | undefined | number, into: Uint8Array | undefined): number {
  // Without a key the first one is meant.
  if (typeof key === 'number' && key !== -Errno.EFAULT) return key;
  return copyTo(into, map.contents.next(typeof key === 'number' ? undefined : key));
}

function copyTo(into: Uint8Array | undefined, bytes: Uint8Array | number): number {
  if (typeof bytes === 'number') return bytes;
  if (into === undefined) return -Errno.EFAULT;
  into.set(bytes);
  return 0;
}

function takeOut({ contents }: FakeMap, key: Uint8Array): Uint8Array | number {
  if (contents instanceof QueueContents) return contents.pop();
  if (!(contents instanceof HashContents)) return -Errno.ENOTSUPP;
  const value = contents.lookup(key);
  if (typeof value !== 'number') contents.delete(key);
  return value;
}

function freeze({ object: map, canWrite }: { readonly object: FakeMap; readonly canWrite: boolean }): number {
  if (!canWrite || map.isFrozen) return -Errno.EPERM;
  map.isFrozen = true;
  return 0;
}

const batchMembers = attr_map_batch.members;

/** The calls on many elements: 0 or -errno; the attribute's `count` becomes the number of elements done. */
export function batchCall({ descriptors }: MapWorld, command: number, attr: NativeStruct): number {
  const view = new StructView(attr_map_batch, attr.bytes);
  const found = descriptors.objectAt(view.u32('map_fd'), 'map');
  if (typeof found === 'number') return found;
  const { object: map } = found;
  const reads = command === bpf_cmd.BPF_MAP_LOOKUP_BATCH || command === bpf_cmd.BPF_MAP_LOOKUP_AND_DELETE_BATCH;
  const writes = command !== bpf_cmd.BPF_MAP_LOOKUP_BATCH;
  if ((reads && !found.canRead) || (writes && (!found.canWrite || map.isFrozen))) return -Errno.EPERM;
  // Only some types have the operations for batches; the others answer ENOTSUPP.
  const has = map.contents.batches;
  const isThere =
    has === 'all' ||
    (has !== 'none' && (command === bpf_cmd.BPF_MAP_LOOKUP_BATCH || command === bpf_cmd.BPF_MAP_UPDATE_BATCH)) ||
    (has === 'delete' && command === bpf_cmd.BPF_MAP_DELETE_BATCH);
  if (!isThere) return -Errno.ENOTSUPP;
  if (view.u64('elem_flags') !== 0n || view.u64('flags') !== 0n) return -Errno.EINVAL;
  const count = view.u32('count');
  if (count === 0) return 0;
  view.set('count', 0);
  const keys = bytesAt(attr, batchMembers.keys);
  const values = bytesAt(attr, batchMembers.values);
  if (reads) {
    const into = {
      keys,
      values,
      to: bytesAt(attr, batchMembers.out_batch),
      from: bytesAt(attr, batchMembers.in_batch),
    };
    const { result, done } = lookUpMany(map, count, into);
    view.set('count', done);
    if (writes) for (let i = 0; i < done; i++) map.contents.delete(keys!.slice(i * map.keySize, (i + 1) * map.keySize));
    return result;
  }
  const isUpdate = command === bpf_cmd.BPF_MAP_UPDATE_BATCH;
  if (keys === undefined || (isUpdate && values === undefined)) return -Errno.EFAULT;
  for (let i = 0; i < count; i++) {
    const key = keys.subarray(i * map.keySize, (i + 1) * map.keySize);
    const result = isUpdate
      ? map.contents.update(key, values!.subarray(i * map.copiedSize, (i + 1) * map.copiedSize), 0)
      : map.contents.delete(key);
    view.set('count', result < 0 ? i : i + 1);
    if (result < 0) return result;
  }
  return 0;
}

interface Room {
  readonly keys: Uint8Array | undefined;
  readonly values: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
  readonly from: Uint8Array | undefined;
}

function lookUpMany(map: FakeMap, count: number, { keys, values, to, from }: Room): { result: number; done: number } {
  const { contents, keySize, copiedSize } = map;
  if (keys === undefined || values === undefined || to === undefined) return { result: -Errno.EFAULT, done: 0 };
  let done = 0;
  const put = (key: Uint8Array, value: Uint8Array): void => {
    keys.set(key, done * keySize);
    values.set(value, done * copiedSize);
    done++;
  };
  // Hash maps continue at a number instead of a key: the kernel's at a bucket, these at the order of insertion.
  if (contents.after !== undefined) {
    let place = from === undefined ? 0 : indexOf(from);
    for (const [at, key, value] of contents.after(place)) {
      if (done === count) {
        to.set(new Uint8Array(Uint32Array.of(place).buffer));
        return { result: 0, done };
      }
      put(key, value);
      place = at;
    }
    return { result: -Errno.ENOENT, done };
  }
  let key = contents.next(from?.subarray(0, keySize));
  for (; typeof key !== 'number' && done < count; key = contents.next(key)) {
    const value = contents.lookup(key);
    if (typeof value === 'number') continue;
    put(key, value);
    to.set(key);
  }
  // ENOENT says that this was the last batch; elements may have come with it.
  return { result: done < count ? -Errno.ENOENT : 0, done };
}

/** The memory of a map that mmap(2) shows at `offset`, or -errno. */
export function mapMemory(map: FakeMap, { offset, length }: { offset: number; length: number }): ArrayBuffer | number {
  const { ring, contents, flags } = map;
  let memory: ArrayBuffer | undefined;
  // Page 0 has the consumer's position, and the producer's page and the data follow it.
  if (ring !== undefined) memory = offset === 0 ? ring.consumer : ring.producer;
  else if (contents instanceof ArrayContents && offset === 0 && (flags & BPF_F_MMAPABLE) !== 0)
    memory = contents.memory;
  return memory !== undefined && length <= memory.byteLength ? memory : -Errno.EINVAL;
}
