// JSON Schemas of what `snapshot` prints, as `schema` shows them.
import type { JsonSchema } from '../../btf/index.ts';
import { documentFormat, documentVersion } from '../../inventory/index.ts';
import {
  anything,
  flag,
  list,
  oneOf,
  type OutputSchemas,
  outputOf,
  record,
  text,
  u32,
  u64,
} from '../shared/json-schema.ts';

const fraction = (description: string): JsonSchema => ({ description, type: 'number' });
const common = {
  id: u32('Id'),
  name: text('The whole name where it is known, else that of the kernel, of up to 15 bytes'),
};
const holders = list(
  'Processes that have it open',
  record('A process.', {
    pid: u32('Process id'),
    comm: text('Name'),
    fds: list('Its descriptors', u32('A descriptor')),
  }),
);
const pins = list(
  'Where it is pinned',
  record('A pin.', {
    path: text('As a process of its mount namespace sees it'),
    pid: u32('The process through whose root it is reached; 0: it is seen from here'),
    file: text('File system and inode: paths with the same are one reference'),
  }),
);
const program = {
  type: text('Type, such as xdp'),
  tag: text('Hash of the instructions', '^[0-9a-f]{16}$'),
  loaded_at: u64('Seconds since 1970'),
  uid: u32('Who loaded it'),
  translated_bytes: u32('Bytes of instructions'),
  machine_bytes: u32('Bytes of machine code'),
  memory_bytes: u64('Memory, where it was asked for'),
  map_ids: list('Maps it uses', u32('Id')),
  btf_id: u32('Its types; 0: none'),
  verified_instructions: u32('Instructions the verifier looked at'),
  run_time_ns: u64('Nanoseconds it ran while statistics were on'),
  run_count: u64('Runs while statistics were on'),
  recursion_misses: u64('Runs left out because it was running'),
  attach_btf_object_id: u32('BTF of what it was loaded for; 0: none'),
  attach_btf_id: u32('Type of what it was loaded for; 0: none'),
  ifindex: u32('Device that runs it; 0: none'),
};
const map = {
  type: text('Type, such as hash'),
  key_bytes: u32('Bytes of a key'),
  value_bytes: u32('Bytes of a value'),
  max_entries: u32('Most elements'),
  flags: u32('BPF_F_* it was made with'),
  memory_bytes: u64('Memory, where it was asked for'),
  is_frozen: flag('User space may no longer change it'),
  btf_id: u32('Its types; 0: none'),
  ifindex: u32('Device that has it; 0: none'),
  contents: list(
    'Elements that name an object',
    record('An element.', { kind: oneOf('What it names', ['prog', 'map']), id: u32('Its id'), key: text('The key') }),
  ),
};
const mapOptional = { entries: u64('Elements, where the kernel counts them') };
const link = {
  type: text('Type, such as tcx'),
  program_id: u32('Program; 0: none'),
  map_id: u32('Map; 0: none'),
  target: text('What it is attached to'),
  hook: text('Where it is attached there'),
  is_detached: flag('What it was attached to is gone'),
  target_program_id: u32('The program that it is at; 0: none'),
};
const kind = (name: string) => ({ kind: oneOf('What it is', [name]) });
const refs = { holders, pins };

const attachment = record('A place where a program runs.', {
  program_id: u32('The program'),
  via: oneOf('What keeps it there', [
    'link',
    'net',
    'cgroup',
    'perf',
    'netns',
    'sockmap',
    'struct_ops',
    'tail_call',
    'map',
  ]),
  hook: text('Such as xdp driver'),
  target: text('Such as eth0'),
  link_id: u32('The link that does it; 0: none'),
  map_id: u32('The map that does it; 0: none'),
  pid: u32('The process that does it; 0: none'),
  fd: u32('Its descriptor'),
});

/** `programs`, `maps` or `links` of `top`: without what only a snapshot has, with rates. */
const pids = list('Processes that have it open', record('A process.', { pid: u32('Process id'), comm: text('Name') }));
const pinned = list('Where it is pinned', text('A path'));
const rates = {
  cpu_share: fraction('Share of one processor in the last interval'),
  bpf_share: fraction('Share of the time of all programs'),
  events_per_second: fraction('Runs a second'),
  average_ns: fraction('Nanoseconds a run; 0 where there was none'),
};
const topCommon = { ...common, pids, pinned };

const change = record('Something that is different.', {
  change: oneOf('What happened', ['added', 'removed', 'changed']),
  kind: oneOf('To what', ['prog', 'map', 'link', 'btf', 'elements']),
  identity: text('What it is called, whatever its id is'),
  name: text('Its name'),
  id: u32('Its id where it is; 0 for elements'),
  fields: list(
    'What changed of it',
    record('A field.', { field: text('Its name'), before: text('Before'), after: text('After') }),
  ),
});

