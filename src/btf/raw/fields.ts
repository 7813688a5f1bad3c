/** What raw dumps call the things they say of a type, in either format. Writers prepare the text around each once. */
export const fieldNames = [
  'bitfield_size',
  'bits_offset',
  'component_idx',
  'encoding',
  'fwd_kind',
  'id',
  'index_type_id',
  'kind',
  'linkage',
  'members',
  'name',
  'nr_bits',
  'nr_elems',
  'offset',
  'params',
  'ret_type_id',
  'size',
  'type_id',
  'val',
  'values',
  'vars',
  'vlen',
] as const;

/** Field → its index in `fieldNames`. */
export const field = Object.fromEntries(fieldNames.map((name, index) => [name, index])) as Readonly<
  Record<(typeof fieldNames)[number], number>
>;
