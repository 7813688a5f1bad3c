// JSON Schemas of what `map` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anyOf,
  anything,
  bytes,
  cutShort,
  deviceMember,
  flag,
  holdersMember,
  i32,
  list,
  nameOrNumber,
  nullOf,
  oneOf,
  type OutputSchemas,
  outputOf,
  pinnedMember,
  record,
  reference,
  text,
  u32,
  u64,
} from '../shared/json-schema.ts';

const header = { id: u32('Id of the map'), type: nameOrNumber('Type of the map, such as hash') };
const name = { name: text('Name of the map, up to 15 bytes; absent if it has none') };
const flags = { flags: u32('Flags the map was created with (BPF_F_*), as a decimal number') };

const map = record(
  'A map.',
  {
    ...header,
    ...flags,
    bytes_key: u32('Size of a key in bytes'),
    bytes_value: u32('Size of a value in bytes'),
    max_entries: u32('Most elements it can hold; for a ring buffer its size in bytes'),
    frozen: oneOf('1 if user space may no longer change it, else 0', [0, 1]),
  },
  {
    ...name,
    ...deviceMember,
    bytes_memlock: u64('Memory charged for it, in bytes'),
    owner_prog_type: nameOrNumber('Type of the programs that use a program array'),
    owner_jited: flag('Whether the programs that use a program array are translated to machine code'),
    btf_id: u32('Id of the BTF object that describes it; absent if none does'),
    ...pinnedMember,
    ...holdersMember,
  },
);

const key = { key: bytes('The key, byte by byte; empty where a map has no keys') };
const formattedKey = { key: anything('The key decoded with BTF; absent where a map has no keys') };
const cpu = { cpu: i32('Number of the CPU') };

/** Where a key's type cannot be printed the value is not tried. */
const formatted = (value: Parameters<typeof record>[1]) => ({
  formatted: anyOf(
    record('The element decoded with BTF; absent where the map has none.', value, formattedKey),
    record('An element whose key cannot be decoded.', { key: { description: 'Not decoded', type: 'null' } }),
  ),
});
const element = record(
  'An element.',
  { ...key, value: bytes('The value, byte by byte') },
  {
    inner_map_id: u32('Id of the map that is the value; only in a map of maps'),
    ...formatted({ value: anything('The value decoded with BTF') }),
  },
);
const perCpuElement = record(
  'An element of a per-CPU map.',
  {
    ...key,
    values: list(
      'The value of each possible CPU',
      record('The value of one CPU.', { ...cpu, value: bytes('The value, byte by byte') }),
      { min: 1 },
    ),
  },
  formatted({
    values: list(
      'The value of each possible CPU, decoded with BTF',
      record('The value of one CPU.', { ...cpu, value: anything('The value decoded with BTF') }),
    ),
  }),
);
const unreadable = record('An element whose value cannot be read.', { ...key, value: reference('error') });

const one = { definitions: { element, perCpuElement } };
const anyElement = anyOf(reference('element'), reference('perCpuElement'));
const dumped = anyOf(reference('element'), reference('perCpuElement'), reference('unreadable'));
const dumpOf = (description: string, elements: Parameters<typeof record>[1]) =>
  record(description, { ...header, ...flags, ...elements }, name);

const dump = outputOf(
  'map dump',
  'The elements of a map; of several maps that share a name, a list of maps with their elements. With --as, --cpu, --sum, --key-type or ' +
    '--value-type keys and values are decoded in the place of their bytes.',
  anyOf(list('The elements of one map', dumped), list('Several maps', reference('mapElements'), { min: 2 })),
  {
    failures: [
      cutShort(dumped),
      cutShort(reference('mapElements'), anyOf(reference('error'), reference('mapElementsFailed'))),
    ],
    definitions: {
      ...one.definitions,
      unreadable,
      mapElements: dumpOf('A map and its elements.', { elements: list('Its elements', dumped) }),
      mapElementsFailed: dumpOf('A map whose elements could not all be read.', {
        elements: anyOf(reference('error'), cutShort(dumped)),
      }),
    },
  },
);

const event = {
  type: u32('Type of the record (PERF_RECORD_*)'),
  cpu: u32('CPU whose ring held it'),
  index: u32('Index of the ring in the map'),
};
const sample = record('An event.', {
  ...event,
  type: oneOf('PERF_RECORD_SAMPLE', [9]),
  timestamp: u64('When it was written: nanoseconds since boot'),
  data: list('Its bytes as decimal numbers', { type: 'integer', minimum: 0, maximum: 255 }),
});
const lost = record('Events that found no room.', {
  ...event,
  type: oneOf('PERF_RECORD_LOST', [2]),
  lost: record('How many.', { id: u64('Id of the perf event'), count: u64('Number of events lost') }),
});
const otherEvent = record('A record of another type.', {
  ...event,
  type: { ...event.type, not: { enum: [2, 9] } },
});

