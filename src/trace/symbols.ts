// Names of numbers in attributes, as strace prints them.
import {
  bpf_attach_type,
  bpf_map_type,
  bpf_prog_type,
  bpf_stats_type,
  bpf_task_fd_type,
  perf_hw_cache_id,
  perf_hw_id,
  perf_sw_ids,
  perf_type_id,
} from '../uapi/index.ts';

const enums: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  map: bpf_map_type,
  prog: bpf_prog_type,
  attach: bpf_attach_type,
  stats: bpf_stats_type,
  task_fd: bpf_task_fd_type,
  perf_type: perf_type_id,
  perf_sw: perf_sw_ids,
  perf_hw: perf_hw_id,
  perf_cache: perf_hw_cache_id,
};

/** Bits from the lowest on; `-` is a bit without a name. The first word is what stands before each name. */
const bits: Readonly<Record<string, string>> = {
  map: 'BPF_F_ NO_PREALLOC NO_COMMON_LRU NUMA_NODE RDONLY WRONLY STACK_BUILD_ID ZERO_SEED RDONLY_PROG WRONLY_PROG CLONE MMAPABLE PRESERVE_ELEMS INNER_MAP LINK PATH_FD VTYPE_BTF_OBJ_FD TOKEN_FD SEGV_ON_FAULT NO_USER_CONV RB_OVERWRITE',
  elem: 'BPF_ NOEXIST EXIST F_LOCK F_CPU F_ALL_CPUS',
  load: 'BPF_F_ STRICT_ALIGNMENT ANY_ALIGNMENT TEST_RND_HI32 TEST_STATE_FREQ SLEEPABLE XDP_HAS_FRAGS XDP_DEV_BOUND_ONLY TEST_REG_INVARIANTS - - - - - - - - TOKEN_FD',
  attach: 'BPF_F_ ALLOW_OVERRIDE ALLOW_MULTI REPLACE BEFORE AFTER ID PREORDER - - - - - - LINK',
  query: 'BPF_F_ QUERY_EFFECTIVE',
  run: 'BPF_F_ TEST_RUN_ON_CPU TEST_XDP_LIVE_FRAMES TEST_SKB_CHECKSUM_COMPLETE',
  kprobe_multi: 'BPF_F_ KPROBE_MULTI_RETURN',
  uprobe_multi: 'BPF_F_ UPROBE_MULTI_RETURN',
  perf: 'PERF_FLAG_ FD_NO_GROUP FD_OUTPUT PID_CGROUP FD_CLOEXEC',
};
const aliases: Readonly<Record<string, string>> = { file: 'map', token: 'map', link: 'attach' };
const zeroes: Readonly<Record<string, string>> = { elem: 'BPF_ANY' };

const enumNames = new Map<string, Map<number, string>>();

/** The name of an enumeration's value; undefined for one newer than those known. */
export function enumName(form: string, value: number): string | undefined {
  let names = enumNames.get(form);
  if (names === undefined) {
    names = new Map();
    for (const [name, number] of Object.entries(enums[form] ?? {})) {
      if (!/^__|_MAX$|_DEPRECATED$/.test(name) && !names.has(number)) names.set(number, name);
    }
    enumNames.set(form, names);
  }
  return names.get(value);
}

const flagNames = new Map<string, Map<bigint, string>>();

/** `BPF_F_NO_PREALLOC|0x80000000`: the names of bits, and the number of those without. */
export function flagsText(form: string, value: number | bigint): string {
  const key = BigInt(value);
  let known = flagNames.get(form);
  if (known === undefined) {
    known = new Map();
    flagNames.set(form, known);
  }
  let text = known.get(key);
  if (text === undefined) {
    text = makeFlagsText(form, key);
    // Whoever makes up flags must not fill the memory.
    if (known.size < 256) known.set(key, text);
  }
  return text;
}

function makeFlagsText(form: string, value: bigint): string {
  const [prefix = '', ...names] = (bits[aliases[form] ?? form] ?? '').split(' ');
  if (value === 0n) return zeroes[form] ?? '0';
  const parts: string[] = [];
  let rest = value;
  for (const [bit, name] of names.entries()) {
    const mask = 1n << BigInt(bit);
    if (name === '-' || (value & mask) === 0n) continue;
    parts.push(prefix + name);
    rest &= ~mask;
  }
  if (rest !== 0n) parts.push(`0x${rest.toString(16)}`);
  return parts.join('|');
}
