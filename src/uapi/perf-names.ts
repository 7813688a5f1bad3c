const types = ['hardware', 'software', 'tracepoint', 'hw-cache', 'raw', 'breakpoint'];
const hardware = [
  'cpu-cycles',
  'instructions',
  'cache-references',
  'cache-misses',
  'branch-instructions',
  'branch-misses',
  'bus-cycles',
  'stalled-cycles-frontend',
  'stalled-cycles-backend',
  'ref-cycles',
];
const software = [
  'cpu-clock',
  'task-clock',
  'page-faults',
  'context-switches',
  'cpu-migrations',
  'minor-faults',
  'major-faults',
  'alignment-faults',
  'emulation-faults',
  'dummy',
  'bpf-output',
  'cgroup-switches',
];
const caches = ['L1-dcache', 'L1-icache', 'LLC', 'dTLB', 'iTLB', 'branch', 'node'];
const cacheOperations = ['load', 'store', 'prefetch'];
const cacheResults = ['refs', 'misses'];

/** `software` for PERF_TYPE_SOFTWARE; undefined for a type without a name. */
export function perfTypeName(type: number): string | undefined {
  return types[type];
}

/** The event that `config` selects within a type, e.g. `cpu-clock` or `L1-dcache-load-misses`; undefined if unnamed. */
export function perfConfigName(type: number, config: bigint): string | undefined {
  switch (perfTypeName(type)) {
    case 'hardware':
      return at(hardware, config);
    case 'software':
      return at(software, config);
    case 'hw-cache': {
      const [cache, operation, result] = [config & 0xffn, (config >> 8n) & 0xffn, config >> 16n];
      return `${at(caches, cache) ?? cache}-${at(cacheOperations, operation) ?? operation}-${at(cacheResults, result) ?? result}`;
    }
    default:
      return undefined;
  }
}

function at(names: readonly string[], index: bigint): string | undefined {
  return index < BigInt(names.length) ? names[Number(index)] : undefined;
}

/** Names of the events that are counted by the kernel and by the processor. */
export function perfEventNames(): readonly string[] {
  return [...software, ...hardware];
}

/** `enum perf_type_id` and `config` of an event by its name. */
export function perfEventNumbers(name: string): { type: number; config: bigint } | undefined {
  for (const [type, names] of [hardware, software].entries()) {
    const config = names.indexOf(name);
    if (config >= 0) return { type, config: BigInt(config) };
  }
  return undefined;
}
