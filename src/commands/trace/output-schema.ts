// JSON Schemas of what `trace` prints, as `schema` shows them.
import {
  anything,
  flag,
  i32,
  type JsonSchema,
  list,
  oneOf,
  type OutputSchemas,
  text,
  u32,
  u64,
} from '../shared/json-schema.ts';

const object: JsonSchema = {
  description: 'What a descriptor meant',
  type: 'object',
  properties: {
    kind: oneOf('Its kind', ['map', 'prog', 'link', 'btf', 'perf', 'file']),
    id: u32('Its id; perf events and files have none'),
    name: text('Its name'),
    type: text('Type of a map, program or link'),
    cpu: i32('Of a perf event; -1: any'),
    prog_id: u32('Of a link: its program'),
  },
  required: ['kind', 'name'],
  additionalProperties: false,
};
const hex = (description: string) => text(description, '^([0-9a-f]{2})*$');

const call: JsonSchema = {
  description: 'A call that has ended',
  type: 'object',
  properties: {
    event: { description: 'What this line is', const: 'call' },
    time: { description: 'When it began: seconds since 1970, to the nanosecond', type: 'number' },
    pid: u32('Process'),
    tid: u32('Thread'),
    uid: u32('User'),
    cpu: u32('Processor on which it ended'),
    comm: text('Name of the thread'),
    call: oneOf('System call', ['bpf', 'perf_event_open', 'ioctl']),
    command: text('Command of bpf(2), or request of ioctl(2)'),
    size: u32('Bytes of the attribute, as the caller said'),
    attributes: anything(
      'Members of the attribute, or arguments, that are set, but for keys and values; what could not be read is null or an object with its address',
    ),
    objects: anything('What descriptors meant, by the member that has them'),
    key: anything("By the map's types; else a number or hexadecimal digits; null where it was cut"),
    key_hex: hex('Its bytes'),
    next_key: anything('The key that was found'),
    next_key_hex: hex('Its bytes'),
    value: anything('As the key; of all processors an array'),
    value_hex: hex('Its bytes'),
    keys: list('Of a batch', anything('A key')),
    keys_hex: list('Their bytes', hex('A key')),
    values: list('Of a batch', anything('A value')),
    values_hex: list('Their bytes', hex('A value')),
    truncated: flag('Something was larger than the limit, or did not fit the ring'),
    result: { description: 'What the call returned; -1 where it failed', type: 'integer', minimum: -1 },
    errno: text('Name of the error', '^(E[A-Z0-9]+|[0-9]+)$'),
    object,
    duration_ns: u64('How long it took'),
    lost: u32('Calls that were lost before it'),
  },
  required: [
    'event',
    'time',
    'pid',
    'tid',
    'comm',
    'call',
    'command',
    'attributes',
    'objects',
    'truncated',
    'result',
    'duration_ns',
    'lost',
  ],
  additionalProperties: false,
};
const process = (event: 'fork' | 'exit', description: string): JsonSchema => ({
  description,
  type: 'object',
  properties: {
    event: { description: 'What this line is', const: event },
    pid: u32('Process'),
    ...(event === 'fork' && { parent: u32('Its parent') }),
  },
  required: ['event', 'pid'],
  additionalProperties: false,
});

export const traceSchemas: OutputSchemas = {
  trace: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'trace',
    description: 'One line of what `trace -j` prints; each is a document of its own.',
    anyOf: [
      call,
      process('fork', 'A process that is followed from now on'),
      process('exit', 'A followed process that has ended'),
      {
        description: 'Calls that were lost',
        type: 'object',
        properties: { event: { description: 'What this line is', const: 'lost' }, lost: u32('How many') },
        required: ['event', 'lost'],
        additionalProperties: false,
      },
      {
        description: 'With -c: calls of one command on one object',
        type: 'object',
        properties: {
          event: { description: 'What this line is', const: 'summary' },
          command: text('Command'),
          object: text('What it was about, in words'),
          calls: u32('How many'),
          errors: u32('How many of them failed'),
          time_ns: u64('How long they took'),
        },
        required: ['event', 'command', 'object', 'calls', 'errors', 'time_ns'],
        additionalProperties: false,
      },
    ],
  },
};
