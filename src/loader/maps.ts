import { Errno } from '../errors/index.ts';
import { possibleCpus } from '../host/index.ts';
import {
  arenaDataOffset,
  type DiagnosticLog,
  errorText,
  failure,
  firstContents,
  mapNameInside,
  type MapSpec,
  ObjectError,
  ringSize,
  tell,
} from '../object/index.ts';
import { type Kernel, PROT_READ, PROT_WRITE, SC_PAGESIZE } from '../sys/index.ts';
import {
  BPF_F_ALL_CPUS,
  mapType,
  isMapInMap,
  holdsPrograms,
  takesBtf,
  bpf_map_type,
  BPF_F_RDONLY_PROG,
  BPF_F_MMAPABLE,
  BPF_F_VTYPE_BTF_OBJ_FD,
} from '../uapi/index.ts';
import { createMap, freezeMap, type MapInfo, openFdPinned, tryMapInfo } from '../bpf/index.ts';
import { setElement } from '../kernel/index.ts';
import type { Cleanup } from './cleanup.ts';
import type { Features } from './features.ts';
import type { MadeMap } from './loaded-map.ts';
import { hintAtMemoryLimit } from './permission.ts';
import { pinMap } from './pin.ts';

export interface MapContext {
  readonly kernel: Kernel;
  readonly log: DiagnosticLog;
  readonly features: Features;
  readonly cleanup: Cleanup;
  readonly objectName: string;
  /** 0 if the object has no BTF in the kernel. */
  readonly btfFd: number;
  /** Contents by map index, where they differ from the spec's. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
  /** Fds of existing maps to use instead, by map index. They stay the caller's. */
  readonly replacements: ReadonlyMap<number, number>;
  /** Ids of kernel types of struct_ops maps, by map index. */
  readonly structOps: ReadonlyMap<number, { vmlinuxValueTypeId: number; valueSize: number; moduleFd: number }>;
}

/** One value for each of a per-CPU map's. */
const onAllCpus = BigInt(BPF_F_ALL_CPUS);

/** Creates (or finds) all maps, fills and freezes global data, and pins those that ask for it. */
export function createMaps(context: MapContext, specs: readonly MapSpec[]): (MadeMap | undefined)[] {
  const maps: (MadeMap | undefined)[] = specs.map(() => undefined);
  for (const index of insidesFirst(specs)) {
    const spec = specs[index]!;
    try {
      const isWanted = isCreated(context, spec);
      if (!isWanted) tell(context.log, () => `map '${insideName(context, spec)}': skipped auto-creating...`);
      if (isWanted) maps[index] = reuseOrCreate(context, { index, spec, maps });
    } catch (error) {
      if (error instanceof ObjectError && !(error instanceof ArenaUnmapped)) {
        context.log('warn', `map '${spec.name}': failed to create: ${errorText(error.errno)}`);
        hintAtMemoryLimit(context.kernel, context.log, error.errno);
      }
      throw error;
    }
  }
  return maps;
}

/**
 * Indexes of maps in the order in which they can be made: those that an outer map starts with before it. Compilers may
 * declare them in any order.
 */
function insidesFirst(specs: readonly MapSpec[]): number[] {
  const order = new Set<number>();
  const underWay = new Set<number>();
  const add = (index: number) => {
    if (order.has(index) || underWay.has(index)) return;
    underWay.add(index);
    const { type, slots } = specs[index]!;
    if (isMapInMap(type)) for (const slot of slots) if (slot !== undefined) add(slot);
    order.add(index);
  };
  for (const index of specs.keys()) add(index);
  return [...order];
}

function insideName(context: MapContext, spec: MapSpec): string {
  return mapNameInside(context.objectName, spec);
}

/** Sizes that depend on the machine are reported once they are known. */
function tellSize({ kernel, log }: MapContext, spec: MapSpec): void {
  const entries = effectiveEntries(kernel, spec);
  if (entries !== spec.maxEntries) tell(log, () => `map '${spec.name}': setting size to ${entries}`);
}

