import { bpf_attach_type, bpf_func_id, bpf_link_type, bpf_map_type, bpf_prog_type } from './generated/enums.ts';

/** Names by number: prefix and bounds markers dropped, lower case; of several names for one number the first that is no alias. */
function nameTable(values: Readonly<Record<string, number>>, prefix: string): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const [constant, value] of Object.entries(values)) {
    if (constant.startsWith('__') || constant.startsWith('MAX_') || constant.endsWith('_DEPRECATED')) continue;
    names[value] ??= constant.slice(prefix.length).toLowerCase();
  }
  return names;
}

const mapTypes = nameTable(bpf_map_type, 'BPF_MAP_TYPE_');
const progTypes = nameTable(bpf_prog_type, 'BPF_PROG_TYPE_');
const attachTypes = nameTable(bpf_attach_type, 'BPF_');
const linkTypes = nameTable(bpf_link_type, 'BPF_LINK_TYPE_');
const helpers = nameTable(bpf_func_id, 'BPF_FUNC_');

function numberOf(names: readonly (string | undefined)[], name: string): number | undefined {
  const value = names.indexOf(name);
  return value < 0 ? undefined : value;
}

/** `percpu_hash` for BPF_MAP_TYPE_PERCPU_HASH; undefined for a number newer than the pinned kernel. */
export function mapTypeName(type: number): string | undefined {
  return mapTypes[type];
}

export function mapTypeFromName(name: string): number | undefined {
  return numberOf(mapTypes, name);
}

/** `sched_cls` for BPF_PROG_TYPE_SCHED_CLS. */
export function progTypeName(type: number): string | undefined {
  return progTypes[type];
}

export function progTypeFromName(name: string): number | undefined {
  return numberOf(progTypes, name);
}

/** `cgroup_inet_ingress` for BPF_CGROUP_INET_INGRESS. */
export function attachTypeName(type: number): string | undefined {
  return attachTypes[type];
}

export function attachTypeFromName(name: string): number | undefined {
  return numberOf(attachTypes, name);
}

/** `kprobe_multi` for BPF_LINK_TYPE_KPROBE_MULTI. */
export function linkTypeName(type: number): string | undefined {
  return linkTypes[type];
}

/** `map_lookup_elem` for helper 1; `unspec` for 0. */
export function helperName(id: number): string | undefined {
  return helpers[id];
}

export function helperFromName(name: string): number | undefined {
  return numberOf(helpers, name);
}
