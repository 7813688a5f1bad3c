// What the elements of a map name: other objects, which the map keeps.
import { ElementCalls, type MapInfo } from '../bpf/index.ts';
import type { Btf } from '../btf/index.ts';
import { toHex } from '../bytes/index.ts';
import type { Kernel } from '../sys/index.ts';
import { bpf_map_type, mapType } from '../uapi/index.ts';
import type { ContentRecord } from './records.ts';

/** Elements of one map after which nothing more of it is read. */
const mostElements = 1 << 17;
/** Where in the value of a map of programs, or of a map of maps, the id is. */
const idAtStart = 0;
const programInValue = 4;

/** Reads what the elements of maps name. */
export class ContentReader {
  readonly #calls: ElementCalls;
  readonly #btf: () => Btf | undefined;

  /** `btf`: the kernel's types, asked for where a map holds the operations of a struct. */
  constructor(kernel: Kernel, btf: () => Btf | undefined) {
    this.#calls = new ElementCalls(kernel);
    this.#btf = btf;
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
    const btf = this.#btf();
    const outer = btf?.typeById(info.btfVmlinuxValueTypeId);
    const data = outer?.kind === 'struct' ? outer.members.find(({ name }) => name === 'data') : undefined;
    const inner = data === undefined ? undefined : btf?.typeById(data.typeId);
    if (btf === undefined || data === undefined || inner?.kind !== 'struct') return [];
    const view = new DataView(value.buffer);
    const found: ContentRecord[] = [];
    for (const { name, typeId, bitOffset } of inner.members) {
      const at = (data.bitOffset + bitOffset) / 8;
      if (!isFunctionPointer(btf, typeId) || at + 8 > value.length) continue;
      const id = view.getUint32(at, true);
      if (id !== 0) found.push({ kind: 'prog', id, key: name });
    }
    return found;
  }
}

function isFunctionPointer(btf: Btf, typeId: number): boolean {
  const pointer = btf.typeById(typeId);
  return pointer?.kind === 'ptr' && btf.typeById(pointer.typeId)?.kind === 'func_proto';
}

function keyText(key: Uint8Array): string {
  if (key.length !== 4) return toHex(key);
  return String(new DataView(key.buffer, key.byteOffset).getUint32(0, true));
}