/** Kernels that let no program at per-CPU data have no use for the map; programs that refer to it are refused later. */
function isCreated({ features }: MapContext, spec: MapSpec): boolean {
  return spec.autocreate && (spec.origin !== 'percpu' || features.has('percpuData'));
}

interface MapCreation {
  readonly index: number;
  readonly spec: MapSpec;
  /** Those made so far. */
  readonly maps: readonly (MadeMap | undefined)[];
}

function reuseOrCreate(context: MapContext, creation: MapCreation): MadeMap {
  const { kernel, log } = context;
  const { spec } = creation;
  for (let retried = false; ; retried = true) {
    tellSize(context, spec);
    const existing = reuse(context, creation);
    if (existing) tell(log, () => `map '${insideName(context, spec)}': skipping creation (preset fd=${existing.fd})`);
    const map = existing ?? create(context, creation);
    if (!map.pinPath || map.pinned) return map;
    try {
      pinMap({ kernel, log, cleanup: context.cleanup }, map, undefined);
      return map;
    } catch (cause) {
      if (!(cause instanceof ObjectError)) throw cause;
      const { errno } = cause;
      // Someone else pinned one in the meantime: use that.
      if (errno === Errno.EEXIST && !retried) continue;
      const text = `map '${spec.name}': failed to auto-pin at '${map.pinPath}': ${errorText(errno)}`;
      throw failure(log, errno, text, { cause });
    }
  }
}

function reuse(context: MapContext, { index, spec }: MapCreation): MadeMap | undefined {
  const { kernel, cleanup } = context;
  const given = context.replacements.get(index);
  if (given !== undefined) {
    const facts = tryMapInfo(kernel, given);
    if (typeof facts === 'number') throw new ObjectError(`map '${spec.name}': no information of its stand-in`, -facts);
    const fd = kernel.duplicate(given);
    if (fd < 0) throw new ObjectError(`map '${spec.name}': cannot duplicate its stand-in`, -fd);
    return existing(spec, facts, { fd: cleanup.fd(fd), pinPath: spec.pinPath, pinned: false });
  }
  const pinned = findPinned(context, spec);
  return pinned && existing(spec, pinned.facts, { fd: cleanup.fd(pinned.fd), pinPath: spec.pinPath, pinned: true });
}

/** The map that is pinned where this one is to be; the caller's to close. ObjectError, after warnings, if it does not fit. */
export function findPinned(
  { kernel, log }: Pick<MapContext, 'kernel' | 'log'>,
  spec: MapSpec,
): { fd: number; facts: MapInfo } | undefined {
  if (spec.pinPath === undefined) return undefined;
  const fd = openFdPinned(kernel, spec.pinPath);
  // Not pinned yet: the map is made, and pinned there.
  if (fd === -Errno.ENOENT) {
    tell(log, () => `found no pinned map to reuse at '${spec.pinPath}'`);
    return undefined;
  }
  const bad = (errno: number, text: string) => {
    log('warn', text);
    return failure(log, errno, `map '${spec.name}': error reusing pinned map`);
  };
  if (fd < 0) throw bad(-fd, `couldn't retrieve pinned map '${spec.pinPath}': ${errorText(fd)}`);
  const facts = tryMapInfo(kernel, fd);
  if (typeof facts === 'number' || !isCompatible(spec, facts, effectiveEntries(kernel, spec))) {
    kernel.close(fd);
    throw bad(Errno.EINVAL, `couldn't reuse pinned map at '${spec.pinPath}': parameter mismatch`);
  }
  tell(log, () => `reused pinned map at '${spec.pinPath}'`);
  return { fd, facts };
}

function existing(
  spec: MapSpec,
  facts: MapInfo,
  state: { fd: number; pinPath: string | undefined; pinned: boolean },
): MadeMap {
  // The kernel has only the first 15 characters of a name.
  const isCut = facts.name.length === 15 && spec.name.startsWith(facts.name);
  return { name: isCut ? spec.name : facts.name, spec, maxEntries: facts.maxEntries, reused: true, ...state };
}

