/** What a CO-RE relocation asks of a type, field or enumerator (BPF_CORE_*). */
export const Core = {
  FIELD_BYTE_OFFSET: 0,
  FIELD_BYTE_SIZE: 1,
  FIELD_EXISTS: 2,
  FIELD_SIGNED: 3,
  FIELD_LSHIFT_U64: 4,
  FIELD_RSHIFT_U64: 5,
  TYPE_ID_LOCAL: 6,
  TYPE_ID_TARGET: 7,
  TYPE_EXISTS: 8,
  TYPE_SIZE: 9,
  ENUMVAL_EXISTS: 10,
  ENUMVAL_VALUE: 11,
  TYPE_MATCHES: 12,
} as const;

const names = [
  'byte_off',
  'byte_sz',
  'field_exists',
  'signed',
  'lshift_u64',
  'rshift_u64',
  'local_type_id',
  'target_type_id',
  'type_exists',
  'type_size',
  'enumval_exists',
  'enumval_value',
  'type_matches',
];

/** The name that libbpf gives a kind of CO-RE relocation in its messages. */
export function coreKindName(kind: number): string {
  return names[kind] ?? 'unknown';
}

/** True for relocations about a field: its offset, size, existence, sign, shifts. */
export function isFieldKind(kind: number): boolean {
  return kind <= Core.FIELD_RSHIFT_U64;
}

/** True for relocations about a whole type: its id, existence, size, match. */
export function isTypeKind(kind: number): boolean {
  return (kind >= Core.TYPE_ID_LOCAL && kind <= Core.TYPE_SIZE) || kind === Core.TYPE_MATCHES;
}

/** True for relocations about an enumerator: its existence or value. */
export function isEnumeratorKind(kind: number): boolean {
  return kind === Core.ENUMVAL_EXISTS || kind === Core.ENUMVAL_VALUE;
}
