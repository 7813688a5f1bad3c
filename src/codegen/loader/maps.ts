// The part of a loader program that makes maps. Source: gen_loader.c of libbpf, bpf_gen__map_create and
// bpf_gen__map_update_elem.
import { Errno } from '../../errors/index.ts';
import {
  dataMapName,
  type DiagnosticLog,
  errorText,
  failure,
  firstContents,
  type MapSpec,
  ObjectError,
  type ObjectSpec,
} from '../../object/index.ts';
import {
  attr_map_create,
  attr_map_elem,
  BPF_F_ALL_CPUS,
  bpf_cmd,
  bpf_func_id,
  isMapInMap,
  holdsPrograms,
  takesBtf,
  bpf_map_type,
} from '../../uapi/index.ts';
import { type Emitter, Jump, Register } from './emitter.ts';
import { contextHeader, mapPlaces, mostMaps, Stack } from './layout.ts';
import type { Steps } from './steps.ts';

/** A loader program cannot pin, but whoever generates one meets the pins an object asks for. */
export interface MapPins {
  /** Whether a map that fits is pinned already. ObjectError, after a warning, where one is that does not. */
  isPinned(map: MapSpec): boolean;
  /** ObjectError, after a warning, where the map cannot be pinned. */
  pin(map: MapSpec): void;
}

export interface MapsContext {
  readonly emitter: Emitter;
  readonly log: DiagnosticLog;
  readonly steps: Steps;
  readonly spec: ObjectSpec;
  /** Offset in the blob of the array of descriptors. */
  readonly fdArray: number;
  readonly possibleCpus: number;
  readonly contents: ReadonlyMap<number, Uint8Array>;
  /** What the caller of the loader may override is left out. */
  readonly signed: boolean;
  readonly pins: MapPins | undefined;
  /** Of all maps. */
  readonly moreFlags: number;
}

/** Of the context's flags: first contents lie in kernel memory. */
const inKernelMemory = 1;

/** Writes what creates and fills all maps. Returns how many; those of an object follow each other without a gap. */
export function emitMaps(context: MapsContext): number {
  let made = 0;
  for (const [index, map] of context.spec.maps.entries()) {
    if (!map.autocreate) continue;
    try {
      made = emitMap(context, { index, map, made });
    } catch (error) {
      if (error instanceof ObjectError) {
        context.log('warn', `map '${map.name}': failed to create: ${errorText(error.errno)}`);
      }
      throw error;
    }
  }
  return made;
}

function emitMap(context: MapsContext, entry: { index: number; map: MapSpec; made: number }): number {
  const { steps, log, pins } = context;
  const { index, map } = entry;
  let { made } = entry;
  if (map.pinPath !== undefined && pins?.isPinned(map)) return made;
  if (isMapInMap(map.type) && map.inner) emitCreate(context, map.inner, undefined);
  emitCreate(context, map, index);
  if (index !== made) steps.fail(new ObjectError(`map '${map.name}' follows one that is not created`, Errno.EDOM));
  else if (made === mostMaps) {
    log('warn', `Total maps exceeds ${mostMaps}`);
    steps.fail(new ObjectError(`more than ${mostMaps} maps`, Errno.E2BIG));
  } else made++;
  steps.run((emitter) => {
    emitter.loadAddress(1, slotOf(context, index));
    emitter.store({ register: 1, offset: 0 }, 4, Register.RESULT);
  });
  if (isMapInMap(map.type)) steps.run((emitter) => emitter.closeOnStack(Stack.innerMap));
  if (map.sectionName !== undefined) steps.run(() => fill(context, index, map));
  if (map.type === bpf_map_type.BPF_MAP_TYPE_ARENA && map.initialValue) {
    throw failure(log, Errno.EOPNOTSUPP, `map '${map.name}': a loader program cannot fill an arena`);
  }
  if (!holdsPrograms(map.type)) fillSlots(context, index, map);
  if (map.pinPath === undefined) return made;
  try {
    if (pins === undefined)
      throw new ObjectError(`map '${map.name}' cannot be pinned by a loader program`, Errno.EINVAL);
    pins.pin(map);
    return made;
  } catch (cause) {
    if (!(cause instanceof ObjectError)) throw cause;
    const { errno } = cause;
    const text = `map '${map.name}': failed to auto-pin at '${map.pinPath}': ${errorText(errno)}`;
    throw failure(log, errno, text, { cause });
  }
}

const slotOf = ({ fdArray }: MapsContext, index: number) => fdArray + index * 4;

