// The numbers that a CO-RE relocation writes into an instruction. Source: relo_core.c of libbpf, bpf_core_calc_relo and
// the functions that it calls.
import { Errno } from '../../errors/index.ts';
import { Kind, type RecordView } from '../../btf/index.ts';
import { ObjectError } from '../failure.ts';
import { isEnum } from './compatible.ts';
import { Core, isEnumeratorKind, isFieldKind, isTypeKind } from './kinds.ts';
import type { AccessPath } from './path.ts';

/** What an instruction holds and what it is to hold. */
export interface CoreValue {
  readonly original: bigint;
  readonly replacement: bigint;
  /** The target has no such thing, and the instruction cannot do without. */
  readonly poison: boolean;
  /** The instruction must hold `original`. */
  readonly validate: boolean;
  /** Width of the field in bytes, where a load or store may need another width; 0 if not. */
  readonly originalSize: number;
  readonly replacementSize: number;
  /** The widths differ in a way a load or store cannot follow. */
  readonly badSize: boolean;
}

/** What one side of a relocation, the object's types or the target's, has as the value. */
interface Side {
  value: bigint;
  validate: boolean;
  size: number;
  typeId: number;
}

/** Says the target lacks what the instruction cannot do without. */
const absent = Symbol('absent');

/**
 * The value of a relocation before and after, with `target` undefined if no candidate fits. `warn` gets what to say
 * about a relocation that makes no sense, before ObjectError is thrown.
 */
export function coreValue(
  local: AccessPath,
  target: AccessPath | undefined,
  warn: (text: string) => void = () => undefined,
): CoreValue {
  const { kind } = local;
  const before = side(local, kind, warn);
  const after = target ? side(target, kind, warn) : sideWithout(kind);
  if (after === absent) {
    return {
      original: 0n,
      replacement: 0n,
      poison: true,
      validate: true,
      originalSize: 0,
      replacementSize: 0,
      badSize: false,
    };
  }
  // Another width needs another load or store, and such a one can extend with zeros only.
  const differs = before.size !== after.size;
  return {
    original: before.value,
    replacement: after.value,
    poison: false,
    validate: before.validate,
    originalSize: before.size,
    replacementSize: after.size,
    badSize: isFieldKind(kind) && differs && target !== undefined && !canResize(local.btf, before, target.btf, after),
  };
}

/**
 * Pointers may differ in width, as may integers without a sign: a narrower load leaves the rest of the register zero.
 */
function canResize(localBtf: RecordView, before: Side, targetBtf: RecordView, after: Side): boolean {
  const a = localBtf.kind(before.typeId);
  const b = targetBtf.kind(after.typeId);
  if (a === Kind.ptr && b === Kind.ptr) return true;
  if (a !== Kind.int || b !== Kind.int) return false;
  const plainSigned = (btf: RecordView, id: number) => {
    const { signed, char, bool } = btf.intEncoding(id);
    return signed && !char && !bool;
  };
  return !plainSigned(localBtf, before.typeId) && !plainSigned(targetBtf, after.typeId);
}

/**
 * The answer of a target that has no such thing: 0 to questions about types and existence, else none could be right.
 */
function sideWithout(kind: number): Side | typeof absent {
  if (isTypeKind(kind) || kind === Core.FIELD_EXISTS || kind === Core.ENUMVAL_EXISTS) return plain(0n);
  return absent;
}

/** A value that is no place in memory, so that no width goes with it. */
function plain(value: bigint | number): Side {
  return { value: BigInt(value), validate: true, size: 0, typeId: 0 };
}

function side(path: AccessPath, kind: number, warn: (text: string) => void): Side {
  const { btf } = path;
  if (isFieldKind(kind)) return fieldSide(path, kind, warn);
  if (isEnumeratorKind(kind)) {
    if (kind === Core.ENUMVAL_EXISTS) return plain(1n);
    const step = path.steps[0]!;
    const { value } = btf.enumValue(step.typeId, step.index);
    // 32-bit enumerators count as signed, whatever their BTF says.
    const wide = btf.kind(step.typeId) === Kind.enum ? BigInt.asIntN(32, value) : value;
    return plain(BigInt.asUintN(64, wide));
  }
  switch (kind) {
    case Core.TYPE_ID_TARGET:
      // The linker may have renumbered the object's types since the compiler wrote the instruction.
      return { ...plain(path.rootId), validate: false };
    case Core.TYPE_EXISTS:
    // That a candidate is there at all is the answer.
    case Core.TYPE_MATCHES:
      return plain(1n);
    case Core.TYPE_SIZE:
      return plain(sizeOrThrow(btf, path.rootId));
    default:
      throw new ObjectError(`unrecognized CO-RE relocation kind ${kind}`, Errno.EOPNOTSUPP);
  }
}

