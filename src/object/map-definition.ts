// Maps that are declared in `SEC(".maps")`. The macros of bpf_helpers.h carry numbers in types, so that the compiler
// puts them into BTF: __uint(name, 5) is `int (*name)[5]`, __type(key, T) is `T *key`, __array(values, T) is
// `T *values[]`, and __ulong(name, 5) is an enum with the one value 5. Source: libbpf.c, parse_btf_map_def.
import { Errno } from '../errors/index.ts';
import { isMapInMap, holdsPrograms } from '../uapi/index.ts';
import { Kind, type RecordMember, type RecordView } from '../btf/index.ts';
import { type DiagnosticLog, failure, tell } from './failure.ts';

/** A map as a BTF-defined declaration states it. */
export interface MapDefinition {
  /** BPF_MAP_TYPE_* */
  type: number;
  /** Bytes; 0 for maps without keys. */
  keySize: number;
  valueSize: number;
  /** 0 where the declaration states none: the loader fills some of them in, such as for perf event arrays. */
  maxEntries: number;
  /** BPF_F_* of BPF_MAP_CREATE. */
  flags: number;
  /** Counts only together with BPF_F_NUMA_NODE in the flags. */
  numaNode: number;
  /**
   * `map_extra` of BPF_MAP_CREATE, whose meaning depends on the type: hash functions of a bloom filter, an arena's
   * address.
   */
  mapExtra: bigint;
  /** Ids in the object's BTF; 0 where only a size is stated. */
  keyTypeId: number;
  valueTypeId: number;
  /** LIBBPF_PIN_BY_NAME */
  pinByName: boolean;
  /** The maps that a map of maps takes. */
  inner: MapDefinition | undefined;
  /** Names of the attributes that were stated. */
  stated: Set<string>;
}

export interface MapDefinitionContext {
  readonly btf: RecordView;
  readonly log: DiagnosticLog;
  /** Unknown attributes are ignored. */
  readonly relaxed: boolean;
}

/** Reads the attributes of a BTF-defined map from its struct type. ObjectError, with libbpf's words, if they are wrong. */
export function readMapDefinition(
  context: MapDefinitionContext,
  map: { name: string; typeId: number; isInner: boolean },
): MapDefinition {
  const { btf, log } = context;
  const definition: MapDefinition = {
    type: 0,
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    flags: 0,
    numaNode: 0,
    mapExtra: 0n,
    keyTypeId: 0,
    valueTypeId: 0,
    pinByName: false,
    inner: undefined,
    stated: new Set(),
  };
  const bad = (text: string, errno: number = Errno.EINVAL) => failure(log, errno, `map '${map.name}': ${text}`);
  // The number is the length of the array that is pointed to.
  const integer = (member: RecordMember): number => {
    const pointer = btf.resolve(member.typeId);
    if (btf.kind(pointer) !== Kind.ptr) {
      throw bad(`attr '${member.name}': expected PTR, got ${btf.kindName(pointer)}.`);
    }
    const target = btf.target(pointer);
    if (target !== 0 && !btf.has(target)) throw bad(`attr '${member.name}': type [${target}] not found.`);
    if (btf.kind(target) !== Kind.array) {
      throw bad(`attr '${member.name}': expected ARRAY, got ${btf.kindName(target)}.`);
    }
    return btf.array(target).length;
  };
  // `key` and `key_size` may both be stated, in either order, if they agree.
  const sized = (member: RecordMember, what: 'key' | 'value', known: number): { typeId: number; size: number } => {
    if (!btf.has(member.typeId)) throw bad(`${what} type [${member.typeId}] not found.`);
    if (btf.kind(member.typeId) !== Kind.ptr) {
      throw bad(`${what} spec is not PTR: ${btf.kindName(member.typeId)}.`);
    }
    const typeId = btf.target(member.typeId);
    const size = btf.sizeOf(typeId);
    if (size === undefined) throw bad(`can't determine ${what} size for type [${typeId}]: -22.`);
    if (known !== 0 && known !== size) throw bad(`conflicting ${what} size ${known} != ${size}.`);
    return { typeId, size };
  };

  const members = btf.members(map.typeId);
  for (const [index, member] of members.entries()) {
    definition.stated.add(member.name);
    switch (member.name) {
      case 'type':
        definition.type = integer(member);
        break;
      case 'max_entries':
        definition.maxEntries = integer(member);
        break;
      case 'map_flags':
        definition.flags = integer(member);
        break;
      case 'numa_node':
        definition.numaNode = integer(member);
        break;
      case 'key_size':
      case 'value_size': {
        const what = member.name === 'key_size' ? 'key' : 'value';
        const size = integer(member);
        const known = what === 'key' ? definition.keySize : definition.valueSize;
        if (known !== 0 && known !== size) throw bad(`conflicting ${what} size ${known} != ${size}.`);
        if (what === 'key') definition.keySize = size;
        else definition.valueSize = size;
        break;
      }
      case 'key': {
        const key = sized(member, 'key', definition.keySize);
        definition.keySize = key.size;
        definition.keyTypeId = key.typeId;
        break;
      }
      case 'value': {
        const value = sized(member, 'value', definition.valueSize);
        definition.valueSize = value.size;
        definition.valueTypeId = value.typeId;
        break;
      }
      case 'values': {
        const programs = holdsPrograms(definition.type);
        const maps = isMapInMap(definition.type);
        if (map.isInner) throw bad('multi-level inner maps not supported.', Errno.EOPNOTSUPP);
        // It is a flexible array, of which the static initialisers make the variable larger than its type.
        if (index !== members.length - 1) throw bad("'values' member should be last.");
        if (!maps && !programs) throw bad('should be map-in-map or prog-array.', Errno.EOPNOTSUPP);
        // Values are descriptors or ids, both 32-bit numbers.
        if (definition.valueSize !== 0 && definition.valueSize !== 4) {
          throw bad(`conflicting value size ${definition.valueSize} != 4.`);
        }
        definition.valueSize = 4;
        const typeId = innerType(context, bad, member, programs ? 'programs' : 'maps');
        if (typeId !== undefined) {
          definition.inner = readMapDefinition(context, { name: `${map.name}.inner`, typeId, isInner: true });
        }
        break;
      }
      case 'pinning': {
        if (map.isInner) throw bad("inner def can't be pinned.");
        const pinning = integer(member);
        // LIBBPF_PIN_NONE and LIBBPF_PIN_BY_NAME.
        if (pinning !== 0 && pinning !== 1) throw bad(`invalid pinning value ${pinning}.`);
        definition.pinByName = pinning === 1;
        break;
      }
      case 'map_extra':
        definition.mapExtra = longInteger(context, bad, member, integer);
        break;
      default:
        if (!context.relaxed) throw bad(`unknown field '${member.name}'.`, Errno.EOPNOTSUPP);
        tell(log, () => `map '${map.name}': ignoring unknown field '${member.name}'.`);
    }
  }
  // BPF_MAP_TYPE_UNSPEC.
  if (definition.type === 0) throw bad("map type isn't specified.");
  return definition;
}

