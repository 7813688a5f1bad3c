// Messages of kernel/bpf/verifier.c; the functions named here are those of it that write them.
import type { RefusalKind } from '../kind.ts';

/** Who may call what, with which arguments. */
export const callsKinds: readonly RefusalKind[] = [
  {
    // check_helper_call, by get_func_proto of the program's type. Older kernels say `unknown func` in both cases.
    id: 'helper-program-type',
    pattern: /program of this type cannot use helper (\w+)|unknown func (\w+)#\d+|invalid func (\w+)#\d+/,
    cause: 'Programs of this type may not call the helper {1}{2}{3}, or this kernel does not have it.',
    change:
      'See which types may: bpftool feature probe lists the helpers of each type. Another type, or another helper, has to do it; on an old kernel guard the call with bpf_core_enum_value_exists().',
  },
  {
    // A helper is marked by gpl_only in its prototype; the licence is the object's section `license`.
    id: 'gpl-only',
    pattern: /cannot call (?:GPL-restricted|GPL only) function from (?:non-GPL compatible|proprietary) program/i,
    cause: 'This helper is only for programs under a licence that is compatible with the GPL.',
    change:
      'If the program is under such a licence say so: char LICENSE[] SEC("license") = "GPL"; else do without the helper.',
  },
  {
    // Modules and subsystems register their functions for types of programs (register_btf_kfunc_id_set).
    id: 'kfunc-not-allowed',
    pattern: /calling kernel function (\w+) is not allowed/,
    cause: "Programs of this type may not call the kernel function '{1}'.",
    change: 'Use a program type the function is registered for, or a helper instead.',
  },
  {
    id: 'kfunc-gpl',
    pattern: /cannot call kernel function from non-GPL compatible program/,
    cause: 'Kernel functions are only for programs under a licence that is compatible with the GPL.',
    change: 'If the program is under such a licence say so: char LICENSE[] SEC("license") = "GPL";.',
  },
  {
    // check_map_prog_compatibility: tracing programs may run where memory cannot be allocated or a lock is held
    // already.
    id: 'map-program-type',
    pattern:
      /(?:trace type programs can only use preallocated|(?:tracing|socket filter|sleepable) prog\w* cannot use|Sleepable programs can only use|perf_event programs can only use|programs? cannot use bpf_\w+ yet|bpf_obj_drop cannot be used in tracing)/i,
    cause: 'Programs of this type may not use maps of this type or with these members.',
    change: 'Preallocate the map (without BPF_F_NO_PREALLOC), or take locks, timers and such out of its values.',
  },
  {
    // check_cond_jmp_op. With CAP_PERFMON any comparison is allowed.
    id: 'pointer-comparison',
    pattern: /(R\d+) pointer comparison/,
    cause: '{1} is a pointer that is compared with a number or another kind of pointer.',
    change: 'Compare pointers only with NULL, and packet pointers with data_end.',
  },
  {
    // check_reg_sane_offset: the limit is BPF_MAX_VAR_OFF, 1 << 29.
    id: 'pointer-range',
    pattern:
      /(?:value (-?\d+) makes \w+ pointer be out of bounds|makes pointer to be out of bounds|math between|pointer (?:and|offset) (-?\d+)|fp pointer offset|^value -?\d+$)/,
    cause: 'A number ({1}{2}) is added to a pointer that leads far outside of what it points to.',
    change: 'Bound the number before it is added; an index that may be negative must be tested first.',
  },
  {
    id: 'stack-arguments',
    pattern: /stack arg|\br11 (?:load|store)|R11[-+]|callee expects \d+ args/i,
    cause: 'Arguments beyond the fifth, which lie on the stack, are not all there, or are read too late.',
    change:
      'Let both sides agree about the number of arguments; pass fewer, or a pointer to a structure, where other kernels are meant too.',
  },
  {
    id: 'jump-table',
    pattern: /jump table|PTR_TO_INSN|insn_array/,
    cause: 'A computed jump goes by a table that does not fit the function.',
    change: 'Compile again with a compiler and options of one version; -fno-jump-tables does without such tables.',
  },
  {
    // Clang's name for where undefined behaviour would begin; the kernel has a kfunc of this name for it.
    id: 'uninitialised-variable',
    pattern: /__bpf_trap\(\)/,
    cause:
      'The compiler found that a variable is used before it is set (or that the code has no meaning otherwise) and put a trap there.',
    change: 'Look for its warnings (-Wall -Wuninitialized), and initialise the variable.',
  },
  {
    id: 'length-argument',
    pattern: /memory, len pair|leads to invalid memory access|memory size \d+ is too large/,
    cause:
      'A pointer and the length given with it do not go together: less memory is there, as far as the verifier knows.',
    change: 'Bound the length by the size of the memory, right before the call.',
  },
  {
    id: 'packet-helper',
    pattern: /helper access to the packet|does not allow writes to packet/,
    cause: 'Programs of this type may not hand packet memory to this helper, or not write packets.',
    change: 'Copy to the stack first, or use bpf_skb_load_bytes() and bpf_skb_store_bytes().',
  },
  {
    id: 'cgroup-storage',
    pattern: /get_local_storage\(\)|cgroup_storage/,
    cause: 'The local storage of groups is used in another way than the helper allows.',
    change: 'Pass 0 as flags, and one map of each kind of storage a program.',
  },
  {
    // bpf_obj_new() and bpf_percpu_obj_new() take the id of a type in the program's BTF.
    id: 'allocated-type',
    pattern: /obj_new|local type ID/,
    cause:
      'Memory is to be allocated for a type that does not allow it: no struct, too large, or with members that need care.',
    change:
      'Allocate a named struct of the program, below 512 bytes for each CPU, and let per-CPU ones have numbers only.',
  },
  {
    id: 'dynptr',
    pattern: /dynptr/i,
    cause: 'A dynptr is used before it was initialised, after it was released, twice, or as another type than it is.',
    change:
      'Initialise it once (bpf_dynptr_from_...(), bpf_ringbuf_reserve_dynptr()), pass it as it is, and release it once on every path, also after a failed reservation.',
  },
  {
    id: 'release-argument',
    pattern:
      /(R\d+) must (?:be referenced|have (?:a )?zero (?:fixed )?offset) when passed to release|arg (\d+) is an unacquired reference|release (?:helper|kernel function|function|kfunc) \S+ expects? ?(?:refcounted|referenced)?|unacquired reference|has already released|expected for bpf_(?:percpu_)?obj_drop/,
    cause: 'What is released here was not acquired by this program, was released before, or has an offset added.',
    change: 'Release the very pointer that the acquiring call gave, once.',
  },
  {
    id: 'data-structure',
    pattern: /bpf_(?:list|rb|rbtree|refcount)_?\w*|rbtree_\w+|owning|allocated object must be referenced|graph/i,
    cause:
      'A node of a list or tree is used without owning it, without the lock of its root, or in a structure that is not its own.',
    change:
      'Take the bpf_spin_lock beside the root first; after adding a node only the non-owning reference may be used, until the unlock.',
  },
  {
    id: 'constant-wanted',
    pattern:
      /(R\d+) (?:is not a known const\w*|must be a known constant|is not a const|must have zero|doesn't have constant offset|is not a known value)|constant (?:is )?(?:expected|required)|does not point to a readonly map|map is not (?:a )?read-?only|string is not zero-terminated|is not a (?:const string|constant string)/,
    cause: 'A value is wanted here that is the same on every path and known before the program runs.',
    change: 'Pass a literal or a const global variable; format strings must be static const char[] in read-only data.',
  },
  {
    id: 'licence',
    pattern: /must have a GPL compatible license|GPL[- ]compatible/i,
    cause: 'Programs of this type must be under a licence that is compatible with the GPL.',
    change: 'If the program is under such a licence say so: char LICENSE[] SEC("license") = "GPL";.',
  },
  {
    id: 'argument-type',
    pattern: /(R\d+)? ?type=(\S+) expected(?:=(.+))?/,
    cause: 'An argument ({1}) is of type {2}, but the function takes {3}.',
    change:
      'Pass the address of a variable on the stack or of a map value where memory is expected, the context where ctx is.',
  },
  {
    // check_reference_leak, at the exit of the program. The message names where the reference was acquired.
    id: 'reference-leak',
    pattern: /Unreleased reference(?: id=\d+ alloc_insn=(?<insn>\d+))?|would lead to reference leak/,
    cause:
      'What this call acquired (a socket, a ring buffer record, a reference) is not given back on the path that ends here.',
    change:
      'Release it on every path, also on those of errors: bpf_sk_release(), bpf_ringbuf_submit() or bpf_ringbuf_discard(), bpf_..._release().',
  },
];
