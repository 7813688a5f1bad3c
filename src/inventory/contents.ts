// What the elements of a map name: other objects, which the map keeps.
import { ElementCalls, type MapInfo } from '../bpf/index.ts';
import { Kind, type RecordView } from '../btf/index.ts';
import { toHex } from '../bytes/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_map_type, mapType } from '../uapi/index.ts';
import type { ContentRecord } from './records.ts';

/** Elements of one map after which nothing more of it is read. */
const mostElements = 1 << 17;
/** Where in the value of a map of programs, or of a map of maps, the id is. */
const idAtStart = 0;
const programInValue = 4;

/** Where in the value of a struct's map a function's program is named. */
interface FunctionPointer {
  readonly name: string;
  readonly at: number;
}

/** Lets a function look at the kernel's types; undefined where there are none. */
export type WithTypes = <T>(use: (types: RecordView) => T) => T | undefined;

/** Reads what the elements of maps name. */
export class ContentReader {
  readonly #calls: ElementCalls;
  readonly #withTypes: WithTypes;
  readonly #pointers = new Map<number, readonly FunctionPointer[]>();

  /** `withTypes`: the kernel's types, asked for where a map holds the operations of a struct. */
  constructor(kernel: Kernel, withTypes: WithTypes) {
    this.#calls = new ElementCalls(kernel);
    this.#withTypes = withTypes;
  }

  /** The objects that the elements of the map open as `fd` name; none for other types of maps. */
  read(fd: number, info: MapInfo): readonly ContentRecord[] {
    const row = mapType(info.type);
    if (row?.holds !== undefined) {
      return this.#elements(fd, info, { kind: row.holds === 'maps' ? 'map' : 'prog', at: idAtStart });
    }
    if (row?.hasProgramInValue && info.valueSize >= programInValue + 4) {
      return this.#elements(fd, info, { kind: 'prog', at: programInValue });
    }
    return info.type === bpf_map_type.BPF_MAP_TYPE_STRUCT_OPS ? this.#operations(fd, info) : [];
  }

  #elements(fd: number, info: MapInfo, { kind, at }: { kind: 'prog' | 'map'; at: number }): ContentRecord[] {
    const found: ContentRecord[] = [];
    const key = new Uint8Array(info.keySize);
    const next = new Uint8Array(info.keySize);
    const value = new Uint8Array(Math.max(8, info.valueSize));
    const view = new DataView(value.buffer);
    let has = this.#calls.nextKey(fd, undefined, next) >= 0;
    for (let count = 0; has && count < mostElements; count++) {
      key.set(next);
      if (this.#calls.lookup(fd, { key, value }) >= 0) {
        const id = view.getUint32(at, true);
        if (id !== 0) found.push({ kind, id, key: keyText(key) });
      }
      has = this.#calls.nextKey(fd, key, next) >= 0;
    }
    return found;
  }

  /** A registered struct's value has the id of a program in the place of each function pointer. */
  #operations(fd: number, info: MapInfo): ContentRecord[] {
    const value = new Uint8Array(Math.max(8, info.valueSize));
    if (this.#calls.lookup(fd, { key: new Uint8Array(4), value }) < 0) return [];
    const view = new DataView(value.buffer);
    return this.#pointersIn(info.btfVmlinuxValueTypeId).flatMap(({ name, at }) => {
      const id = at + 8 > value.length ? 0 : view.getUint32(at, true);
      return id === 0 ? [] : [{ kind: 'prog' as const, id, key: name }];
    });
  }

  /** The function pointers of a struct that stands as `data` in this one. */
  #pointersIn(typeId: number): readonly FunctionPointer[] {
    let found = this.#pointers.get(typeId);
    if (found === undefined) {
      found = this.#withTypes((types) => functionPointers(types, typeId)) ?? [];
      this.#pointers.set(typeId, found);
    }
    return found;
  }
}

function functionPointers(types: RecordView, typeId: number): FunctionPointer[] {
  if (types.kind(typeId) !== Kind.struct) return [];
  const data = types.members(typeId).find(({ name }) => name === 'data');
  if (data === undefined || types.kind(data.typeId) !== Kind.struct) return [];
  const isFunction = (id: number) => types.kind(id) === Kind.ptr && types.kind(types.target(id)) === Kind.func_proto;
  return types
    .members(data.typeId)
    .filter((member) => isFunction(member.typeId))
    .map(({ name, bitOffset }) => ({ name, at: (data.bitOffset + bitOffset) / 8 }));
}

function keyText(key: Uint8Array): string {
  if (key.length !== 4) return toHex(key);
  return String(new DataView(key.buffer, key.byteOffset).getUint32(0, true));
}