function sizeOrThrow(btf: RecordView, id: number): number {
  const size = btf.sizeOf(id);
  if (size === undefined) throw new ObjectError(`type ${id} has no size`, Errno.EINVAL);
  return size;
}

/** Size of one element of an array of any dimension, or of the type itself. */
function elementSize(btf: RecordView, typeId: number): number {
  let id = btf.resolve(typeId);
  for (let depth = 0; btf.kind(id) === Kind.array && depth < 64; depth++) id = btf.resolve(btf.array(id).elementTypeId);
  return sizeOrThrow(btf, id);
}

/** The value of a relocation about a member or an array element, by the last step of its path. */
function fieldSide(path: AccessPath, kind: number, warn: (text: string) => void): Side {
  if (kind === Core.FIELD_EXISTS) return plain(1n);
  const { btf } = path;
  const step = path.steps.at(-1)!;
  // An array element has an offset and a size, but neither sign nor bits.
  if (step.name === undefined) {
    switch (kind) {
      case Core.FIELD_BYTE_OFFSET:
        return {
          value: BigInt(Math.floor(path.bitOffset / 8)),
          validate: true,
          size: elementSize(btf, step.typeId),
          typeId: step.typeId,
        };
      case Core.FIELD_BYTE_SIZE:
        return plain(sizeOrThrow(btf, step.typeId));
      default:
        warn("can't be applied to array access");
        throw new ObjectError(`CO-RE relocation kind ${kind} can't be applied to array access`, Errno.EINVAL);
    }
  }
  const member = btf.member(step.typeId, step.index);
  const typeId = btf.resolve(member.typeId);
  const place = placeOf(btf, { typeId, bitOffset: path.bitOffset, bitSize: member.bitSize }, warn);
  // Compilers choose the unit of a bit-field in several ways, so that its offset, size and shift are not checked.
  const isBitField = member.bitSize > 0;
  switch (kind) {
    case Core.FIELD_BYTE_OFFSET:
      return {
        value: BigInt(place.byteOffset),
        validate: !isBitField,
        size: isBitField ? 0 : elementSize(btf, typeId),
        typeId: isBitField ? 0 : typeId,
      };
    case Core.FIELD_BYTE_SIZE:
      return { ...plain(place.byteSize), validate: !isBitField };
    case Core.FIELD_SIGNED: {
      // Enumerations say by the kind flag of their info word that their values have a sign.
      const signed = isEnum(btf.kind(typeId))
        ? btf.kindFlag(typeId)
        : btf.kind(typeId) === Kind.int && btf.intEncoding(typeId).signed;
      return plain(signed ? 1n : 0n);
    }
    // To the left until the field's highest bit is that of a 64-bit register; the other shift then brings it down
    // again.
    case Core.FIELD_LSHIFT_U64: {
      const shift = btf.littleEndian
        ? 64 - (path.bitOffset + place.bitSize - place.byteOffset * 8)
        : (8 - place.byteSize) * 8 + (path.bitOffset - place.byteOffset * 8);
      return { ...plain(BigInt.asUintN(32, BigInt(shift))), validate: !isBitField };
    }
    case Core.FIELD_RSHIFT_U64:
      return plain(BigInt.asUintN(32, BigInt(64 - place.bitSize)));
    default:
      throw new ObjectError(`unrecognized CO-RE relocation kind ${kind}`, Errno.EOPNOTSUPP);
  }
}

/** The aligned unit that holds a field: for bit-fields the smallest power-of-two one that holds all its bits. */
function placeOf(
  btf: RecordView,
  field: { typeId: number; bitOffset: number; bitSize: number },
  warn: (text: string) => void,
): { byteOffset: number; byteSize: number; bitSize: number } {
  const size = sizeOrThrow(btf, field.typeId);
  if (field.bitSize === 0) {
    return { byteOffset: Math.floor(field.bitOffset / 8), byteSize: size, bitSize: size * 8 };
  }
  // The unit doubles until it has all bits; no load has more than 8 bytes.
  let byteSize = Math.max(1, size);
  const unit = () => Math.floor(field.bitOffset / 8 / byteSize) * byteSize;
  while (field.bitOffset + field.bitSize - unit() * 8 > byteSize * 8) {
    if (byteSize >= 8) {
      warn("can't be satisfied for bitfield");
      throw new ObjectError("CO-RE relocation can't be satisfied for bitfield", Errno.E2BIG);
    }
    byteSize *= 2;
  }
  return { byteOffset: unit(), byteSize, bitSize: field.bitSize };
}