const ringPlace = {
  time_ns: u64("When it was written: nanoseconds of the kernel's perf clock"),
  cpu: u32('CPU whose buffer held it'),
};
const readEvent = anyOf(
  record('An event.', { event: anything('The event decoded') }, ringPlace),
  record(
    'An event that is shorter than its type or has none.',
    { data_hex: text('Its bytes', '^([0-9a-f]{2})*$') },
    ringPlace,
  ),
  record('Events that found no room.', { lost: u64('How many'), cpu: u32('CPU whose buffer was full') }),
);

/** Where decoding loses nothing the value, else all its bytes. */
const halves = (name: 'key' | 'value') => [
  { [name]: anything(`The ${name}, decoded with BTF where the map has it`) },
  { [`${name}_hex`]: text(`The bytes of the ${name}, where decoding would lose some`, '^([0-9a-f]{2})*$') },
];
const exported = anyOf(
  ...halves('key').flatMap((keyHalf) =>
    halves('value').map((valueHalf) => record('An element.', { ...keyHalf, ...valueHalf })),
  ),
);
const elementSchema = record('A JSON Schema (draft 2020-12) of an element.', {
  $schema: oneOf('The version of JSON Schema', ['https://json-schema.org/draft/2020-12/schema']),
  type: oneOf('An element is an object', ['object']),
  properties: record(
    'The members of an element.',
    { value: anything('The schema of a value'), value_hex: anything('The schema of all bytes of a value') },
    {
      key: anything('The schema of a key; absent where a map has no keys'),
      key_hex: anything('The schema of all bytes of a key'),
    },
  ),
  allOf: list(
    'An element has each half once',
    record('Typed or as bytes.', {
      oneOf: list(
        'Either of two',
        record('A member that is there.', {
          required: list('One', oneOf('A member', ['key', 'key_hex', 'value', 'value_hex']), { min: 1, max: 1 }),
        }),
        { min: 2, max: 2 },
      ),
    }),
    { min: 1, max: 2 },
  ),
  additionalProperties: { description: 'There are no other members.', const: false },
});

const show = (verb: string): OutputSchemas =>
  outputOf(
    `map ${verb}`,
    'All maps as a list, or the maps that were asked for: one as an object, several as a list.',
    anyOf(reference('map'), list('Several maps, or all', reference('map'))),
    { failures: [cutShort(reference('map'))], definitions: { map } },
  );
const single = (verb: string, description: string): OutputSchemas =>
  outputOf(`map ${verb}`, description, anyElement, one);

export const mapSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...nullOf(['map help'], 'The usage text is not printed as JSON.'),
  ...dump,
  ...nullOf(['map update'], 'Sets the value of a key.'),
  ...single('lookup', 'The element of a key. `null` and exit status 254 where there is none.'),
  ...outputOf(
    'map getnext',
    'The key after a key, or the first key. Exit status 254 after the last.',
    record('Two keys in the order of the map.', {
      key: anyOf(bytes('The key that was asked for'), { description: 'None was asked for.', type: 'null' }),
      next_key: bytes('The key after it'),
    }),
  ),
  ...nullOf(['map delete'], 'Removes a key.'),
  ...nullOf(['map pin'], 'Pins a map.'),
  ...outputOf(
    'map event_pipe',
    'The events of a perf event array, complete once the command has been interrupted.',
    list('Events in the order they were read', anyOf(reference('sample'), reference('lost'), reference('other'))),
    { definitions: { sample, lost, other: otherEvent } },
  ),
  ...nullOf(['map create'], 'Creates a map and pins it.'),
  ...single('peek', 'The next value of a queue or stack. `null` and exit status 254 if it is empty.'),
  ...nullOf(['map push', 'map enqueue'], 'Puts a value into a stack or queue.'),
  ...single('pop', 'The value that was taken from a stack. `null` and exit status 254 if it is empty.'),
  ...single('dequeue', 'The value that was taken from a queue. `null` and exit status 254 if it is empty.'),
  ...nullOf(['map freeze'], 'Makes a map read-only for user space.'),
  ...outputOf('map schema', 'What json TEXT, map export and map import take for an element.', elementSchema),
  ...outputOf(
    'map export',
    'Every line is a document of its own: an element. `null` where a file was written.',
    anyOf(exported, { description: 'The elements are in the file.', type: 'null' }),
  ),
  ...outputOf('map events', 'Every line is a document of its own: an event, or how many were lost.', readEvent),
  ...nullOf(['map import'], 'Sets elements from lines of JSON. Further errors are on standard error.'),
};