/** `entries`: as many as the map would be made with. */
function isCompatible(spec: MapSpec, facts: MapInfo, entries: number): boolean {
  // The kernel adds the flag to device maps itself.
  const flags = mapType(spec.type)?.isReadOnlyForPrograms ? facts.flags & ~BPF_F_RDONLY_PROG : facts.flags;
  return (
    facts.type === spec.type &&
    facts.keySize === spec.keySize &&
    facts.valueSize === spec.valueSize &&
    facts.maxEntries === entries &&
    flags === spec.flags &&
    facts.mapExtra === spec.mapExtra
  );
}

function create(context: MapContext, creation: MapCreation): MadeMap {
  const { kernel, cleanup } = context;
  const { index, spec } = creation;
  const maxEntries = effectiveEntries(kernel, spec);
  const fd = cleanup.fd(createOne(context, { index, spec, maxEntries }));
  tell(context.log, () => `map '${insideName(context, spec)}': created successfully, fd=${fd}`);
  const map: MadeMap = {
    name: spec.name,
    spec,
    fd,
    maxEntries,
    pinPath: spec.pinPath,
    pinned: false,
    reused: false,
  };
  if (spec.sectionName !== undefined) fill(context, { index, spec, fd });
  if (spec.type === bpf_map_type.BPF_MAP_TYPE_ARENA) fillArena(context, spec, fd);
  if (!holdsPrograms(spec.type)) fillSlots(context, map, creation.maps);
  return map;
}

/** Entries as this machine needs them: one for each CPU in perf event arrays, whole pages in ring buffers. */
function effectiveEntries(kernel: Kernel, spec: MapSpec): number {
  if (spec.type === bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY && spec.maxEntries === 0) return possibleCpus(kernel);
  return mapType(spec.type)?.isRing
    ? ringSize(spec.maxEntries, kernel.systemConfiguration(SC_PAGESIZE))
    : spec.maxEntries;
}

function createOne(context: MapContext, creation: { index: number; spec: MapSpec; maxEntries: number }): number {
  const { kernel, log, features } = context;
  const { spec } = creation;
  // The kernel asks for an example of the inner maps, which is closed again: only its properties count.
  let innerMapFd = 0;
  if (isMapInMap(spec.type) && spec.inner) {
    try {
      innerMapFd = createOne(context, {
        index: -1,
        spec: spec.inner,
        maxEntries: effectiveEntries(kernel, spec.inner),
      });
    } catch (error) {
      if (error instanceof ObjectError) {
        log('warn', `map '${spec.name}': failed to create inner map: ${errorText(error.errno)}`);
      }
      throw error;
    }
  }
  const structOps = context.structOps.get(creation.index);
  const withBtf = context.btfFd > 0 && takesBtf(spec.type);
  const isModuleType = structOps !== undefined && structOps.moduleFd > 0;
  let request = {
    type: spec.type,
    // Sections may have characters the kernel takes in no name.
    name: spec.sectionName === undefined ? spec.name : spec.name.replace(/[^A-Za-z0-9_.]/g, '_'),
    keySize: spec.keySize,
    valueSize: structOps?.valueSize ?? spec.valueSize,
    maxEntries: creation.maxEntries,
    flags: spec.flags | (isModuleType ? BPF_F_VTYPE_BTF_OBJ_FD : 0),
    mapExtra: spec.mapExtra,
    numaNode: spec.numaNode,
    ifindex: spec.ifindex,
    innerMapFd,
    btfFd: withBtf ? context.btfFd : 0,
    keyTypeId: withBtf ? spec.keyTypeId : 0,
    valueTypeId: withBtf && !structOps ? spec.valueTypeId : 0,
    vmlinuxValueTypeId: structOps?.vmlinuxValueTypeId ?? 0,
    valueTypeBtfFd: isModuleType ? structOps.moduleFd : 0,
  };
  let fd = createMap(kernel, request);
  // -EPERM says that it is not for the name.
  if (fd < 0 && fd !== -1 && request.name !== '' && !features.has('progName')) {
    request = { ...request, name: '' };
    fd = createMap(kernel, request);
  }
  // Without the flag the loader still fills the map by an update.
  if (fd < 0 && spec.sectionName !== undefined && request.flags & BPF_F_MMAPABLE && !features.has('arrayMmap')) {
    request = { ...request, flags: request.flags & ~BPF_F_MMAPABLE };
    fd = createMap(kernel, request);
  }
  if (fd < 0 && (request.keyTypeId !== 0 || request.valueTypeId !== 0)) {
    log('warn', `Error in bpf_create_map_xattr(${spec.name}): ${errorText(fd)}. Retrying without BTF.`);
    fd = createMap(kernel, { ...request, btfFd: 0, keyTypeId: 0, valueTypeId: 0 });
  }
  if (innerMapFd > 0) kernel.close(innerMapFd);
  if (fd < 0) throw new ObjectError(`map '${spec.name}': failed to create`, -fd);
  return fd;
}

