// The three ways in which CO-RE compares an object's types with a target's. Source: relo_core.c of libbpf,
// __bpf_core_types_are_compat, bpf_core_fields_are_compat and __bpf_core_types_match.
import { ParseError } from '../../errors/index.ts';
import { isComposite, Kind, type RecordView } from '../../btf/index.ts';
import { essentialName } from '../externs.ts';

/** A type of some BTF. */
export interface TypeRef {
  readonly btf: RecordView;
  readonly id: number;
}

/** Levels of recursion, and steps along one chain, after which libbpf gives up. */
const deepest = 32;

/** Kinds of types without members that may match. */
const comparedKinds: ReadonlySet<number> = new Set([Kind.void, Kind.int, Kind.ptr, Kind.array, Kind.func_proto]);

/** Where in a comparison of types one is, and what receives the kinds that are never compared. */
export interface ComparisonState {
  readonly level?: number;
  readonly behindPointer?: boolean;
  readonly warn?: ((text: string) => void) | undefined;
}

function oddKind(local: TypeRef, target: TypeRef, at: ComparisonState): boolean {
  const kind = local.btf.kindName(local.id);
  at.warn?.(`unexpected kind ${kind} relocated, local [${local.id}], target [${target.id}]`);
  return false;
}

/** True for enums of either width. */
export function isEnum(kind: number): boolean {
  return kind === Kind.enum || kind === Kind.enum64;
}

/** Same kind; enumerations of either width count as one. */
export function kindsAreCompatible(a: number, b: number): boolean {
  return a === b || (isEnum(a) && isEnum(b));
}

function resolved(type: TypeRef): TypeRef {
  return { btf: type.btf, id: type.btf.resolve(type.id) };
}

function kindOf(type: TypeRef): number {
  return type.btf.kind(type.id);
}

/** BTF of a hostile object may refer to itself: what does not end is an error, not a difference. */
function tooDeep(): ParseError {
  return new ParseError('BTF', 0, 'types nest too deep');
}

/**
 * Whether two types have the same shape, names and sizes aside: pointers and arrays by what they refer to, functions by
 * their parameters. Root names are the caller's business. ParseError for endless chains.
 */
export function typesAreCompatible(localType: TypeRef, targetType: TypeRef, at: ComparisonState = {}): boolean {
  const { level = deepest } = at;
  if (!kindsAreCompatible(kindOf(localType), kindOf(targetType))) return false;
  let local = resolved(localType);
  let target = resolved(targetType);
  for (let depth = 0; depth < deepest; depth++) {
    const kind = kindOf(local);
    if (!kindsAreCompatible(kind, kindOf(target))) return false;
    switch (kind) {
      case Kind.int:
        // Integers of any width and sign go together; only those that old compilers used for bit-fields do not.
        return local.btf.intEncoding(local.id).offset === 0 && target.btf.intEncoding(target.id).offset === 0;
      case Kind.ptr:
        local = resolved({ btf: local.btf, id: local.btf.target(local.id) });
        target = resolved({ btf: target.btf, id: target.btf.target(target.id) });
        break;
      case Kind.array:
        local = resolved({ btf: local.btf, id: local.btf.array(local.id).elementTypeId });
        target = resolved({ btf: target.btf, id: target.btf.array(target.id).elementTypeId });
        break;
      case Kind.func_proto: {
        const count = local.btf.vlen(local.id);
        if (count !== target.btf.vlen(target.id)) return false;
        if (count > 0 && level <= 0) throw tooDeep();
        for (let index = 0; index < count; index++) {
          const a = resolved({ btf: local.btf, id: local.btf.parameter(local.id, index).typeId });
          const b = resolved({ btf: target.btf, id: target.btf.parameter(target.id, index).typeId });
          if (!typesAreCompatible(a, b, { ...at, level: level - 1 })) return false;
        }
        local = resolved({ btf: local.btf, id: local.btf.target(local.id) });
        target = resolved({ btf: target.btf, id: target.btf.target(target.id) });
        break;
      }
      case Kind.void:
      case Kind.struct:
      case Kind.union:
      case Kind.enum:
      case Kind.enum64:
      case Kind.fwd:
        return true;
      default:
        return oddKind(local, target, at);
    }
  }
  throw tooDeep();
}

/** Whether a field of one type may stand for one of another: any two structs or unions, any two pointers, ... */
export function fieldsAreCompatible(localType: TypeRef, targetType: TypeRef): boolean {
  let local = resolved(localType);
  let target = resolved(targetType);
  for (let depth = 0; depth < deepest; depth++) {
    const kind = kindOf(local);
    const other = kindOf(target);
    if (isComposite(kind) && isComposite(other)) return true;
    if (!kindsAreCompatible(kind, other)) return false;
    switch (kind) {
      case Kind.ptr:
      case Kind.float:
        return true;
      case Kind.fwd:
      case Kind.enum:
      // Enumerations without a name go with any other.
      case Kind.enum64: {
        const a = essentialName(local.btf.name(local.id));
        const b = essentialName(target.btf.name(target.id));
        return a === '' || b === '' || a === b;
      }
      case Kind.int:
        return local.btf.intEncoding(local.id).offset === 0 && target.btf.intEncoding(target.id).offset === 0;
      case Kind.array:
        local = resolved({ btf: local.btf, id: local.btf.array(local.id).elementTypeId });
        target = resolved({ btf: target.btf, id: target.btf.array(target.id).elementTypeId });
        break;
      default:
        return false;
    }
  }
  throw tooDeep();
}

