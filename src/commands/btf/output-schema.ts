// JSON Schemas of what `btf` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anyOf,
  cutShort,
  flag,
  holdersMember,
  i32,
  type JsonSchema,
  list,
  nullOf,
  oneOf,
  type OutputSchemas,
  outputOf,
  record,
  reference,
  text,
  u32,
} from '../shared/json-schema.ts';

type Members = Parameters<typeof record>[1];

const btf = record(
  'A BTF object.',
  {
    id: u32('Id of the BTF object'),
    size: u32('Size of its data, in bytes'),
    prog_ids: list('Programs described by it', u32('Id of a program')),
    map_ids: list('Maps described by it', u32('Id of a map')),
    kernel: flag('Whether it describes the kernel or one of its modules'),
  },
  { ...holdersMember, name: text('Name of the module, or vmlinux; absent if it has none') },
);

const typeId = { type_id: u32('Id of the type it refers to; 0 = void') };
const size = { size: u32('Size in bytes') };
const length = { vlen: u32('Number of entries in the list') };
const name = { name: text('Its name; (anon) if it has none') };
const linkage = { linkage: oneOf('Who may see it', ['static', 'global', 'extern', '(unknown)']) };

const typeOf = (description: string, kinds: readonly string[], members: Members = {}): JsonSchema =>
  record(description, {
    id: u32('Id of the type'),
    kind: oneOf('Kind of the type', kinds),
    ...name,
    ...members,
  });

const member = record(
  'A member.',
  { ...name, ...typeId, bits_offset: u32('Where it begins, in bits from the start of the type') },
  { bitfield_size: u32('Size in bits; only of a bit field') },
);
const enumeration = {
  encoding: oneOf('Whether values are signed', ['SIGNED', 'UNSIGNED']),
  ...size,
  ...length,
  values: list(
    'Its values',
    record('A value.', { ...name, val: { description: 'The number (64 bits)', type: 'integer' } }),
  ),
};

const types = [
  typeOf('void.', ['UNKNOWN']),
  typeOf('An integer.', ['INT'], {
    ...size,
    bits_offset: u32('Where its bits begin'),
    nr_bits: u32('How many bits it has'),
    encoding: oneOf('How its bits are read', ['(none)', 'SIGNED', 'CHAR', 'BOOL', 'UNKN']),
  }),
  typeOf('A type made of one other.', ['PTR', 'CONST', 'VOLATILE', 'RESTRICT', 'TYPEDEF', 'TYPE_TAG'], typeId),
  typeOf('An array.', ['ARRAY'], {
    type_id: u32('Id of the type of an element'),
    index_type_id: u32('Id of the type of its index'),
    nr_elems: u32('How many elements it has'),
  }),
  typeOf('A struct or union.', ['STRUCT', 'UNION'], { ...size, ...length, members: list('Its members', member) }),
  typeOf('An enumeration.', ['ENUM', 'ENUM64'], enumeration),
  typeOf('A type known by name only.', ['FWD'], { fwd_kind: oneOf('What it is', ['struct', 'union']) }),
  typeOf('A function.', ['FUNC'], { type_id: u32('Id of its prototype'), ...linkage }),
  typeOf('A function prototype.', ['FUNC_PROTO'], {
    ret_type_id: u32('Id of the type of its result; 0 = void'),
    ...length,
    params: list('Its parameters', record('A parameter.', { ...name, ...typeId })),
  }),
  typeOf('A variable.', ['VAR'], { ...typeId, ...linkage }),
  typeOf('A data section.', ['DATASEC'], {
    ...size,
    ...length,
    vars: list(
      'Its variables',
      record('A variable.', { type_id: u32('Id of the variable'), offset: u32('Where it is, in bytes'), ...size }),
    ),
  }),
  typeOf('A floating point number.', ['FLOAT'], size),
  typeOf('A note on a declaration.', ['DECL_TAG'], {
    ...typeId,
    component_idx: i32('Index of the member or parameter it is on; -1 = the whole declaration'),
  }),
];

const show = (verb: string): OutputSchemas =>
  outputOf(
    `btf ${verb}`,
    'All BTF objects as a list, or the one that was asked for.',
    anyOf(reference('btf'), list('All BTF objects', reference('btf'))),
    { failures: [cutShort(reference('btf'))], definitions: { btf } },
  );

const foundType = record(
  'A type of that name.',
  { id: u32('Id of the type'), kind: text('Kind of the type'), name: text('Its name'), c: text('Its definition in C') },
  { size: u32('Size in bytes; absent if it has none') },
);
const place = record(
  'Where a member lies in a struct or union on the way; the last is the one that holds the member.',
  {
    path: text('The members up to this one'),
    container_id: u32('Id of the struct or union'),
    byte_offset: u32('Where it begins, in bytes'),
    bit_offset: u32('Where it begins, in bits'),
    bit_field: flag('Whether it is a bit-field'),
    type_id: u32('Id of its type'),
    type: text('Its type in C'),
  },
  { bit_size: u32('Size in bits'), size: u32('Size of its type in bytes; absent if it has none') },
);

export const btfSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...nullOf(['btf help'], 'The usage text is not printed as JSON.'),
  ...outputOf(
    'btf dump',
    'The types of a BTF object in format raw; format c has no JSON.',
    record('Types.', { types: list('By id, or those that were asked for', reference('type')) }),
    { definitions: { type: anyOf(...types) } },
  ),
  ...outputOf('btf types', 'TypeScript declarations have no JSON form: the command fails.', {
    description: 'There is none.',
    not: {},
  }),
  ...outputOf(
    'btf find',
    'Types by name or pattern, or where a member lies.',
    anyOf(list('Types', reference('foundType')), list('Places', reference('place'))),
    { definitions: { foundType, place } },
  ),
};
