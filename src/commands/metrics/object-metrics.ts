import { allRecords, type Inventory } from '../../inventory/index.ts';
import type { Family, Sample } from './families.ts';

/** Nanoseconds as seconds, in full. */
function seconds(ns: bigint): string {
  const text = ns.toString().padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}

/** The metrics of programs, maps and links. */
export function objectMetrics({ programs, maps, links, ...rest }: Inventory): Family[] {
  const ofPrograms = (value: (program: Inventory['programs'][number]) => Sample['value']) =>
    programs.map((program): Sample => {
      const { id, name, type, tag } = program;
      return { labels: { id, name, type, tag }, value: value(program) };
    });
  const ofMaps = (value: (map: Inventory['maps'][number]) => Sample['value']) =>
    maps.map((map): Sample => ({ labels: { id: map.id, name: map.name, type: map.type }, value: value(map) }));
  const objects = allRecords({ programs, maps, links, ...rest }).filter(({ kind }) => kind !== 'btf');
  return [
    // The value 1 carries labels: other series are joined with it by id.
    {
      name: 'bpf_program_info',
      type: 'gauge',
      help: 'Programs that are loaded.',
      samples: programs.map(({ id, name, type, tag, uid, btfId }) => ({
        labels: { id, name, type, tag, uid, btf_id: btfId },
        value: 1,
      })),
    },
    {
      name: 'bpf_program_run_time_seconds',
      type: 'counter',
      unit: 'seconds',
      help: 'Time that programs ran while statistics were on.',
      samples: ofPrograms(({ runTimeNs }) => seconds(runTimeNs)),
    },
    {
      name: 'bpf_program_runs',
      type: 'counter',
      help: 'Runs of programs while statistics were on.',
      samples: ofPrograms(({ runCount }) => runCount),
    },
    {
      name: 'bpf_program_recursion_misses',
      type: 'counter',
      help: 'Runs left out because the program was running already.',
      samples: ofPrograms(({ recursionMisses }) => recursionMisses),
    },
    {
      name: 'bpf_program_memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Memory of programs.',
      samples: ofPrograms(({ memoryBytes }) => memoryBytes),
    },
    {
      name: 'bpf_map_info',
      type: 'gauge',
      help: 'Maps that are there.',
      samples: maps.map(({ id, name, type, maxEntries, keyBytes, valueBytes }) => ({
        labels: { id, name, type, max_entries: maxEntries, key_bytes: keyBytes, value_bytes: valueBytes },
        value: 1,
      })),
    },
    {
      name: 'bpf_map_memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Memory of maps.',
      samples: ofMaps(({ memoryBytes }) => memoryBytes),
    },
    {
      name: 'bpf_map_entries',
      type: 'gauge',
      help: 'Elements of maps, of those that the kernel counts.',
      // Most map types do not count their elements.
      samples: ofMaps(({ entries }) => entries ?? -1).filter(({ value }) => value !== -1),
    },
    {
      name: 'bpf_map_max_entries',
      type: 'gauge',
      help: 'The most elements of maps.',
      samples: ofMaps(({ maxEntries }) => maxEntries),
    },
    {
      name: 'bpf_link_info',
      type: 'gauge',
      help: 'Links that are there.',
      samples: links.map(({ id, type, programId, hook, target }) => ({
        labels: { id, type, prog_id: programId, hook, target },
        value: 1,
      })),
    },
    {
      name: 'bpf_object_holders',
      type: 'gauge',
      help: 'Processes that have an object open.',
      samples: objects.map(({ kind, id, name, holders }) => ({ labels: { kind, id, name }, value: holders.length })),
    },
    {
      name: 'bpf_object_pins',
      type: 'gauge',
      help: 'Paths at which an object is pinned.',
      samples: objects.map(({ kind, id, name, pins }) => ({ labels: { kind, id, name }, value: pins.length })),
    },
  ];
}
