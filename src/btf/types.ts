/** A member of a struct or union. Offsets and sizes in bits; `bitSize` is 0 unless the member is a bit-field. */
export interface BtfMember {
  readonly name: string;
  readonly typeId: number;
  readonly bitOffset: number;
  readonly bitSize: number;
}

/** A parameter of a function prototype. A last one without name and type means that more may follow. */
export interface BtfParam {
  readonly name: string;
  readonly typeId: number;
}

/** A value of an enum. */
export interface BtfEnumerator {
  readonly name: string;
  /** Sign as the enum's; bigint for enum64. */
  readonly value: number | bigint;
}

/** A variable in a section. Offset and size in bytes. */
export interface BtfSectionVar {
  readonly typeId: number;
  readonly offset: number;
  readonly size: number;
}

/** What every type has. */
export interface BtfTypeBase {
  /** Id within the BTF; 0 is void. */
  readonly id: number;
  /** Empty where anonymous. */
  readonly name: string;
}

/** No type at all: id 0. */
export interface BtfVoid extends BtfTypeBase {
  readonly kind: 'void';
}
/** An integer, a character or a boolean. */
export interface BtfInt extends BtfTypeBase {
  readonly kind: 'int';
  /** Bytes. */
  readonly size: number;
  readonly signed: boolean;
  readonly char: boolean;
  readonly bool: boolean;
  /** Number of bits that hold the value, and where they begin within `size` bytes. */
  readonly bits: number;
  readonly bitOffset: number;
}
/** A type that stands for another: pointers, typedefs, qualifiers, type tags. */
export interface BtfReference extends BtfTypeBase {
  readonly kind: 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag';
  readonly typeId: number;
  /** `kind_flag`: a type tag that is an attribute. */
  readonly kindFlag: boolean;
}
/** An array; `length` in elements. */
export interface BtfArray extends BtfTypeBase {
  readonly kind: 'array';
  readonly elementTypeId: number;
  readonly indexTypeId: number;
  readonly length: number;
}
/** A struct or union. */
export interface BtfComposite extends BtfTypeBase {
  readonly kind: 'struct' | 'union';
  /** Bytes. */
  readonly size: number;
  readonly members: readonly BtfMember[];
  /** Members carry their own bit-field sizes. */
  readonly kindFlag: boolean;
}
/** An enum, of up to 32 or 64 bits. Without values it is a forward declaration. */
export interface BtfEnum extends BtfTypeBase {
  readonly kind: 'enum' | 'enum64';
  /** Bytes. */
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly BtfEnumerator[];
}
/** A struct or union that is only declared. */
export interface BtfForward extends BtfTypeBase {
  readonly kind: 'fwd';
  readonly isUnion: boolean;
}
/** A function; `typeId` is its prototype. */
export interface BtfFunc extends BtfTypeBase {
  readonly kind: 'func';
  readonly typeId: number;
  /** BTF_FUNC_STATIC 0, GLOBAL 1, EXTERN 2. */
  readonly linkage: number;
}
/** Result and parameters of a function, or of what a pointer to one points at. */
export interface BtfFuncProto extends BtfTypeBase {
  readonly kind: 'func_proto';
  readonly returnTypeId: number;
  readonly params: readonly BtfParam[];
}
/** A variable of a section. */
export interface BtfVar extends BtfTypeBase {
  readonly kind: 'var';
  readonly typeId: number;
  /** BTF_VAR_STATIC 0, GLOBAL_ALLOCATED 1, GLOBAL_EXTERN 2. */
  readonly linkage: number;
}
/** A section and the variables in it. */
export interface BtfDatasec extends BtfTypeBase {
  readonly kind: 'datasec';
  /** Bytes. */
  readonly size: number;
  readonly vars: readonly BtfSectionVar[];
}
/** A floating-point number. */
export interface BtfFloat extends BtfTypeBase {
  readonly kind: 'float';
  /** Bytes. */
  readonly size: number;
}
/** A text attached to a declaration (BTF_KIND_DECL_TAG). */
export interface BtfDeclTag extends BtfTypeBase {
  readonly kind: 'decl_tag';
  readonly typeId: number;
  /** Member or parameter the tag is on; -1 for the type itself. */
  readonly componentIndex: number;
  readonly kindFlag: boolean;
}

/** A kind newer than this library, skipped by the sizes that its BTF's layout section gives. */
export interface BtfUnknown extends BtfTypeBase {
  readonly kind: 'unknown';
  /** BTF_KIND_* number. */
  readonly number: number;
  readonly kindFlag: boolean;
  readonly vlen: number;
  readonly sizeOrType: number;
}

/** A type of any kind, discriminated by `kind`. Source: Linux Documentation/bpf/btf.rst. */
export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfReference
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfForward
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag
  | BtfUnknown;

/** Names of the kinds of types. */
export type BtfKind = BtfType['kind'];

/** Kind names by BTF_KIND_* number. */
export const kindNames: readonly BtfKind[] = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
];
