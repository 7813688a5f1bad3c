// Access strings: `0:1:2` is the member 2 of the member 1 of the struct that the pointer is of, the first number being
// an index as of an array of such structs. Source: relo_core.c of libbpf, bpf_core_parse_spec and bpf_core_spec_match.
import { Errno } from '../../errors/index.ts';
import { encodeUtf8 } from '../../bytes/index.ts';
import { isComposite, Kind, nextMemberNamed, type RecordView } from '../../btf/index.ts';
import type { TypeRelocation } from '../spec.ts';
import { ObjectError } from '../failure.ts';
import { fieldsAreCompatible, isEnum, type TypeRef, typesAreCompatible, typesMatch } from './compatible.ts';
import { essentialName } from '../externs.ts';
import { Core, coreKindName, isEnumeratorKind, isFieldKind, isTypeKind } from './kinds.ts';

/** One meaningful step of an access: a named member, an enumerator, or (without a name) an array element. */
export interface Step {
  readonly typeId: number;
  readonly index: number;
  readonly name: string | undefined;
}

/** A type, or a field or enumerator reached from it. */
export interface AccessPath {
  readonly btf: RecordView;
  readonly rootId: number;
  /** BPF_CORE_* */
  readonly kind: number;
  /** All steps, anonymous members included, as indexes. */
  readonly raw: number[];
  readonly steps: Step[];
  /** From the start of the root type, in bits. */
  bitOffset: number;
}

/** BPF_CORE_SPEC_MAX_LEN of libbpf. */
const longest = 64;

/** An array of length 0 that any index may be into. */
function isFlexible(btf: RecordView, last: Step | undefined, length: number): boolean {
  // Only as the last member of a struct.
  return last?.name !== undefined && length === 0 && last.index === btf.vlen(last.typeId) - 1;
}

/**
 * Reads what a relocation of an object says of the object's own types. ObjectError if it makes no sense there; `warn`
 * gets what libbpf says of a step into something without members, after the program's name.
 */
export function parsePath(
  btf: RecordView,
  relocation: TypeRelocation,
  warn: (text: string) => void = () => undefined,
): AccessPath {
  const { kind, typeId, access } = relocation;
  const path: AccessPath = { btf, rootId: typeId, kind, raw: [], steps: [], bitOffset: 0 };
  const bad = () => new ObjectError(`CO-RE access '${access}' does not fit type ${typeId}`, Errno.EINVAL);
  if (!btf.has(typeId)) throw bad();
  if (isTypeKind(kind)) {
    if (access !== '0') throw bad();
    return path;
  }
  if (!/^\d{1,10}(:\d{1,10})*$/.test(access)) throw bad();
  path.raw.push(...access.split(':').map(Number));
  if (path.raw.length > longest) throw new ObjectError(`CO-RE access '${access}' nests too deep`, Errno.E2BIG);
  // libbpf reads the numbers as int.
  if (path.raw.some((index) => index > 0x7fffffff)) throw bad();
  let id = btf.resolve(typeId);
  const first = path.raw[0]!;
  if (isEnumeratorKind(kind)) {
    if (!isEnum(btf.kind(id)) || path.raw.length > 1 || first >= btf.vlen(id)) throw bad();
    path.steps.push({ typeId: id, index: first, name: btf.enumValue(id, first).name });
    return path;
  }
  if (!isFieldKind(kind)) throw bad();
  path.steps.push({ typeId: id, index: first, name: undefined });
  path.bitOffset = first * sizeOrThrow(btf, id) * 8;
  for (const [at, index] of path.raw.entries()) {
    if (at === 0) continue;
    id = btf.resolve(id);
    if (isComposite(btf.kind(id))) {
      if (index >= btf.vlen(id)) throw bad();
      const member = btf.member(id, index);
      path.bitOffset += member.bitOffset;
      // Anonymous structs and unions are no step, since the target may nest its members in another way.
      if (member.name !== '') path.steps.push({ typeId: id, index, name: member.name });
      id = member.typeId;
    } else if (btf.kind(id) === Kind.array) {
      const array = btf.array(id);
      const flexible = isFlexible(btf, path.steps.at(-1), array.length);
      if (!flexible && index >= array.length) throw bad();
      id = btf.resolve(array.elementTypeId);
      path.steps.push({ typeId: id, index, name: undefined });
      path.bitOffset += index * sizeOrThrow(btf, id) * 8;
    } else {
      const captured = `captures type [${id}] of unexpected kind ${btf.kindName(id)}`;
      warn(`relo for [${typeId}] ${access} (at idx ${at}) ${captured}`);
      throw bad();
    }
  }
  return path;
}

function sizeOrThrow(btf: RecordView, id: number): number {
  const size = btf.sizeOf(id);
  if (size === undefined) throw new ObjectError(`type ${id} has no size`, Errno.EINVAL);
  return size;
}