/** Tells what a declaration stated, in libbpf's words. */
export function tellDefinition(
  log: DiagnosticLog,
  name: string,
  definition: MapDefinition & { maxEntries: number },
): void {
  const { stated } = definition;
  const found = (attribute: string, text: string) => {
    if (stated.has(attribute)) tell(log, () => `map '${name}': found ${text}.`);
  };
  found('type', `type = ${definition.type}`);
  if (stated.has('key')) found('key', `key [${definition.keyTypeId}], sz = ${definition.keySize}`);
  else found('key_size', `key_size = ${definition.keySize}`);
  if (stated.has('value')) found('value', `value [${definition.valueTypeId}], sz = ${definition.valueSize}`);
  else found('value_size', `value_size = ${definition.valueSize}`);
  found('max_entries', `max_entries = ${definition.maxEntries}`);
  found('map_flags', `map_flags = 0x${definition.flags.toString(16)}`);
  found('map_extra', `map_extra = 0x${definition.mapExtra.toString(16)}`);
  found('pinning', `pinning = ${Number(definition.pinByName)}`);
  found('numa_node', `numa_node = ${definition.numaNode}`);
  if (definition.inner) found('values', 'inner map definition');
}

type Bad = (text: string, errno?: number) => Error;

/** Type id of the struct that describes inner maps; undefined for program arrays. */
function innerType(
  context: MapDefinitionContext,
  bad: Bad,
  member: RecordMember,
  content: 'maps' | 'programs',
): number | undefined {
  const { btf } = context;
  const what = content === 'maps' ? 'map-in-map inner' : 'prog-array value';
  if (!btf.has(member.typeId)) throw bad(`${what} type [${member.typeId}] not found.`);
  if (btf.kind(member.typeId) !== Kind.array || btf.array(member.typeId).length !== 0) {
    throw bad(`${what} spec is not a zero-sized array.`);
  }
  const pointer = btf.resolve(btf.array(member.typeId).elementTypeId);
  if (btf.kind(pointer) !== Kind.ptr) throw bad(`${what} def is of unexpected kind ${btf.kindName(pointer)}.`);
  const target = btf.resolve(btf.target(pointer));
  const expected = content === 'maps' ? Kind.struct : Kind.func_proto;
  if (btf.kind(target) !== expected) throw bad(`${what} def is of unexpected kind ${btf.kindName(target)}.`);
  return content === 'maps' ? target : undefined;
}

/** A 64-bit number: an array's length cannot hold it, an enumerator of an enum64 can. */
function longInteger(
  { btf }: MapDefinitionContext,
  bad: Bad,
  member: RecordMember,
  integer: (member: RecordMember) => number,
): bigint {
  const typeId = btf.resolve(member.typeId);
  const kind = btf.kind(typeId);
  if (kind === Kind.ptr) return BigInt(integer(member));
  if (kind !== Kind.enum && kind !== Kind.enum64) {
    throw bad(`attr '${member.name}': expected ENUM or ENUM64, got ${btf.kindName(typeId)}.`);
  }
  if (btf.vlen(typeId) !== 1) throw bad(`attr '${member.name}': invalid __ulong`);
  return BigInt.asUintN(64, btf.enumValue(typeId, 0).value);
}
