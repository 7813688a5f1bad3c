import { bpf_attach_type, bpf_func_id, bpf_prog_type } from './generated/enums.ts';

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

const programTypes = table(bpf_prog_type, 'BPF_PROG_TYPE_');
const attachTypes = table(bpf_attach_type, 'BPF_');
const helpers = table(bpf_func_id, 'BPF_FUNC_');

/** `sched_cls` for BPF_PROG_TYPE_SCHED_CLS. */
export function progTypeName(type: number): string | undefined {
  return programTypes()[type];
}

/** `cgroup_inet_ingress` for BPF_CGROUP_INET_INGRESS. */
export function attachTypeName(type: number): string | undefined {
  return attachTypes()[type];
}

/** `map_lookup_elem` for BPF_FUNC_map_lookup_elem. */
export function helperName(id: number): string | undefined {
  return helpers()[id];
}