/** A path of the same kind that begins, and so far ends, at a candidate type of the target. */
export function pathTo(target: TypeRef, kind: number): AccessPath {
  return { btf: target.btf, rootId: target.id, kind, raw: [], steps: [], bitOffset: 0 };
}

/**
 * Extends a path to what the local one reaches; false if the candidate has no such thing. ObjectError or ParseError for
 * types that nest too deep; the path then ends where it happened. `warn` gets oddities that are no error.
 */
export function matchPath(
  local: AccessPath,
  path: AccessPath,
  warn: (text: string) => void = () => undefined,
): boolean {
  const { btf, rootId } = path;
  if (isTypeKind(local.kind)) {
    const compare = local.kind === Core.TYPE_MATCHES ? typesMatch : typesAreCompatible;
    return compare({ btf: local.btf, id: local.rootId }, { btf, id: rootId }, { warn });
  }
  if (isEnumeratorKind(local.kind)) return matchEnumerator(local, path);
  let id = rootId;
  for (const [at, step] of local.steps.entries()) {
    id = btf.resolve(id);
    if (step.name !== undefined) {
      const next = matchMember(local.btf, step, path, id);
      if (next === undefined) return false;
      id = next;
      continue;
    }
    // The first step counts whole values of the root type.
    if (at > 0) {
      if (btf.kind(id) !== Kind.array) return false;
      const array = btf.array(id);
      if (!isFlexible(btf, path.steps.at(-1), array.length) && step.index >= array.length) return false;
      id = btf.resolve(array.elementTypeId);
    }
    if (path.raw.length === longest) throw new ObjectError('CO-RE access nests too deep', Errno.E2BIG);
    path.steps.push({ typeId: id, index: step.index, name: undefined });
    path.raw.push(step.index);
    path.bitOffset += step.index * sizeOrThrow(btf, id) * 8;
  }
  return true;
}

/** By name: the index, and with it the value, may be another one in the target. */
function matchEnumerator(local: AccessPath, path: AccessPath): boolean {
  const { btf } = path;
  const id = btf.resolve(path.rootId);
  if (!isEnum(btf.kind(id))) return false;
  const essential = essentialName(local.steps[0]!.name!);
  for (let index = 0; index < btf.vlen(id); index++) {
    const { name } = btf.enumValue(id, index);
    if (essentialName(name) !== essential) continue;
    path.steps.push({ typeId: id, index, name });
    path.raw.push(index);
    return true;
  }
  return false;
}

/** Looks for a member by name, through anonymous members; returns its type and extends the path. */
function matchMember(localBtf: RecordView, step: Step, path: AccessPath, typeId: number): number | undefined {
  const { btf } = path;
  const id = btf.resolve(typeId);
  if (!isComposite(btf.kind(id))) return undefined;
  const count = btf.vlen(id);
  const encoded = encodeUtf8(step.name!);
  if (count > 0 && path.raw.length === longest) throw new ObjectError('CO-RE access nests too deep', Errno.E2BIG);
  const next = (from: number) => nextMemberNamed(btf, id, from, encoded);
  for (let index = next(0); index < count; index = next(index + 1)) {
    const member = btf.member(id, index);
    path.bitOffset += member.bitOffset;
    path.raw.push(index);
    if (member.name === '') {
      const found = matchMember(localBtf, step, path, member.typeId);
      if (found !== undefined) return found;
    } else {
      const field = { btf: localBtf, id: localBtf.member(step.typeId, step.index).typeId };
      // C knows one member of a name, so that no other one is looked for.
      if (!fieldsAreCompatible(field, { btf, id: member.typeId })) return undefined;
      path.steps.push({ typeId: id, index, name: member.name });
      return member.typeId;
    }
    path.bitOffset -= member.bitOffset;
    path.raw.pop();
  }
  return undefined;
}

/** `<byte_off> [7] struct sample.a[3] (0:1:3 @ offset 24)`, as libbpf's diagnostics have it. */
export function formatPath(path: AccessPath): string {
  const { btf, kind } = path;
  const name = btf.name(path.rootId);
  const head = `<${coreKindName(kind)}> [${path.rootId}] ${btf.kindName(path.rootId)} ${name === '' ? '<anon>' : name}`;
  if (isTypeKind(kind)) return head;
  if (isEnumeratorKind(kind)) {
    const id = btf.resolve(path.rootId);
    // A candidate without the enumerator is shown with its first one, as libbpf does.
    const index = path.raw[0] ?? 0;
    if (index >= btf.vlen(id)) return head;
    const value = btf.enumValue(id, index);
    return `${head}::${value.name} = ${value.value}`;
  }
  let text = head;
  for (const [at, step] of path.steps.entries()) {
    if (step.name !== undefined) text += `.${step.name}`;
    else if (at > 0 || step.index > 0) text += `[${step.index}]`;
  }
  const rest = path.bitOffset % 8;
  const offset = `${Math.floor(path.bitOffset / 8)}${rest === 0 ? '' : `.${rest}`}`;
  return `${text} (${path.raw.join(':')} @ offset ${offset})`;
}