/** Leaves the new map's descriptor in the result register; that of an inner map, without index, on the stack. */
function emitCreate(context: MapsContext, map: MapSpec, index: number | undefined): void {
  const { spec } = context;
  const isPerCpuList = map.type === bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY && map.maxEntries === 0;
  const withBtf = spec.btf !== undefined && takesBtf(map.type);
  const valueType = withBtf ? map.valueTypeId : 0;
  context.steps.run((emitter) => {
    const attribute = emitter.blob.addAttribute(attr_map_create, 'map_extra', {
      map_type: map.type,
      key_size: map.keySize,
      value_size: map.valueSize,
      max_entries: isPerCpuList ? context.possibleCpus : map.maxEntries,
      map_flags: map.flags | context.moreFlags,
      numa_node: map.numaNode,
      map_name: map.sectionName === undefined ? map.name : dataMapName(spec.name, map.sectionName),
      map_ifindex: map.ifindex,
      btf_key_type_id: withBtf ? map.keyTypeId : 0,
      btf_value_type_id: valueType,
      map_extra: map.mapExtra,
    });
    if (valueType !== 0) emitter.copyFromStack(attribute.member('btf_fd'), 4, Stack.btf);
    if (isMapInMap(map.type)) emitter.copyFromStack(attribute.member('inner_map_fd'), 4, Stack.innerMap);
    if (index !== undefined && !context.signed) {
      emitter.overrideFromContext(attribute.member('max_entries'), 4, mapPlaces(index).maxEntries);
    }
    emitter.systemCall(bpf_cmd.BPF_MAP_CREATE, attribute);
    emitter.checkResult();
    if (index === undefined) {
      emitter.store({ register: Register.STACK, offset: Stack.innerMap }, 4, Register.RESULT);
    }
  });
}

/** Global data: the object's first contents, or what the caller of the loader points to. */
function fill(context: MapsContext, index: number, map: MapSpec): void {
  const { emitter } = context;
  const given = context.contents.get(index);
  const hasContents = given !== undefined || map.initialValue !== undefined;
  const value = hasContents ? emitter.blob.add(firstContents(map, given)) : emitter.blob.reserve(map.valueSize);
  const key = emitter.blob.reserve(4);
  if (!context.signed) {
    emitter.load(3, 8, { register: Register.CONTEXT, offset: mapPlaces(index).initialValue });
    // Past the 8 slots of the copy: without a pointer the contents in the blob stand.
    emitter.jump(Jump.equal, { register: 3, immediate: 0 }, 8);
    emitter.loadAddress(1, value);
    emitter.set(2, map.valueSize);
    emitter.load(0, 4, { register: Register.CONTEXT, offset: contextHeader.flags });
    // Past the call for user memory and the jump behind it.
    emitter.jump(Jump.set, { register: 0, immediate: inKernelMemory }, 2);
    emitter.call(bpf_func_id.BPF_FUNC_copy_from_user);
    emitter.skip(1);
    emitter.call(bpf_func_id.BPF_FUNC_probe_read_kernel);
  }
  update(context, index, { key, value, flags: map.origin === 'percpu' ? BPF_F_ALL_CPUS : 0 });
  if (map.origin !== 'rodata' && map.origin !== 'kconfig') return;
  const attribute = emitter.blob.addAttribute(attr_map_elem, 'map_fd', {});
  emitter.copyInBlob(attribute.member('map_fd'), 4, slotOf(context, index));
  emitter.systemCall(bpf_cmd.BPF_MAP_FREEZE, attribute);
  emitter.checkResult();
}

function fillSlots(context: MapsContext, index: number, map: MapSpec): void {
  for (const [slot, target] of map.slots.entries()) {
    if (target === undefined) continue;
    context.steps.run(({ blob }) => {
      update(context, index, { key: blob.addWord(slot), value: slotOf(context, target) });
    });
  }
}

function update(context: MapsContext, index: number, element: { key: number; value: number; flags?: number }): void {
  const { emitter } = context;
  const attribute = emitter.blob.addAttribute(attr_map_elem, 'flags', { flags: element.flags ?? 0 });
  emitter.copyInBlob(attribute.member('map_fd'), 4, slotOf(context, index));
  emitter.storePointer(attribute.member('key'), element.key);
  emitter.storePointer(attribute.member('value'), element.value);
  emitter.systemCall(bpf_cmd.BPF_MAP_UPDATE_ELEM, attribute);
  emitter.checkResult();
}
