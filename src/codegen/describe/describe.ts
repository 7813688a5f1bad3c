import { type Btf, type BtfType, parseBtf } from '../../btf/index.ts';
import { UsageError } from '../../errors/index.ts';
import type { MapSpec, ObjectSpec } from '../../object/index.ts';
import { mapTypeName, progTypeName, mapType, isPerCpu, takesBtf } from '../../uapi/index.ts';
import { type AttachKind, attachKind } from './attach-kind.ts';
import { reachedTypes } from './reached-types.ts';

/** What `describeObject` takes beyond the object itself. */
export interface DescribeOptions {
  /** Name of the object; the spec's unless given. */
  readonly name?: string;
  /** Names of the types of events, by name of the ring or perf buffer they come from. */
  readonly events?: Readonly<Record<string, string>>;
}

/** How a map is used: by keys and values, by reading its events, or by what neither says. */
export type MapUse = 'elements' | 'events' | 'other';

/** A map that an object declares. Sizes in bytes; types are ids among the object's. */
export interface MapDescription {
  readonly name: string;
  /** As bpftool names it: `hash`. */
  readonly type: string;
  readonly use: MapUse;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Undefined where keys are bytes. */
  readonly keyType: number | undefined;
  /** Undefined where values are bytes. */
  readonly valueType: number | undefined;
  /** There is a value for each processor. */
  readonly perCpu: boolean;
  /** Of the events of a ring or perf buffer; undefined where they are bytes. */
  readonly eventType: number | undefined;
}

/** A global variable. `offset` and `size` in bytes, of the value of its map. */
export interface VariableDescription {
  readonly name: string;
  readonly section: string;
  /** Place of its map among the object's. */
  readonly map: number;
  readonly offset: number;
  readonly size: number;
  readonly type: number;
  /** `constant`: may be set until the object is loaded; `kernelConfiguration`: set by loading it. */
  readonly access: 'variable' | 'constant' | 'kernelConfiguration';
}

/** A program, an entry point of an object. */
export interface ProgramDescription {
  readonly name: string;
  readonly section: string;
  /** As bpftool names it: `tracepoint`. */
  readonly type: string;
  readonly attach: AttachKind;
}

/** What the users of an object need to know of it, as plain data. */
export interface ObjectDescription {
  readonly name: string;
  readonly license: string;
  readonly maps: readonly MapDescription[];
  readonly variables: readonly VariableDescription[];
  readonly programs: readonly ProgramDescription[];
  /** The types that keys, values, events and variables are made of, by ascending id. Pointers are not followed. */
  readonly types: readonly BtfType[];
}

/** Bytes of BPF's pointers. */
const pointerSize = 8;
const staticLinkage = 0;

/** The types of an object as reading it left them; ids are those of its spec. Throws ParseError. */
export function objectTypes({ btf }: Pick<ObjectSpec, 'btf'>): Btf | undefined {
  return btf === undefined ? undefined : parseBtf(btf.finishAsGiven(), { pointerSize });
}

/**
 * Describes an object: its maps, global variables and programs with their types. Static variables, per-CPU ones, those of
 * arenas, and struct_ops maps are left out. UsageError where `events` names no buffer or no type, ParseError where types are damaged.
 */
export function describeObject(spec: ObjectSpec, options: DescribeOptions = {}): ObjectDescription {
  const btf = objectTypes(spec);
  const events = eventTypeIds(spec, btf, options.events ?? {});
  const maps = spec.maps.filter(({ origin }) => origin === 'user').map((map) => describeMap(map, events));
  const variables = describeVariables(spec, btf);
  const ids = [
    ...maps.flatMap(({ keyType, valueType, eventType }) => [keyType, valueType, eventType]),
    ...variables.map(({ type }) => type),
  ].filter((id) => id !== undefined);
  return {
    name: options.name ?? spec.name,
    license: spec.license,
    maps,
    variables,
    programs: spec.programs
      .filter(({ subprogram }) => !subprogram)
      .map((program) => ({
        name: program.name,
        section: program.sectionName,
        type: progTypeName(program.type) ?? String(program.type),
        attach: attachKind(program),
      })),
    types: btf === undefined ? [] : reachedTypes(btf, ids),
  };
}

function describeMap(map: MapSpec, events: ReadonlyMap<string, number>): MapDescription {
  const { name, type, keySize, valueSize, maxEntries, flags } = map;
  const isTyped = takesBtf(type);
  const typeOf = (id: number) => (isTyped && id !== 0 ? id : undefined);
  const use = mapType(type)?.use ?? 'elements';
  const declared = map.valueTypeId === 0 ? undefined : map.valueTypeId;
  return {
    name,
    type: mapTypeName(type) ?? String(type),
    use,
    keySize,
    valueSize,
    maxEntries,
    flags,
    keyType: use === 'elements' ? typeOf(map.keyTypeId) : undefined,
    valueType: use === 'elements' ? typeOf(map.valueTypeId) : undefined,
    perCpu: isPerCpu(type),
    eventType: use === 'events' ? (events.get(name) ?? declared) : undefined,
  };
}

function eventTypeIds(
  spec: ObjectSpec,
  btf: Btf | undefined,
  events: Readonly<Record<string, string>>,
): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [name, typeName] of Object.entries(events)) {
    const map = spec.maps.find((candidate) => candidate.name === name);
    if (map === undefined || !(mapType(map.type)?.use === 'events')) {
      const known = spec.maps.filter(({ type }) => mapType(type)?.use === 'events').map((candidate) => candidate.name);
      const others = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
      throw new UsageError(`'${name}' is no ring or perf buffer of the object: ${others}`);
    }
    if (btf === undefined) throw new UsageError(`the object has no BTF, so there is no type '${typeName}'`);
    const type = btf.idsByName(typeName).find((id) => eventKinds.has(btf.mustType(id).kind));
    if (type === undefined) throw new UsageError(`the object has no type '${typeName}' for the events of '${name}'`);
    ids.set(name, type);
  }
  return ids;
}

const eventKinds: ReadonlySet<string> = new Set(['struct', 'union', 'typedef', 'int', 'enum', 'enum64']);

function describeVariables(spec: ObjectSpec, btf: Btf | undefined): VariableDescription[] {
  if (btf === undefined) return [];
  const shown = shownVariables(spec, btf);
  return spec.variables.flatMap((variable): VariableDescription[] => {
    const map = spec.maps[variable.map]!;
    if (map.origin === 'percpu' || map.origin === 'user') return [];
    if (!shown.has(`${variable.map} ${variable.offset} ${variable.name}`)) return [];
    const { name, offset, size, typeId: type } = variable;
    const access = map.origin === 'kconfig' ? 'kernelConfiguration' : map.origin === 'rodata' ? 'constant' : 'variable';
    return [{ name, section: map.sectionName ?? '', map: variable.map, offset, size, type, access }];
  });
}

/** Those that are not static. */
function shownVariables(spec: ObjectSpec, btf: Btf): Set<string> {
  const shown = new Set<string>();
  for (const [index, map] of spec.maps.entries()) {
    const section = map.sectionName === undefined ? undefined : btf.typeById(map.valueTypeId);
    if (section?.kind !== 'datasec') continue;
    for (const { typeId, offset } of section.vars) {
      const variable = btf.typeById(typeId);
      if (variable?.kind !== 'var' || variable.linkage === staticLinkage) continue;
      shown.add(`${index} ${offset} ${variable.name}`);
    }
  }
  return shown;
}
