import { Errno } from '../errors/index.ts';
import type { ElfSection } from '../elf/index.ts';
import {
  mapType,
  bpf_map_type,
  BPF_F_RDONLY_PROG,
  BPF_F_MMAPABLE,
  BPF_F_LINK,
  smallestPageSize,
} from '../uapi/index.ts';
import { idNamed, Kind, type RecordView } from '../btf/index.ts';
import { failure, tell } from './failure.ts';
import { type MapDefinition, readMapDefinition, tellDefinition } from './map-definition.ts';
import type { ObjectDraft } from './draft.ts';
import type { ExternSpec, MapOrigin, MapSpec } from './spec.ts';

/** Bytes; the kernel's arrays take no larger values. */
const largestValue = 0x7fffffff;

/** Adds the object's maps in libbpf's order: declared ones, global data by section, kconfig, struct_ops. */
export function collectMaps(
  draft: ObjectDraft,
  externs: readonly ExternSpec[],
): { kconfigMap: number; arenaMap: number } {
  if (draft.mapsIndex >= 0 && draft.btf) collectDeclaredMaps(draft, draft.btf);
  const arenaMap = collectArena(draft);
  collectDataMaps(draft);
  let kconfigMap = -1;
  const last = externs.findLast((extern) => extern.kind === 'kconfig');
  if (last?.kind === 'kconfig') {
    kconfigMap = draft.maps.length;
    const size = last.offset + last.size;
    pushDataMap(
      draft,
      dataMap(draft, { origin: 'kconfig', name: '.kconfig', sectionIndex: -1, size, value: undefined }),
    );
  }
  if (draft.btf) collectStructOps(draft, draft.btf);
  return { kconfigMap, arenaMap };
}

function collectDeclaredMaps(draft: ObjectDraft, btf: RecordView): void {
  const { log } = draft;
  const section = draft.elf.sections[draft.mapsIndex]!;
  // The symbols of `.maps` are not consulted: BTF has names, types and offsets of its variables.
  const datasec = [...btf.idsOfKind(Kind.datasec)].find((id) => btf.name(id) === '.maps');
  if (datasec === undefined) throw failure(log, Errno.ENOENT, "DATASEC '.maps' not found.");
  for (const [index, { typeId, offset, size }] of btf.variables(datasec).entries()) {
    const name = btf.name(typeId);
    if (name === '') throw failure(log, Errno.EINVAL, `map #${index}: empty name.`);
    if (offset + size > section.size) throw failure(log, Errno.EINVAL, `map '${name}' BTF data is corrupted.`);
    if (btf.kind(typeId) !== Kind.var) {
      throw failure(log, Errno.EINVAL, `map '${name}': unexpected var kind ${btf.kindName(typeId)}.`);
    }
    const linkage = btf.varLinkage(typeId);
    // Only BTF_VAR_GLOBAL_ALLOCATED: the linker has to resolve extern maps before, and libbpf takes no static ones.
    if (linkage !== 1) {
      const word = linkage === 0 ? 'static' : linkage === 2 ? 'extern' : 'unknown';
      throw failure(log, Errno.EOPNOTSUPP, `map '${name}': unsupported map linkage ${word}.`);
    }
    const struct = btf.resolve(btf.target(typeId));
    if (btf.kind(struct) !== Kind.struct) {
      throw failure(log, Errno.EINVAL, `map '${name}': unexpected def kind ${btf.kindName(typeId)}.`);
    }
    // A variable may be larger than its type (by the slots of `values`), never smaller.
    if (btf.size(struct) > size) throw failure(log, Errno.EINVAL, `map '${name}': invalid def size.`);
    tell(log, () => `map '${name}': at sec_idx ${section.index}, offset ${offset}.`);
    const context = { btf, log, relaxed: draft.relaxedMaps };
    const definition = readMapDefinition(context, { name, typeId: struct, isInner: false });
    tellDefinition(log, name, definition);
    if (definition.inner) tellDefinition(log, `${name}.inner`, definition.inner);
    draft.maps.push(declaredMap(definition, { name, sectionIndex: section.index, offset, pinRoot: draft.pinRoot }));
  }
}

/** An inner map's declaration becomes a spec of its own, whose name libbpf builds the same way. */
function declaredMap(
  definition: MapDefinition,
  where: { name: string; sectionIndex: number; offset: number; pinRoot: string },
): MapSpec {
  const { pinByName, inner, stated: _, ...attributes } = definition;
  return {
    name: where.name,
    sectionName: undefined,
    origin: 'user',
    sectionIndex: where.sectionIndex,
    sectionOffset: where.offset,
    ...attributes,
    maxEntries: mapType(definition.type)?.isRing ? ringSize(definition.maxEntries) : definition.maxEntries,
    ifindex: 0,
    pinPath: pinByName ? `${where.pinRoot}/${where.name}` : undefined,
    autocreate: true,
    inner: inner && declaredMap(inner, { ...where, name: `${where.name}.inner` }),
    initialValue: undefined,
    slots: [],
    structOps: undefined,
  };
}

