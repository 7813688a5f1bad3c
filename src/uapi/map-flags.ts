import {
  BPF_F_CLONE,
  BPF_F_INNER_MAP,
  BPF_F_MMAPABLE,
  BPF_F_NO_COMMON_LRU,
  BPF_F_NO_PREALLOC,
  BPF_F_PRESERVE_ELEMS,
  BPF_F_RB_OVERWRITE,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_STACK_BUILD_ID,
  BPF_F_WRONLY,
  BPF_F_WRONLY_PROG,
  BPF_F_ZERO_SEED,
} from './generated/constants.ts';

/** Flags that a map can be created with, by the kernel's names without `BPF_F_`, in lower case. */
export const mapFlags = {
  no_prealloc: BPF_F_NO_PREALLOC,
  no_common_lru: BPF_F_NO_COMMON_LRU,
  rdonly: BPF_F_RDONLY,
  wronly: BPF_F_WRONLY,
  stack_build_id: BPF_F_STACK_BUILD_ID,
  zero_seed: BPF_F_ZERO_SEED,
  rdonly_prog: BPF_F_RDONLY_PROG,
  wronly_prog: BPF_F_WRONLY_PROG,
  clone: BPF_F_CLONE,
  mmapable: BPF_F_MMAPABLE,
  preserve_elems: BPF_F_PRESERVE_ELEMS,
  inner_map: BPF_F_INNER_MAP,
  rb_overwrite: BPF_F_RB_OVERWRITE,
} as const;

/** Names of BPF_F_* flags of maps, in lower case. */
export type MapFlagName = keyof typeof mapFlags;