const why = record(
  'What keeps an object.',
  {
    kind: oneOf('What it is', ['prog', 'map', 'link', 'btf']),
    ...common,
    counted: {
      description: "The kernel's own count of references; null where it cannot be read",
      type: ['integer', 'null'],
    },
    explained: u32('Those that are found'),
    references: list(
      'Each of them',
      record(
        'What refers to it.',
        {
          kind: oneOf('What it is', [
            'descriptor',
            'pin',
            'link',
            'program',
            'map',
            'attachment',
            'dispatcher',
            'self',
          ]),
          text: text('In words'),
          count: u32('How many references of the kernel it is; 0 for one that another stands for'),
        },
        {
          by: record('The object that refers to it.', { kind: text('What it is'), id: u32('Its id') }),
          remedy: text('A command that ends it'),
        },
      ),
    ),
    causes: list('What may hold those that are not found', text('In words')),
  },
  { problem: text('Why the kernel cannot be asked for its count') },
);

const gc = list(
  'What nobody uses',
  record('A pin, or a link without one.', {
    kind: oneOf('What it is', ['prog', 'map', 'link', 'btf']),
    ...common,
    path: text('The pin; empty where there is none'),
    pid: u32('A process of the mount namespace; 0: it is seen from here'),
    reason: text('Why it is listed'),
    removed: flag('It has been removed'),
  }),
);

const graph = record('Who keeps what.', {
  nodes: list(
    'Processes, links, pins, attachments, programs and maps',
    record('A node.', {
      id: text('Such as prog 5'),
      layer: u32('From 0, processes, to 3, maps'),
      kind: oneOf('What it is', ['process', 'link', 'pin', 'attachment', 'prog', 'map']),
      label: text('Lines of text'),
      details: list('More lines', text('A line')),
    }),
  ),
  edges: list(
    'From what keeps to what is kept',
    record('An edge.', {
      from: text('A node'),
      to: text('A node'),
      kind: oneOf('How', ['holds', 'pins', 'runs', 'uses', 'tail call', 'inner map', 'element', 'operation']),
    }),
  ),
});

const watch = record(
  'A line of its own: something that came or went.',
  {
    time: fraction('Seconds since 1970'),
    event: oneOf('What happened', ['there', 'load', 'unload', 'add', 'remove', 'lost']),
    kind: oneOf('To what', ['prog', 'map', 'link', 'attachment', 'lost']),
    id: u32('Its id; of an attachment that of the program'),
    identity: text('What it is called, as a list for --allow has it'),
  },
  { count: u32('How many events are lost') },
);

const top = record(
  'A line of its own: a measurement.',
  {
    time: fraction('Seconds since 1970'),
    uptime_ns: u64('Nanoseconds since the start of the machine'),
    statistics: flag('Run times are measured'),
  },
  {
    programs: list(
      'Programs',
      record(
        'A program.',
        { ...kind('prog'), ...topCommon, ...program, attached: list('Where it runs', text('A place')) },
        rates,
      ),
    ),
    maps: list('Maps', record('A map.', { ...kind('map'), ...topCommon, ...map }, mapOptional)),
    links: list('Links', record('A link.', { ...kind('link'), ...topCommon, ...link })),
  },
);

const snapshot: JsonSchema = record(
  'All that is loaded.',
  {
    format: oneOf('What it is', [documentFormat]),
    version: oneOf('Readers refuse others', [documentVersion]),
    taken_at: fraction('Seconds since 1970'),
    uptime_ns: u64('Nanoseconds since the start of the machine'),
    host: text('Name of the machine'),
    kernel_release: text('Version of the kernel'),
    boot_id: text('Of this start of the machine'),
    programs: list('Programs', record('A program.', { ...kind('prog'), ...common, ...program, ...refs })),
    maps: list('Maps', record('A map.', { ...kind('map'), ...common, ...map, ...refs }, mapOptional)),
    links: list('Links', record('A link.', { ...kind('link'), ...common, ...link, ...refs })),
    btfs: list(
      'BTF objects',
      record('Types.', {
        ...kind('btf'),
        ...common,
        bytes: u32('Size'),
        is_kernel: flag('Of the kernel or a module'),
        ...refs,
      }),
    ),
    attachments: list('Where programs run', attachment),
    missing: list('What could not be had', text('A sentence')),
  },
  {
    elements: {
      description: 'Elements of maps, by name',
      type: 'object',
      additionalProperties: list(
        'Elements',
        record('An element.', { key: anything('The key') }, { value: anything('The value') }),
      ),
    },
  },
);

const snapshotOutput = { anyOf: [snapshot, { description: 'It was written to a file.', type: 'null' }] } as JsonSchema;

/** Schemas of all views of an inventory. */
export const inventorySchemas: OutputSchemas = {
  ...outputOf('top', 'Each line of output is a document: one measurement.', top),
  ...outputOf('watch', 'Each line of output is a document: one event.', watch),
  ...outputOf('metrics', 'The metrics as one string, or null where a file was written.', {
    description: 'OpenMetrics text',
    type: ['string', 'null'],
  }),
  ...outputOf('snapshot', 'All that is loaded.', snapshotOutput),
  ...outputOf('diff', 'What changed.', list('All changes', change), { failures: [list('All changes', change)] }),
  ...outputOf('graph', 'Who keeps what.', graph),
  ...outputOf('why', 'What keeps an object.', why, { failures: [why] }),
  ...outputOf('gc', 'What nobody uses.', gc),
};