function fill(context: MapContext, map: { index: number; spec: MapSpec; fd: number }): void {
  const { kernel, log } = context;
  const { spec, fd } = map;
  const value = firstContents(spec, context.contents.get(map.index));
  const bad = (errno: number, text: string) => failure(log, errno, `map '${spec.name}': ${text}: ${errorText(errno)}`);
  const flags = spec.origin === 'percpu' ? onAllCpus : 0n;
  const updated = setElement(kernel, fd, { key: new Uint8Array(4), value, flags });
  if (updated < 0) throw bad(-updated, 'failed to set initial contents');
  if (spec.origin !== 'rodata' && spec.origin !== 'kconfig') return;
  // Afterwards no update from user space succeeds, so that the verifier may take the values for constants.
  const frozen = freezeMap(kernel, fd);
  if (frozen < 0) throw bad(-frozen, 'failed to freeze as read-only');
}

/** What libbpf says no more of than this. */
class ArenaUnmapped extends ObjectError {}

/** The first mapping gives an arena its address, where it states none, and is how its first contents get in. */
function fillArena(context: MapContext, spec: MapSpec, fd: number): void {
  const { kernel, log, features } = context;
  const length = spec.maxEntries * kernel.systemConfiguration(SC_PAGESIZE);
  // The address at which programs and user space see the arena.
  const where = spec.mapExtra === 0n ? {} : { at: spec.mapExtra };
  const mapping = kernel.map({ fd, length, protection: PROT_READ | PROT_WRITE, ...where });
  if (typeof mapping === 'number') {
    const text = `map '${spec.name}': failed to mmap arena: ${errorText(mapping)}`;
    log('warn', text);
    throw new ArenaUnmapped(text, -mapping);
  }
  if (spec.initialValue) {
    const offset = usableArenaOffset(features, spec);
    new Uint8Array(mapping.buffer, offset, spec.initialValue.length).set(spec.initialValue);
  }
  mapping.close();
}

/** Bytes before the global variables in an arena; 0 on kernels whose instructions cannot say more. */
export function usableArenaOffset(features: Features, spec: MapSpec): number {
  return features.has('fullRangeLoadOffset') ? arenaDataOffset(spec) : 0;
}

function fillSlots(context: MapContext, map: MadeMap, maps: readonly (MadeMap | undefined)[]): void {
  for (const [slot, target] of map.spec.slots.entries()) {
    if (target === undefined) continue;
    const inner = maps[target];
    const result = inner ? setSlot(context.kernel, map.fd, { slot, fd: inner.fd }) : -Errno.EBADF;
    if (result >= 0) {
      tell(context.log, () => `map '${map.name}': slot [${slot}] set to map '${inner!.name}' fd=${inner!.fd}`);
      continue;
    }
    const name = inner?.name ?? `#${target}`;
    const text = `map '${map.name}': failed to initialize slot [${slot}] to map '${name}' fd=${inner?.fd ?? -1}: ${errorText(result)}`;
    throw failure(context.log, -result, text);
  }
}

/** Puts an fd into element `slot` of a map of maps or programs. */
export function setSlot(kernel: Kernel, mapFd: number, entry: { slot: number; fd: number }): number {
  const key = new Uint8Array(4);
  const value = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, entry.slot, true);
  new DataView(value.buffer).setInt32(0, entry.fd, true);
  return setElement(kernel, mapFd, { key, value });
}
