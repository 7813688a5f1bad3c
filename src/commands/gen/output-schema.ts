// JSON Schemas of what `gen` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anyOf,
  flag,
  list,
  type OutputSchemas,
  oneOf,
  outputOf,
  record,
  reference,
  silenceOf,
  text,
  u32,
} from '../shared/json-schema.ts';

const typeId = (description: string) => u32(`${description}: id of one of the types, 0 for void`);
const kind = (...kinds: string[]) => oneOf('Kind of type', kinds);
const id = u32('Id of the type in the BTF of the object');
const name = text('Its name, empty if it has none');
const size = u32('Bytes');
const number = { type: 'string', pattern: '^-?[0-9]+$' };

const types = [
  record('A whole number.', {
    id,
    kind: kind('int'),
    name,
    size,
    bits: u32('Bits of it that count'),
    signed: flag('It has a sign'),
    char: flag('It is a character'),
    bool: flag('It is a truth value'),
  }),
  record('A floating-point number.', { id, kind: kind('float'), name, size }),
  record('An array.', {
    id,
    kind: kind('array'),
    elementType: typeId('Type of its elements'),
    length: u32('Number of its elements'),
  }),
  record('A struct or union.', {
    id,
    kind: kind('struct', 'union'),
    name,
    size,
    members: list(
      'Its members',
      record('A member.', {
        name,
        type: typeId('Its type'),
        bitOffset: u32('Bits before it'),
        bitSize: u32('Bits of a bit-field, 0 if it is none'),
      }),
    ),
  }),
  record('An enum.', {
    id,
    kind: kind('enum', 'enum64'),
    name,
    size,
    signed: flag('Its values have signs'),
    values: list('Its values', record('A value.', { name, value: { description: 'In decimal', ...number } })),
  }),
  record('Another name of a type, or what qualifies one.', {
    id,
    kind: kind('typedef', 'const', 'volatile', 'restrict', 'type_tag', 'var'),
    name,
    type: typeId('What it stands for'),
  }),
  record('A type whose values say nothing of another: a pointer.', {
    id,
    kind: kind('ptr', 'fwd', 'func', 'func_proto', 'decl_tag'),
    text: text('The type as C, in short'),
  }),
];

const map = record(
  'A map that the object declares.',
  {
    name: text('Its name'),
    type: text('Type of map, as map show prints it'),
    use: oneOf('Whether it has keys and values, events, or neither', ['elements', 'events', 'other']),
    keySize: u32('Bytes of a key'),
    valueSize: u32('Bytes of a value, for one processor'),
    maxEntries: u32('Number of entries it may have, 0 where the object leaves it open'),
    flags: u32('BPF_F_* it is created with'),
    perCpu: flag('It has a value for each processor'),
  },
  {
    keyType: typeId('Type of its keys; bytes if absent'),
    valueType: typeId('Type of its values; bytes if absent'),
    eventType: typeId('Type of its events; bytes if absent'),
  },
);

const variable = record('A global variable.', {
  name: text('Its name'),
  section: text('The section it is in'),
  map: u32('Place of its map among all of the object'),
  offset: u32('Bytes before it in the value of that map'),
  size,
  type: typeId('Its type'),
  access: oneOf('Whether it may be set always, before loading, or never', [
    'variable',
    'constant',
    'kernelConfiguration',
  ]),
});

const program = record('A program, an entry point.', {
  name: text('Its name'),
  section: text('The section it is in'),
  type: text('Type of program, as prog show prints it'),
  attach: oneOf('Where it is attached: auto, as its section says; none, nowhere by itself; else what has to be named', [
    'auto',
    'none',
    'kprobe',
    'kprobeMulti',
    'ksyscall',
    'uprobe',
    'uprobeMulti',
    'usdt',
    'tracepoint',
    'rawTracepoint',
    'tracingMulti',
    'xdp',
    'tcx',
    'netkit',
    'cgroup',
    'netns',
    'sockMap',
    'netfilter',
    'perfEvent',
    'tc',
    'socket',
  ]),
});

const description = record('An object file, for programs that use it.', {
  name: text('Name of the object'),
  license: text('Licence of its programs'),
  maps: list('Its maps', reference('map')),
  variables: list('Its global variables but static ones', reference('variable')),
  programs: list('Its programs', reference('program')),
  types: list('The types that keys, values, events and variables are made of', reference('type')),
});

export const genSchemas: OutputSchemas = {
  ...silenceOf('gen min_core_btf', 'The minimal BTF is a file.'),
  ...silenceOf('gen object', 'The linked object is a file.'),
  ...outputOf(
    'gen skeleton',
    'With --lang json. C and TypeScript are printed as they are, with -j too; inside the document of a batch as a string.',
    description,
    { definitions: { map, variable, program, type: anyOf(...types) } },
  ),
  ...silenceOf('gen subskeleton', 'C is printed, with -j too; inside the document of a batch it is a string.'),
};