/** The next size the kernel takes for a ring buffer: a power of two of pages of `page` bytes. 0 stays 0. */
export function ringSize(size: number, page: number = smallestPageSize): number {
  if (size === 0) return 0;
  // Sizes that fit already stay; those beyond the largest power of two go to the kernel as they are, to be refused
  // there.
  const pages = size / page;
  if (Number.isInteger(pages) && Number.isInteger(Math.log2(pages))) return size;
  for (let next = page; next <= 0xffffffff; next *= 2) if (next > size) return next;
  return size;
}

/** Gives the arena the contents of the `__arena` variables. The index of the arena's map, -1 if there is none. */
function collectArena(draft: ObjectDraft): number {
  let arena = -1;
  for (const [index, map] of draft.maps.entries()) {
    if (map.type !== bpf_map_type.BPF_MAP_TYPE_ARENA) continue;
    if (arena >= 0) {
      const other = draft.maps[arena]!.name;
      const text = `map '${map.name}': only single ARENA map is supported (map '${other}' is also ARENA)`;
      throw failure(draft.log, Errno.EINVAL, text);
    }
    arena = index;
    if (!draft.arena) continue;
    const room = map.maxEntries * smallestPageSize;
    if (Math.ceil(draft.arena.size / smallestPageSize) * smallestPageSize > room) {
      const size = draft.arena.size;
      const text = `elf: sec '${draft.arena.name}': declared ARENA map size (${room}) is too small to hold global __arena variables of size ${size}`;
      throw failure(draft.log, Errno.E2BIG, text);
    }
    map.initialValue = draft.arena.bytes.slice();
  }
  if (draft.arena && arena < 0) {
    const text = `elf: sec '${draft.arena.name}': to use global __arena variables the ARENA map should be explicitly declared in SEC(".maps")`;
    throw failure(draft.log, Errno.ENOENT, text);
  }
  return arena;
}

/** One array map with one element for each section of global variables. */
function collectDataMaps(draft: ObjectDraft): void {
  for (const section of draft.elf.sections) {
    const role = draft.roles.get(section.index);
    if (section.size === 0) continue;
    if (role !== 'data' && role !== 'rodata' && role !== 'bss' && role !== 'percpu') continue;
    if (section.size > largestValue) {
      throw failure(draft.log, Errno.E2BIG, `elf: sec '${section.name}': ${section.size} bytes do not fit a map`);
    }
    // SHT_NOBITS has no contents in the file, and new array maps are zero.
    const value = role === 'bss' ? undefined : section.bytes.slice();
    pushDataMap(
      draft,
      dataMap(draft, { origin: role, name: section.name, sectionIndex: section.index, size: section.size, value }),
    );
  }
}

function pushDataMap(draft: ObjectDraft, map: MapSpec): void {
  const { log, elf, maps } = draft;
  const name = mapNameInside(draft.name, map);
  const what = map.origin === 'percpu' ? 'global percpu data' : 'global data';
  const section = map.origin === 'kconfig' ? elf.symbolTableIndex : map.sectionIndex;
  tell(log, () => `map '${name}' (${what}): at sec_idx ${section}, offset 0, flags ${map.flags.toString(16)}.`);
  tell(log, () => `map ${maps.length} is "${name}"`);
  maps.push(map);
}

/** The name by which libbpf's messages know a map: that of global data is cut. */
export function mapNameInside(objectName: string, map: Pick<MapSpec, 'name' | 'sectionName'>): string {
  return map.sectionName === undefined ? map.name : dataMapName(objectName, map.sectionName);
}

