// `map`: bpftool's src/map.c. Forms and types of maps guide completion, `help` and hints; what a verb takes is decided
// by its handler.
import type { CommandFamily } from '../../cli/index.ts';
import { strict } from './strict.ts';
import { typeOptions, viewOptions } from './view-options.ts';

/** What `update` takes; keys and values of some types are other objects, or none. */
function updateForms(type: string): string[] {
  if (type === 'queue' || type === 'stack' || type === 'bloom_filter') return ['MAP value DATA [UPDATE_FLAGS]'];
  if (type === 'array_of_maps' || type === 'hash_of_maps') return ['MAP key DATA value MAP [UPDATE_FLAGS]'];
  if (type === 'prog_array') return ['MAP key DATA value PROG [UPDATE_FLAGS]'];
  return ['MAP key DATA value DATA [UPDATE_FLAGS]'];
}

/** As `updateForms`, of verbs that take a key. */
const keyForms = (type: string): string[] => (type === 'queue' || type === 'stack' ? ['MAP'] : ['MAP key DATA']);

export const mapFamily: CommandFamily = {
  name: 'map',
  summary: 'Inspect and change BPF maps.',
  docs: async () => (await import('./docs.ts')).mapDocs,
  verbs: [
    { name: 'show', summary: 'Lists maps, or shows one.', load: async () => (await import('./show.ts')).show },
    { name: 'list', summary: 'The same as show.', load: async () => (await import('./show.ts')).show },
    { name: 'help', summary: 'Prints the usage text.' },
    {
      name: 'dump',
      summary: 'Prints every element of a map, decoded where it has BTF.',
      load: async () => (await import('./dump.ts')).dump,
      options: viewOptions,
    },
    {
      name: 'update',
      summary: 'Sets the value of a key.',
      load: async () => (await import('./update.ts')).update,
      forms: ['MAP key DATA value VALUE [UPDATE_FLAGS]', 'MAP value VALUE [UPDATE_FLAGS]'],
      formsByMapType: updateForms,
      options: [strict, ...typeOptions],
    },
    {
      name: 'lookup',
      summary: 'Prints the value of a key.',
      formsByMapType: keyForms,
      load: async () => (await import('./lookup.ts')).lookup,
      options: viewOptions,
    },
    {
      name: 'getnext',
      summary: 'Prints the key after a key, or the first key.',
      formsByMapType: keyForms,
      load: async () => (await import('./getnext.ts')).getNext,
      options: typeOptions,
    },
    {
      name: 'delete',
      summary: 'Removes a key.',
      load: async () => (await import('./delete.ts')).deleteKey,
      options: typeOptions,
    },
    {
      name: 'pin',
      summary: 'Pins a map at a path on a BPF file system.',
      load: async () => (await import('./pin.ts')).pin,
    },
    {
      name: 'event_pipe',
      summary: 'Prints the events of a perf event array until interrupted.',
      // Both or none, in any order.
      forms: ['MAP [cpu N] [index M]'],
      mapTypes: ['perf_event_array'],
      load: async () => (await import('./event-pipe.ts')).eventPipe,
    },
    {
      name: 'create',
      summary: 'Creates a map and pins it.',
      forms: [
        'FILE [type TYPE] [key KEY_SIZE] [value VALUE_SIZE] [entries MAX_ENTRIES] [name NAME] [flags FLAGS] ' +
          '[inner_map MAP] [offload_dev NAME]',
      ],
      wordNeeds: { inner_map: ['array_of_maps', 'hash_of_maps'] },
      load: async () => (await import('./create.ts')).create,
    },
    {
      name: 'peek',
      mapTypes: ['queue', 'stack'],
      summary: 'Prints the next value of a queue or stack without removing it.',
      load: async () => (await import('./lookup.ts')).lookup,
      options: viewOptions,
    },
    {
      name: 'push',
      mapTypes: ['stack'],
      summary: 'Puts a value onto a stack.',
      load: async () => (await import('./update.ts')).update,
      options: [strict, ...typeOptions],
    },
    {
      name: 'enqueue',
      mapTypes: ['queue'],
      summary: 'Puts a value into a queue.',
      load: async () => (await import('./update.ts')).update,
      options: [strict, ...typeOptions],
    },
    {
      name: 'pop',
      mapTypes: ['stack'],
      summary: 'Takes a value from a stack and prints it.',
      load: async () => (await import('./pop.ts')).pop,
      options: typeOptions,
    },
    {
      name: 'dequeue',
      mapTypes: ['queue'],
      summary: 'Takes a value from a queue and prints it.',
      load: async () => (await import('./pop.ts')).pop,
      options: typeOptions,
    },
    {
      name: 'freeze',
      summary: 'Makes a map read-only for user space.',
      load: async () => (await import('./freeze.ts')).freeze,
    },
    {
      name: 'schema',
      summary: "Prints the JSON Schema of a map's elements.",
      extension: true,
      declare: async () => (await import('./declarations.ts')).schemaVerb,
    },
    {
      name: 'events',
      summary: 'Prints the events of a ring buffer or a perf event array as they come.',
      extension: true,
      mapTypes: ['ringbuf', 'perf_event_array'],
      declare: async () => (await import('./declarations.ts')).eventsVerb,
    },
    {
      name: 'export',
      summary: 'Writes every element as a line of JSON.',
      extension: true,
      declare: async () => (await import('./declarations.ts')).exportVerb,
    },
    {
      name: 'import',
      summary: 'Sets elements from lines of JSON.',
      extension: true,
      declare: async () => (await import('./declarations.ts')).importVerb,
    },
  ],
  usage: `Usage: %P %O { show | list }   [MAP]
       %P %O create     FILE type TYPE key KEY_SIZE value VALUE_SIZE \\
                                  entries MAX_ENTRIES name NAME [flags FLAGS] \\
                                  [inner_map MAP] [offload_dev NAME]
       %P %O dump       MAP
       %P %O update     MAP [key DATA] [value VALUE] [UPDATE_FLAGS]
       %P %O lookup     MAP [key DATA]
       %P %O getnext    MAP [key DATA]
       %P %O delete     MAP  key DATA
       %P %O pin        MAP  FILE
       %P %O event_pipe MAP [cpu N index M]
       %P %O peek       MAP
       %P %O push       MAP value VALUE
       %P %O pop        MAP
       %P %O enqueue    MAP value VALUE
       %P %O dequeue    MAP
       %P %O freeze     MAP
       %P %O help

       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
       DATA := { [hex] BYTES }
       PROG := { id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }
       VALUE := { DATA | MAP | PROG }
       UPDATE_FLAGS := { any | exist | noexist }
       TYPE := { hash | array | prog_array | perf_event_array | percpu_hash |
                 percpu_array | stack_trace | cgroup_array | lru_hash |
                 lru_percpu_hash | lpm_trie | array_of_maps | hash_of_maps |
                 devmap | devmap_hash | sockmap | cpumap | xskmap | sockhash |
                 cgroup_storage | reuseport_sockarray | percpu_cgroup_storage |
                 queue | stack | sk_storage | struct_ops | ringbuf | inode_storage |
                 task_storage | bloom_filter | user_ringbuf | cgrp_storage | arena |
                 insn_array | rhash }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-f|--bpffs} | {-n|--nomount} }
`,
  extensionUsage: `       DATA := { [hex] BYTES | json TEXT | ip ADDRESS }
`,
};
