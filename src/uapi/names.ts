import { bpf_attach_type, bpf_func_id, bpf_link_type, bpf_map_type, bpf_prog_type } from './generated/enums.ts';

/**
 * Names by number: the enum's, without its prefix, in lower case. Sentinels and aliases fall out.
 * Made when first asked for: a command needs one or two of them.
 */
function table(values: Readonly<Record<string, number>>, prefix: string): () => readonly string[] {
  let made: string[] | undefined;
  return () => {
    if (made !== undefined) return made;
    made = [];
    for (const [name, value] of Object.entries(values)) {
      if (!name.startsWith(prefix) || name.endsWith('_DEPRECATED')) continue;
      made[value] ??= name.slice(prefix.length).toLowerCase();
    }
    return made;
  };
}

const mapTypes = table(bpf_map_type, 'BPF_MAP_TYPE_');
const programTypes = table(bpf_prog_type, 'BPF_PROG_TYPE_');
const attachTypes = table(bpf_attach_type, 'BPF_');
const linkTypes = table(bpf_link_type, 'BPF_LINK_TYPE_');
const helpers = table(bpf_func_id, 'BPF_FUNC_');

/** `percpu_hash` for BPF_MAP_TYPE_PERCPU_HASH; undefined for a type newer than this table. */
export function mapTypeName(type: number): string | undefined {
  return mapTypes()[type];
}

/** The number of a map type by its exact name, or undefined. */
export function mapTypeFromName(name: string): number | undefined {
  const type = mapTypes().indexOf(name);
  return type < 0 ? undefined : type;
}

/** All map type names, by number. */
export function mapTypeNames(): readonly string[] {
  return mapTypes();
}

/** `sched_cls` for BPF_PROG_TYPE_SCHED_CLS. */
export function progTypeName(type: number): string | undefined {
  return programTypes()[type];
}

/** `cgroup_inet_ingress` for BPF_CGROUP_INET_INGRESS. */
export function attachTypeName(type: number): string | undefined {
  return attachTypes()[type];
}

export function attachTypeFromName(name: string): number | undefined {
  const type = attachTypes().indexOf(name);
  return type < 0 ? undefined : type;
}

/** `perf_event` for BPF_LINK_TYPE_PERF_EVENT. */
export function linkTypeName(type: number): string | undefined {
  return linkTypes()[type];
}

/** `map_lookup_elem` for BPF_FUNC_map_lookup_elem. */
export function helperName(id: number): string | undefined {
  return helpers()[id];
}
