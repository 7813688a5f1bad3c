// Messages of kernel/bpf/verifier.c. What is acquired (locks, references, RCU sections, preemption) is a part of the
// state of a path, and must be given back on each path before the program or the section ends.
import type { RefusalKind } from '../kind.ts';

/** Locks, references and what else must come in pairs. */
export const locksKinds: readonly RefusalKind[] = [
  {
    // At most one bpf_spin_lock can be held, and no call but that of a few kernel functions is allowed meanwhile.
    id: 'spin-lock',
    pattern:
      /(?:function )?calls are not allowed(?: while holding a lock)?$|function calls are not allowed|(?:inside|holding) (?:a )?bpf_(?:res_)?spin_(?:un)?lock|bpf_(?:res_)?spin_(?:un)?lock|unlock of different lock|AA deadlock|without taking a lock|not point to map value or allocated object|point to map value or allocated/,
    cause: 'A lock is held where that is not allowed: over a call, over the end of the program, or twice.',
    change:
      'Keep between bpf_spin_lock() and bpf_spin_unlock() only plain accesses to the element, and unlock on every path.',
  },
  {
    // in_sleepable(): not even a sleepable program may sleep with an RCU section, a lock or preemption off.
    id: 'may-sleep',
    pattern:
      /might sleep in a non-sleepable|sleepable (?:global |helper|kfunc|function)|in (?:RCU|rcu)(?: |_)read(?:_| )lock|cannot be sleepable/i,
    cause: 'A function that may sleep is called where sleeping is not allowed.',
    change:
      'Load the program as sleepable (SEC("fentry.s/..."), lsm.s, uprobe.s ...), outside of bpf_rcu_read_lock() regions.',
  },
  {
    // Kernel functions with KF_TRUSTED_ARGS or KF_RCU check where the pointer comes from, not only its type.
    id: 'trusted-pointer',
    pattern: /must be (?:a )?(?:referenced|trusted|rcu|known)|has no valid kptr|pointer type \S+ \S+ must point to/i,
    cause: 'The kernel function wants a pointer that is known to stay valid, and this one is not.',
    change:
      'Acquire a reference (bpf_task_acquire() ...) or stay within bpf_rcu_read_lock(), and pass the pointer as it came.',
  },
  {
    // MAX_CALL_FRAMES is 8.
    id: 'call-depth',
    pattern: /call stack(?: of (\d+) frames)?/,
    cause: 'Functions call each other too deep ({1}); 8 are allowed.',
    change: 'Make some of them __always_inline, and do not recurse.',
  },
  {
    // Since 5.6 global functions are verified once, by their BTF, instead of at each call.
    id: 'global-function',
    pattern:
      /Caller passes invalid args into func#\d+|Global function \w+\(\)|func '[^']*' .*(?:doesn't have|argument)/,
    cause:
      'A global function is checked by itself, knowing only the types of its arguments, and its declaration and its use do not agree.',
    change:
      'Test pointers for NULL inside it, tag arguments (__arg_nonnull, __arg_ctx), let it return int; or make it static.',
  },
  {
    id: 'map-helper',
    pattern:
      /cannot pass map_type (\d+) into func (\w+)|expected prog array map|pointer in R\d isn't map pointer|cannot update sockmap/,
    cause: 'The helper ({2}) does not take maps of this type ({1}), or not from this program.',
    change:
      'Use the helper made for the type (bpf_redirect_map(), bpf_tail_call(), bpf_perf_event_output() ...), or another type of map.',
  },
  {
    // BPF_PSEUDO_MAP_VALUE: array_map_direct_value_addr allows offsets within the value only.
    id: 'direct-value',
    pattern:
      /direct value (?:offset of (\d+) is not allowed|access)|no direct value access support|invalid access to map value pointer/,
    cause: 'The address of a global variable is taken outside of its map, or in a map without global variables.',
    change: 'Keep to the variable; arrays must be accessed at an index that is bounded when the program runs.',
  },
  {
    // The instruction gets one rewriting, which depends on the type of the pointer (reg_type_mismatch).
    id: 'mixed-pointers',
    pattern: /cannot be used with different|different pointers/,
    cause:
      'One instruction accesses memory of different kinds, depending on the path that comes to it: the compiler merged two accesses.',
    change:
      'Keep the compiler from merging them: access each in its own branch, with barrier() or barrier_var(pointer) between.',
  },
  {
    id: 'iterator',
    pattern: /(?:un)?initialized iter_?(\w+)|iterator|iter_\w+ (?:as|is)|bpf_iter_\w+/,
    cause: 'An iterator of a loop is used before bpf_iter_..._new(), after its end, or is not destroyed on a path.',
    change: 'Use bpf_for(), bpf_repeat() or bpf_for_each(), which do all of it, also on break and return.',
  },
  {
    id: 'kptr',
    pattern: /\b[ku]ptr\b|bpf_kptr_xchg|map_kptr|untrusted_ptr/,
    cause: 'A pointer to a kernel object in a map value is read or written in a way that would lose track of it.',
    change:
      'Exchange referenced pointers with bpf_kptr_xchg(), access them whole at their own offset, and release what comes back.',
  },
  {
    id: 'rcu',
    pattern:
      /(?:unmatched|nested|missing) rcu|bpf_rcu_read_(?:un)?lock is missing|rcu_read_lock|rcu read lock|inside bpf_rcu/i,
    cause: 'bpf_rcu_read_lock() and bpf_rcu_read_unlock() do not come in pairs on every path.',
    change: 'Unlock once on every path, before the program ends and before calls that may sleep.',
  },
  {
    id: 'preemption',
    pattern: /preempt|bpf_local_irq|\birq\b|IRQ|local_irq/,
    cause:
      'Preemption or interrupts are still off where they must be on again, or are restored in another order than they were taken away.',
    change: 'Pair bpf_preempt_disable() and bpf_local_irq_save() with their opposites on every path, the last first.',
  },
  {
    id: 'exception',
    pattern: /bpf_throw|exception (?:callback|cb)|exception_cb/i,
    cause: 'An exception is thrown where that is not allowed, or its callback is not as it must be.',
    change:
      'Throw outside of callbacks and locks, with nothing acquired; let the callback be global, with one argument, in the same object.',
  },
  {
    id: 'timer',
    pattern:
      /bpf_timer|bpf_wq|workqueue|timer pointer|has no valid (?:bpf_)?(?:timer|wq)|doesn't (?:point to a )?(?:match )?map pointer in/i,
    cause: 'A timer or work queue is used elsewhere than in the value of its map.',
    change: 'Pass &value->timer of a value that was looked up in this map, and the map itself to bpf_timer_init().',
  },
  {
    id: 'kfunc-argument',
    pattern:
      /(?:kernel function (\w+) )?args?#(\d+) (?:expected|must|is|pointer|has|doesn't|cannot|reference|type|untrusted)|kernel function (\w+) (?:has|args|expects|must|R\d)|R\d+ expected pointer|expected pointer to (?:STRUCT|ctx)|reference type\(|expects pointer to ctx|has type \w+, expected/i,
    cause: 'An argument of the function is not what it takes (argument {2}).',
    change:
      'Compare with the declaration in vmlinux.h: type, trust (acquired, from a walk under RCU), size and constness of each argument.',
  },
  {
    id: 'kfunc-unavailable',
    pattern:
      /JIT does not support calling kernel function|kernel btf_id (\d+) is not|too many different kernel function calls|cannot find address for kernel function|calling kernel functions? (?:is|are) not supported/,
    cause:
      'The kernel function cannot be called here: this kernel or its compiler of machine code does not support it.',
    change: 'Enable the JIT (net.core.bpf_jit_enable), load the module that has the function, or use a helper.',
  },
  {
    // bpf_check_attach_target: by the BTF of the kernel, a module or the program that is replaced.
    id: 'attach-target',
    pattern:
      /attach_btf_id|attach_prog_fd|(?:Tracing|LSM|FENTRY|FEXIT) programs? (?:must|can only|cannot)|is not modifiable|can(?:'t|not) modify return codes|not(?: a)? (?:valid )?attach|can(?:'t|not) be attached|attach to unsupported|recursive tracing|disabled hook|fentry|fexit|freplace/i,
    cause: 'The function that the section names cannot be traced, replaced or modified by a program of this type.',
    change:
      'See with bpftool btf find whether the kernel has it as a function with these arguments; notrace and inlined functions cannot be attached to.',
  },
  {
    // CAP_BPF and CAP_PERFMON are of Linux 5.8; before, CAP_SYS_ADMIN stands for both.
    id: 'capability',
    pattern:
      /(?:allowed|only) for(?: (?:CAP_BPF|root|privileged|CAP_SYS_ADMIN|CAP_PERFMON))?$|allowed for (?:CAP|root|priv)|requires? CAP_|unprivileged|disallowed for .*unpriv/i,
    cause: 'Only processes with a capability (CAP_BPF, CAP_PERFMON) may load programs with this.',
    change: 'Load as root or with the capability, or do without.',
  },
  {
    id: 'arena',
    pattern: /addr_space_cast|arena/i,
    cause: 'Memory of an arena is used in a way that is not allowed, or without the arena.',
    change:
      'Mark pointers __arena, mention the map in the program, and convert them with cast_kern() and cast_user() where the compiler does not.',
  },
];