/** A target without a name matches only a local type without one, where the flavour suffix does not count. */
function namesMatch(local: string, target: string): boolean {
  return target === '' ? local === '' : essentialName(local) === essentialName(target);
}

/**
 * Whether the target has everything the local type states: members by name and type, enumerators by name, numbers by
 * size and sign. Behind a pointer only names and kinds count. ParseError for endless chains.
 */
export function typesMatch(localType: TypeRef, targetType: TypeRef, at: ComparisonState = {}): boolean {
  const { level = deepest } = at;
  if (level <= 0) throw tooDeep();
  let local = localType;
  let target = targetType;
  let { behindPointer = false } = at;
  for (let depth = 0; depth < deepest; depth++) {
    local = resolved(local);
    target = resolved(target);
    if (!namesMatch(local.btf.name(local.id), target.btf.name(target.id))) return false;
    const kind = kindOf(local);
    const other = kindOf(target);
    if (kind === Kind.fwd) return forwardMatches(local, target, { behindPointer });
    if (isEnum(kind)) return isEnum(other) && enumsMatch(local, target);
    if (isComposite(kind)) {
      // The other side may have it declared only, as the kernel has for types whose members a file does not use.
      if (behindPointer) {
        if (kind === other) return true;
        return other === Kind.fwd && (kind === Kind.union) === target.btf.kindFlag(target.id);
      }
      return kind === other && compositesMatch(local, target, { ...at, level });
    }
    if (!comparedKinds.has(kind)) return oddKind(local, target, at);
    if (kind !== other) return false;
    switch (kind) {
      case Kind.void:
        return true;
      case Kind.int:
        return (
          local.btf.size(local.id) === target.btf.size(target.id) &&
          local.btf.intEncoding(local.id).signed === target.btf.intEncoding(target.id).signed
        );
      case Kind.ptr:
        // From here on structs and unions count by kind and name alone, since the members behind are not accessed.
        behindPointer = true;
        local = { btf: local.btf, id: local.btf.target(local.id) };
        target = { btf: target.btf, id: target.btf.target(target.id) };
        break;
      case Kind.array: {
        const a = local.btf.array(local.id);
        const b = target.btf.array(target.id);
        if (a.length !== b.length) return false;
        local = { btf: local.btf, id: a.elementTypeId };
        target = { btf: target.btf, id: b.elementTypeId };
        break;
      }
      case Kind.func_proto: {
        const count = local.btf.vlen(local.id);
        if (count !== target.btf.vlen(target.id)) return false;
        for (let index = 0; index < count; index++) {
          const a = { btf: local.btf, id: local.btf.parameter(local.id, index).typeId };
          const b = { btf: target.btf, id: target.btf.parameter(target.id, index).typeId };
          if (!typesMatch(a, b, { ...at, behindPointer, level: level - 1 })) return false;
        }
        local = { btf: local.btf, id: local.btf.target(local.id) };
        target = { btf: target.btf, id: target.btf.target(target.id) };
        break;
      }
      default:
        return false;
    }
  }
  throw tooDeep();
}

/** `struct name;` goes with another such declaration, and behind a pointer with the definition too. */
function forwardMatches(local: TypeRef, target: TypeRef, { behindPointer }: { behindPointer: boolean }): boolean {
  const isUnion = local.btf.kindFlag(local.id);
  const other = kindOf(target);
  if (other === Kind.fwd) return isUnion === target.btf.kindFlag(target.id);
  return behindPointer && other === (isUnion ? Kind.union : Kind.struct);
}

/** The target may have more enumerators, and other values for them: only the names count. */
function enumsMatch(local: TypeRef, target: TypeRef): boolean {
  const [a, b] = [local.btf.vlen(local.id), target.btf.vlen(target.id)];
  if (local.btf.size(local.id) !== target.btf.size(target.id) || a > b) return false;
  const known = new Set<string>();
  for (let index = 0; index < b; index++) known.add(essentialName(target.btf.enumValue(target.id, index).name));
  for (let index = 0; index < a; index++) {
    if (!known.has(essentialName(local.btf.enumValue(local.id, index).name))) return false;
  }
  return true;
}

/** The target may have more members, in any order and at any offset. */
function compositesMatch(local: TypeRef, target: TypeRef, at: ComparisonState & { level: number }): boolean {
  const members = local.btf.members(local.id);
  const others = target.btf.members(target.id);
  if (members.length > others.length) return false;
  return members.every((member) =>
    others.some(
      (other) =>
        namesMatch(member.name, other.name) &&
        typesMatch(
          { btf: local.btf, id: member.typeId },
          { btf: target.btf, id: other.typeId },
          { ...at, behindPointer: false, level: at.level - 1 },
        ),
    ),
  );
}