function dataMap(
  draft: ObjectDraft,
  data: { origin: MapOrigin; name: string; sectionIndex: number; size: number; value: Uint8Array | undefined },
): MapSpec {
  const { btf } = draft;
  const readOnly = data.origin === 'rodata' || data.origin === 'kconfig';
  const valueTypeId = btf ? idNamed(btf, data.name) : 0;
  const isPerCpu = data.origin === 'percpu';
  // As `map_is_mmapable` of libbpf: user space may map the values only if the section has a variable that is not
  // static.
  const exposed =
    !isPerCpu &&
    btf !== undefined &&
    btf.kind(valueTypeId) === Kind.datasec &&
    btf.variables(valueTypeId).some(({ typeId }) => btf.kind(typeId) === Kind.var && btf.varLinkage(typeId) !== 0);
  return {
    // Custom sections are known by their own names, however long.
    name: isCustom(data) ? data.name : dataMapName(draft.name, data.name),
    sectionName: data.name,
    origin: data.origin,
    sectionIndex: data.sectionIndex,
    sectionOffset: 0,
    type: isPerCpu ? bpf_map_type.BPF_MAP_TYPE_PERCPU_ARRAY : bpf_map_type.BPF_MAP_TYPE_ARRAY,
    // The key is the index 0; each variable is at its section's offset in the value.
    keySize: 4,
    valueSize: data.size,
    maxEntries: 1,
    flags: (readOnly ? BPF_F_RDONLY_PROG : 0) | (exposed ? BPF_F_MMAPABLE : 0),
    mapExtra: 0n,
    numaNode: 0,
    keyTypeId: 0,
    valueTypeId,
    ifindex: 0,
    pinPath: undefined,
    autocreate: true,
    inner: undefined,
    initialValue: data.value,
    slots: [],
    structOps: undefined,
  };
}

function isCustom({ origin, name }: { origin: MapOrigin; name: string }): boolean {
  return origin === 'percpu' || ((origin === 'data' || origin === 'rodata') && name !== `.${origin}`);
}

/**
 * Name of the map for a data section: `.rodata` of object `my_object_name` is `my_objec.rodata`, the object's name cut
 * so that section names of up to 7 characters leave it 8; `.data.custom` keeps its own name, cut to 15 characters.
 */
export function dataMapName(objectName: string, sectionName: string): string {
  const suffix = Math.min(15, Math.max(7, sectionName.length));
  // A second dot marks a custom section such as `.data.custom`, whose name stands for itself.
  const isWhole = sectionName === '.percpu' || sectionName.indexOf('.', 1) >= 0;
  const prefix = isWhole ? 0 : Math.min(15 - suffix, objectName.length);
  const name = objectName.slice(0, prefix) + sectionName.slice(0, suffix);
  // The kernel refuses names of objects with any other character (bpf_obj_name_cpy).
  return name.replace(/[^A-Za-z0-9_.]/g, '_');
}

function collectStructOps(draft: ObjectDraft, btf: RecordView): void {
  for (const section of draft.elf.sections) {
    if (draft.roles.get(section.index) === 'structOps') collectStructOpsSection(draft, btf, section);
  }
}

/** Each variable of the section is one struct_ops map; the section's BTF says which and where. */
function collectStructOpsSection(draft: ObjectDraft, btf: RecordView, section: ElfSection): void {
  const { log } = draft;
  const datasec = idNamed(btf, section.name, Kind.datasec);
  if (datasec === 0) throw failure(log, Errno.EINVAL, `struct_ops init: DATASEC ${section.name} not found`);
  for (const { typeId, offset } of btf.variables(datasec)) {
    const name = btf.name(typeId);
    const struct = btf.resolve(btf.target(typeId));
    const typeName = btf.name(struct);
    if (typeName === '') throw failure(log, Errno.EOPNOTSUPP, 'struct_ops init: anonymous type is not supported');
    if (btf.kind(struct) !== Kind.struct)
      throw failure(log, Errno.EINVAL, `struct_ops init: ${typeName} is not a struct`);
    const size = btf.size(struct);
    if (offset + size > section.bytes.length) {
      const text = `struct_ops init: var ${name} is beyond the end of DATASEC ${section.name}`;
      throw failure(log, Errno.EINVAL, text);
    }
    const link = section.name.endsWith('.link');
    tell(log, () => `struct_ops init: struct ${typeName}(type_id=${struct}) ${name} found at offset ${offset}`);
    draft.maps.push({
      name,
      sectionName: undefined,
      origin: 'structOps',
      sectionIndex: section.index,
      sectionOffset: offset,
      type: bpf_map_type.BPF_MAP_TYPE_STRUCT_OPS,
      keySize: 4,
      valueSize: size,
      maxEntries: 1,
      // Of sections that end in `.link`, a link registers the operations, instead of the update of the element.
      flags: link ? BPF_F_LINK : 0,
      mapExtra: 0n,
      numaNode: 0,
      keyTypeId: 0,
      valueTypeId: struct,
      ifindex: 0,
      pinPath: undefined,
      autocreate: !section.name.startsWith('?'),
      inner: undefined,
      initialValue: undefined,
      slots: [],
      structOps: {
        typeId: struct,
        typeName,
        data: section.bytes.slice(offset, offset + size),
        programs: new Map(),
        link,
      },
    });
  }
}
