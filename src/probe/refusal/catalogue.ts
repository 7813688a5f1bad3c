/** One kind of refusal: what the verifier says, why, and what to do about it. `{1}` stands for the pattern's first group. */
export interface RefusalKind {
  readonly id: string;
  /** Matched against each line the verifier ends with. The named group `insn` is the instruction meant, where not the last. */
  readonly pattern: RegExp;
  readonly cause: string;
  readonly change: string;
}

/** In order of precedence: the first kind that fits any of the lines counts. Texts of Linux 5.4 to 7.x. */
export const refusalKinds: readonly RefusalKind[] = [
  {
    id: 'indirect-call',
    pattern: /unknown opcode 8d/,
    cause:
      'A function is called through a pointer (callx): the compiler could not tell which one, and the kernel takes no such calls.',
    change:
      'Call the function by its name, and keep function pointers const and initialised; with optimisation (-O2) calls through pointers ' +
      'whose value is known become direct. Helpers declared as variables must be static and const.',
  },
  {
    id: 'unknown-opcode',
    pattern: /unknown opcode ([0-9a-f]+)|unknown insn class (\d+)|invalid atomic opcode ([0-9a-f]+)/,
    cause:
      'The running kernel does not know the instruction {1}{2}{3}: it is of a newer instruction set, or no instruction.',
    change: 'Compile for an older instruction set (-mcpu=v3, v2 or v1), or run on a newer kernel.',
  },
  {
    id: 'invalid-instruction',
    pattern:
      /uses reserved fields|(?:invalid|unrecognized) (?:BPF_LD_IMM|bpf_ld_imm64|BPF_LD_IMM64) insn|invalid BPF_\w+|invalid atomic operand size|^R\d+ is invalid$|jump into the middle of ldimm64/,
    cause:
      'An instruction is encoded as none can be: a field that must be 0 is set, a register or a width does not exist.',
    change:
      'Only handwritten assembly, generated code and damaged objects have such instructions; where a compiler made it, its version is too new for this kernel: compile with an older -mcpu.',
  },
  {
    id: 'map-descriptor',
    pattern: /fd (-?\d+) is not pointing to valid (?:bpf_map|map|bpf_prog)|invalid map_ptr to access/,
    cause: 'The program refers to a map that is not there: its descriptor is of something else.',
    change: 'See whether the map was created, and whether what stands in for it is a map.',
  },
  {
    id: 'tail-call',
    pattern:
      /tail_?calls? (?:are|is) (?:not allowed|only allowed)|tail_calls are not allowed|tail_call abusing map_ptr|mixing of tail_calls|cannot tail call within/,
    cause:
      'A tail call stands where none is allowed: in functions whose callers use much of the stack, inside a lock, or beside calls that this kernel does not mix with it.',
    change:
      'Call bpf_tail_call() from the program itself, with the map given directly, and with less stack in the functions above it (at most 256 bytes).',
  },
  {
    id: 'stack-spill',
    pattern:
      /corrupt(?:ed)? (?:spill(?:ed)? (?:memory|pointer)|spilled pointer)|attempt to corrupt spilled|invalid size of register (?:spill|fill)|cannot spill pointers to stack|leaking pointer from stack/,
    cause: 'A pointer that lies on the stack is overwritten, read or handed on in part.',
    change:
      'Keep pointers in variables of pointer type; do not copy the stack they lie on as bytes, and clear structures before they are given away.',
  },
  {
    id: 'atomic-target',
    pattern: /(?:BPF_ATOMIC|BPF_XADD|atomic) (?:stores|loads?) into (R\d+) (\S+) is not allowed/,
    cause: 'An atomic operation is applied to memory ({2}) that takes none, or not this one.',
    change:
      'Do it on a map value or the stack; atomics that also read (fetch, xchg, cmpxchg) need more of the kernel and its JIT.',
  },
  {
    id: 'core-relocation',
    pattern: /failed to resolve CO-RE relocation (.*)/,
    cause: 'The running kernel has no such type or member as the object was compiled for: {1}.',
    change:
      'Guard the access with bpf_core_field_exists() or bpf_core_type_exists(), or describe the older form in a type with a ___suffix.',
  },
  {
    id: 'map-not-created',
    pattern: /BPF map '([^']*)' is referenced but wasn't created/,
    cause: "The program uses the map '{1}', which was not created (autocreate is off, or this kernel lacks its type).",
    change: 'Create the map, or keep the code that uses it from being reached behind a constant that is false here.',
  },
  {
    id: 'kfunc-unresolved',
    pattern: /kfunc '([^']*)' is referenced but wasn't resolved/,
    cause: "The running kernel has no kernel function '{1}'; it is declared weak, so loading went on without it.",
    change: 'Call it only where bpf_ksym_exists({1}) says so, and give another way for kernels without it.',
  },
  {
    id: 'packet-bounds',
    pattern: /invalid access to packet, off=(-?\d+) size=(\d+)|R\d+ offset is outside of the packet/,
    cause:
      'The packet is read or written at an offset that no comparison with data_end covers. What the path here has compared is the ' +
      'r= of the register: so many bytes are known to exist.',
    change:
      'Compare first: if (data + offset + size > data_end) return ...; with the same pointer that is then used. After helpers that ' +
      'change the packet, load data and data_end again and compare again.',
  },
  {
    id: 'null-check',
    pattern:
      /(R\d+) invalid mem access '([a-z_]*_or_null_?\w*)'|(R\d+) pointer arithmetic on (\w*_or_null_?\w*) prohibited/,
    cause:
      'The pointer may be NULL: it comes from a call that can fail or find nothing, and no test of it lies on this path.',
    change: 'Test it before its first use, if (!pointer) return ...;, right after the call.',
  },
  {
    id: 'possibly-null-argument',
    pattern: /Possibly NULL pointer passed to (?:trusted |helper )?arg(\d+)|arg#\d+ pointer .*_or_null/i,
    cause: 'A pointer that may be NULL is given to a function that takes none.',
    change: 'Test the pointer before the call.',
  },
  {
    id: 'map-bounds',
    pattern: /invalid access to map (?:value|key), (?:value|key)_size=(\d+) off=(-?\d+) size=(\d+)/,
    cause:
      'A map value of {1} bytes is accessed at offset {2} for {3} bytes: outside of it, or at an index that may be outside.',
    change:
      'Bound the index right before the access, if (index >= LENGTH) return ...;, with an unsigned type, or mask it with index &= LENGTH - 1.',
  },
  {
    id: 'memory-bounds',
    pattern: /invalid access to memory, mem_size=(\d+) off=(-?\d+) size=(\d+)/,
    cause: 'A memory area of {1} bytes is accessed at offset {2} for {3} bytes: outside of it.',
    change: 'Ask for a larger area (a ring buffer record, a dynptr slice), or bound the offset before the access.',
  },
  {
    id: 'min-value',
    pattern: /(R\d+) min value is negative|math between (\w+) pointer and register with unbounded min value/,
    cause: 'An index, an offset or a size may be negative, as far as the verifier knows.',
    change: 'Make the variable unsigned, or test if (value < 0) return ...; right before its use.',
  },
  {
    id: 'unbounded-access',
    pattern: /(R\d+) unbounded memory access|(R\d+) max value is outside of the (?:allowed|array) (?:memory )?range/,
    cause:
      'A size or an index has no upper bound, as far as the verifier knows; a bound tested in another register does not count.',
    change:
      'Bound it right before its use: if (value > MAX) return ...; or value &= MAX - 1; keep the compiler from dropping it with barrier_var(value).',
  },
  {
    id: 'zero-size',
    pattern: /(R\d+) invalid zero-sized read/,
    cause: '{1} is a size that may be 0, which this function does not take.',
    change: 'Test that the size is at least 1 before the call.',
  },
  {
    id: 'stack-uninitialised',
    pattern: /invalid (?:indirect )?read from stack(?: R\d+)? (?:off|var_off) ?(\S+)|invalid indirect access to stack/,
    cause:
      'Stack memory is read, or given to a helper, of which not every byte was written on this path. Padding of structures counts.',
    change:
      'Initialise the whole variable: struct key key = {}; or __builtin_memset(&key, 0, sizeof(key)); before its members.',
  },
  {
    id: 'stack-bounds',
    pattern:
      /invalid stack (?:off|type)|invalid (?:write|read|(?:zero-size|indirect) (?:read|access)) (?:to|from) stack R\d+ off|invalid unbounded variable-offset.* stack|invalid variable-offset.* stack/,
    cause:
      'The stack is accessed outside of the 512 bytes a function has, or at an index that may be outside of the variable.',
    change:
      'Bound the index before the access; move what is large into a map of one element (per-CPU where programs run side by side).',
  },
  {
    id: 'stack-depth',
    pattern:
      /combined stack size of (\d+) calls is (\d+)|stack (?:size|depth)[^.]*too large|stack depth \d+ exceeds|private stack/i,
    cause: 'Functions that call each other use {2} bytes of stack together; 512 are allowed.',
    change:
      'Move large variables into a per-CPU array map, or mark small functions __always_inline so that slots are shared.',
  },
  {
    id: 'scalar-dereference',
    pattern: /(R\d+) invalid mem access '(?:scalar|inv)'/,
    cause: '{1} is used as a pointer, but to the verifier it is a number: read from memory, computed, or cast.',
    change:
      'Read memory behind kernel pointers with bpf_probe_read_kernel() or BPF_CORE_READ(); keep pointers of the program in variables of pointer type, without arithmetic on integers.',
  },
  {
    id: 'pointer-type',
    pattern: /(R\d+) invalid mem access '([^']*)'/,
    cause: '{1} is a pointer ({2}) whose memory the program may not access directly.',
    change: 'Use the helper made for it, or bpf_probe_read_kernel() to read.',
  },
  {
    id: 'no-return-value',
    pattern: /^R0 !read_ok/,
    cause: 'The return value is not set on this path (or a call result is used that the call does not give).',
    change: 'Return a value on every path.',
  },
  {
    id: 'uninitialised-register',
    pattern: /(R\d+) !read_ok/,
    cause:
      '{1} is read before anything was written to it on this path: an uninitialised variable, a missing argument, or a value expected to ' +
      'survive a call, which only R6 to R9 do.',
    change: 'Initialise the variable where it is declared; in assembly keep values over calls in r6 to r9.',
  },
  {
    id: 'frame-pointer',
    pattern: /frame pointer is read only/,
    cause: 'R10, which points at the stack, is written.',
    change: 'Copy it to another register and change that.',
  },
  {
    id: 'infinite-loop',
    pattern: /infinite loop detected at insn (?<insn>\d+)/,
    cause: 'A loop comes back to where it was with nothing changed, as far as the verifier knows: it may never end.',
    change:
      'Count with a variable that is compared with a constant, or loop with bpf_for(), bpf_repeat() or bpf_loop().',
  },
  {
    id: 'back-edge',
    pattern: /back-edge from insn (?<insn>\d+) to (\d+)/,
    cause:
      'The program jumps back (to instruction {2}): kernels before 5.3, and programs of plain users, may not loop.',
    change: 'Unroll the loop with #pragma unroll and a constant number of rounds.',
  },
  {
    id: 'too-complex',
    pattern:
      /BPF program is too large\. Processed (\d+) insn|The sequence of (\d+) jumps is too complex|too many states/i,
    cause:
      'The verifier gave up: it follows every path through the program, and there are too many of them or they are too long.',
    change:
      'Shorten loops or use bpf_loop() and bpf_for(), whose body is checked once; split the work into global (non-static) functions or tail calls.',
  },
  {
    id: 'jump-range',
    pattern: /jump out of range from insn (?<insn>\d+) to (-?\d+)/,
    cause: 'A jump leads to instruction {2}, outside of the function.',
    change: 'Jump to a label of the same function; only handwritten assembly and damaged objects have such jumps.',
  },
  {
    id: 'unreachable',
    pattern: /unreachable insn (?<insn>\d+)/,
    cause: 'No path leads to this instruction, and code that cannot run is not accepted.',
    change: 'Remove the code after an endless loop or an exit in assembly; compile with optimisation (-O2).',
  },
  {
    id: 'no-exit',
    pattern: /last insn is not an exit or jmp|subprog \d+ does not.* exit/i,
    cause: 'The function runs off its end.',
    change:
      'End every function with a return; __builtin_unreachable() and functions declared noreturn make the compiler leave it out.',
  },
  {
    id: 'helper-program-type',
    pattern: /program of this type cannot use helper (\w+)#\d+|unknown func (\w+)#\d+|invalid func (\w+)#\d+/,
    cause: 'Programs of this type may not call the helper {1}{2}{3}, or this kernel does not have it.',
    change:
      'See which types may: bpftool feature probe lists the helpers of each type. Another type, or another helper, has to do it; on an old kernel guard the call with bpf_core_enum_value_exists().',
  },
  {
    id: 'gpl-only',
    pattern: /cannot call (?:GPL-restricted|GPL only) function from (?:non-GPL compatible|proprietary) program/i,
    cause: 'This helper is only for programs under a licence that is compatible with the GPL.',
    change:
      'If the program is under such a licence say so: char LICENSE[] SEC("license") = "GPL"; else do without the helper.',
  },
  {
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
    id: 'map-program-type',
    pattern:
      /(?:trace type programs can only use preallocated|(?:tracing|socket filter|sleepable) prog\w* cannot use|Sleepable programs can only use|perf_event programs can only use|programs? cannot use bpf_\w+ yet)/i,
    cause: 'Programs of this type may not use maps of this type or with these members.',
    change: 'Preallocate the map (without BPF_F_NO_PREALLOC), or take locks, timers and such out of its values.',
  },
  {
    id: 'pointer-comparison',
    pattern: /(R\d+) pointer comparison prohibited/,
    cause: '{1} is a pointer that is compared with a number or another kind of pointer.',
    change: 'Compare pointers only with NULL, and packet pointers with data_end.',
  },
  {
    id: 'pointer-range',
    pattern:
      /(?:value (-?\d+) makes \w+ pointer be out of bounds|makes pointer to be out of bounds|math between \w+ pointer and (-?\d+) is not allowed|pointer offset (-?\d+) is not allowed)/,
    cause: 'A number ({1}{2}{3}) is added to a pointer that leads far outside of what it points to.',
    change: 'Bound the number before it is added; an index that may be negative must be tested first.',
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
      /(R\d+) must (?:be referenced|have (?:a )?zero (?:fixed )?offset) when passed to release|arg (\d+) is an unacquired reference|release (?:helper|kernel function|function) \S+ expects? ?(?:refcounted|referenced)?|unacquired reference/,
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
    pattern: /(R\d+) type=(\S+) expected=(.+)/,
    cause: 'The argument in {1} is of type {2}, but the function takes {3}.',
    change:
      'Pass the address of a variable on the stack or of a map value where memory is expected, the context where ctx is.',
  },
  {
    id: 'reference-leak',
    pattern: /Unreleased reference id=\d+ alloc_insn=(?<insn>\d+)|would lead to reference leak/,
    cause:
      'What this call acquired (a socket, a ring buffer record, a reference) is not given back on the path that ends here.',
    change:
      'Release it on every path, also on those of errors: bpf_sk_release(), bpf_ringbuf_submit() or bpf_ringbuf_discard(), bpf_..._release().',
  },
  {
    id: 'return-range',
    pattern: /At (?:program|callback|subprogram) exit the register (R\d+) (?:has (.+?) )?should have been in (.+)/,
    cause: 'A program of this type may only return {3}, and {1} is something else or not known ({2}).',
    change: 'Return a constant of that range on every path.',
  },
  {
    id: 'context-access',
    pattern: /invalid bpf_context access off=(-?\d+) size=(\d+)/,
    cause:
      'The context has no member at offset {1} that may be read or written with {2} bytes by this type of program: another structure, a member ' +
      'that is not for this hook, a partial access, or a member that is read-only.',
    change:
      'Use the context type of the section, access members whole, and write only those the documentation of the type allows.',
  },
  {
    id: 'context-modified',
    pattern:
      /dereference of modified (\w+) ptr (R\d+) off=(-?\d+)|variable (?:ctx|\w+) access var_off=|negative offset (\w+) ptr (R\d+)/,
    cause: 'A pointer to the context or to a kernel object is accessed after an offset was added to it.',
    change:
      'Access members through the pointer itself; keep the compiler from merging accesses with barrier_var() or by reading into a variable first.',
  },
  {
    id: 'struct-bounds',
    pattern: /access beyond struct (\w+) at off (\d+) size (\d+)|access beyond the end of member/,
    cause: 'A kernel structure is accessed beyond its end or across its members ({1} at offset {2}).',
    change: 'Check the type that is cast to; use BPF_CORE_READ() so that offsets are those of the running kernel.',
  },
  {
    id: 'read-only',
    pattern:
      /write into map forbidden|(R\d+) cannot write into (\w+)|cannot write into packet|only read is supported|write to change key/i,
    cause: 'Memory is written that this program may only read.',
    change:
      'Write a copy of it instead; for maps drop BPF_F_RDONLY_PROG or do not freeze them, for variables drop const.',
  },
  {
    id: 'pointer-arithmetic',
    pattern:
      /pointer arithmetic (?:with|on) (\S+)(?: operator)? prohibited|(R\d+) (?:bitwise operator|pointer|tried to (?:add|subtract|sub)) ?.*(?:prohibited|from different maps|paths or scalars)|value (-?\d+) makes \w+ pointer be out of bounds/,
    cause: 'Arithmetic with a pointer that is not allowed, or by an amount the verifier cannot bound.',
    change:
      'Only add bounded numbers to pointers into packets, map values and the stack: bound the number first, and add last.',
  },
  {
    id: 'pointer-leak',
    pattern: /leaks addr (?:into|as)/,
    cause:
      'A kernel address would become visible to user space (in a map, a packet, or as the result); without CAP_PERFMON that is not allowed.',
    change: 'Store numbers instead of pointers, or load with CAP_PERFMON.',
  },
  {
    id: 'misaligned',
    pattern: /misaligned (\w+) access/,
    cause: 'An access is not aligned to its size, which is demanded here.',
    change: 'Align the member, or copy with __builtin_memcpy() of bytes.',
  },
  {
    id: 'division-by-zero',
    pattern: /div(?:ision)? by zero/,
    cause: 'The program divides by the constant 0.',
    change: 'Correct the divisor; a divisor that is not constant needs no test (division by 0 gives 0).',
  },
  {
    id: 'invalid-shift',
    pattern: /invalid shift (-?\d+)/,
    cause: 'A value is shifted by {1}: more bits than it has.',
    change: 'Shift by less than the width of the type.',
  },
  {
    id: 'spin-lock',
    pattern:
      /function calls are not allowed while holding a lock|(?:inside|holding) (?:a )?bpf_(?:res_)?spin_(?:un)?lock|bpf_(?:res_)?spin_(?:un)?lock/,
    cause: 'A lock is held where that is not allowed: over a call, over the end of the program, or twice.',
    change:
      'Keep between bpf_spin_lock() and bpf_spin_unlock() only plain accesses to the element, and unlock on every path.',
  },
  {
    id: 'may-sleep',
    pattern: /might sleep in a non-sleepable|sleepable (?:helper|kfunc|function)|in (?:RCU|rcu)(?: |_)read(?:_| )lock/i,
    cause: 'A function that may sleep is called where sleeping is not allowed.',
    change:
      'Load the program as sleepable (SEC("fentry.s/..."), lsm.s, uprobe.s ...), outside of bpf_rcu_read_lock() regions.',
  },
  {
    id: 'trusted-pointer',
    pattern: /must be (?:a )?(?:referenced|trusted|rcu|known)|has no valid kptr|pointer type \S+ \S+ must point to/i,
    cause: 'The kernel function wants a pointer that is known to stay valid, and this one is not.',
    change:
      'Acquire a reference (bpf_task_acquire() ...) or stay within bpf_rcu_read_lock(), and pass the pointer as it came.',
  },
  {
    id: 'call-depth',
    pattern: /the call stack of (\d+) frames is too deep/,
    cause: 'Functions call each other {1} deep; 8 are allowed.',
    change: 'Make some of them __always_inline, and do not recurse.',
  },
  {
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
    pattern: /cannot pass map_type (\d+) into func (\w+)#\d+/,
    cause: 'The helper {2} does not take maps of this type ({1}).',
    change:
      'Use the helper made for the type (bpf_redirect_map(), bpf_tail_call(), bpf_perf_event_output() ...), or another type of map.',
  },
  {
    id: 'direct-value',
    pattern:
      /direct value (?:offset of (\d+) is not allowed|access)|no direct value access support|invalid access to map value pointer/,
    cause: 'The address of a global variable is taken outside of its map, or in a map without global variables.',
    change: 'Keep to the variable; arrays must be accessed at an index that is bounded when the program runs.',
  },
  {
    id: 'mixed-pointers',
    pattern: /same insn cannot be used with different pointers/,
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
    pattern: /\bkptr\b|bpf_kptr_xchg|map_kptr/,
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
      /(?:kernel function (\w+) )?args?#(\d+) (?:expected|must|is|pointer|has|doesn't|cannot|reference|type)(?! reference type\()|kernel function (\w+) (?:has|args|expects|must)/i,
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
    id: 'attach-target',
    pattern:
      /attach_btf_id|attach_prog_fd|(?:Tracing|LSM|FENTRY|FEXIT) programs? (?:must|can only|cannot)|is not modifiable|can(?:'t|not) modify return codes|not(?: a)? (?:valid )?attach|can(?:'t|not) be attached|attach to unsupported|recursive tracing|fentry|fexit|freplace/i,
    cause: 'The function that the section names cannot be traced, replaced or modified by a program of this type.',
    change:
      'See with bpftool btf find whether the kernel has it as a function with these arguments; notrace and inlined functions cannot be attached to.',
  },
  {
    id: 'capability',
    pattern:
      /(?:allowed|only) for (?:CAP_BPF|root|privileged|CAP_SYS_ADMIN|CAP_PERFMON)|requires? CAP_|unprivileged|disallowed for .*unpriv/i,
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
  {
    id: 'legacy-packet-access',
    pattern: /BPF_LD_\[ABS\|IND\]|BPF_LD_ABS\|IND/,
    cause:
      'The old instructions that read the packet (load_byte() and such) are not allowed here, or R6 does not hold the context.',
    change: 'Access the packet through data and data_end, or with bpf_skb_load_bytes().',
  },
  {
    id: 'callback',
    pattern: /callback|synchronous|async/i,
    cause: 'A function that a helper is to call back is not of the form that the helper takes.',
    change:
      'Let it be static, with the arguments and the return value (0 or 1) that the documentation of the helper states.',
  },
  {
    id: 'function-information',
    pattern:
      /func_info|line_info|missing btf|Invalid (?:BTF|name|type|insn offset|line_info)|BTF_KIND|does ?n[o']t match number of subprogs/i,
    cause: 'The information about functions and lines in the object does not fit its instructions.',
    change: 'Compile the object again with -g; tools that change instructions must change .BTF.ext too.',
  },
  {
    id: 'call-target',
    pattern: /call to invalid destination|invalid call insn|invalid destination|unknown func|recursive call/,
    cause: 'A call leads to no function of the program, or round in a circle.',
    change: 'Link the object that has the function (bpftool gen object), and do not recurse.',
  },
  {
    id: 'too-many',
    pattern:
      /too many (?:subprogs|subprograms|functions|maps|different|instructions|insns)|(?:maximum|max) (?:number|depth)|exceeds? (?:the )?(?:limit|maximum)|^Too many|more than \d+/i,
    cause: 'The program has more of something than the kernel takes.',
    change: 'Split it into several programs, with tail calls between them where they must share a run.',
  },
  {
    id: 'frame-return',
    pattern: /cannot return stack pointer to the caller|caller.s stack|frame \d+/,
    cause: 'A function gives its caller the address of a variable that ends with it.',
    change: 'Let the caller own the variable and pass its address.',
  },
  {
    id: 'object-access',
    pattern:
      /(R\d+) (?:is ptr_(\w+) )?(?:invalid (?:negative|variable) ?(?:access|offset)?|invalid (\w+) access)|cannot access ptr member|Type '(\w*)' is not a struct|cannot write into (\w+)|invalid (\w+) access off/,
    cause: 'A kernel object is accessed where it has no member that may be, or with a size that is not the member’s.',
    change:
      'Access members whole and by name, through the type in vmlinux.h of the running kernel or with BPF_CORE_READ().',
  },
  {
    id: 'verifier-bug',
    pattern: /verifier (?:bug|internal error)|kernel subsystem misconfigured|BUG/,
    cause: 'The verifier contradicts itself: this is a fault of the kernel.',
    change: 'Report it to bpf@vger.kernel.org with the object; write the place that it names in another way.',
  },
  // Last, what most messages share: better than nothing, and less than any of the others.
  {
    id: 'register',
    pattern: /^(R\d+) /,
    cause: 'What {1} holds at this instruction is not what the instruction or the call takes.',
    change:
      'See above what is known of {1} then and how it came there; make its type or its bounds plain right before the use.',
  },
  {
    id: 'not-allowed',
    pattern: /not (?:allowed|supported|permitted)|prohibited|disallowed|unsupported|cannot|can't/i,
    cause: 'The verifier understands the instruction, but it is not allowed here.',
    change:
      'See its message above: another type of program, another place in the program or a newer kernel may allow it.',
  },
  {
    id: 'wrong-argument',
    pattern: /\b(?:expected|expects|must|should|invalid|unexpected|missing)\b/i,
    cause: 'Something is not as this instruction or this call wants it; the message above says what is expected.',
    change:
      'Compare with the documentation of the helper or kernel function, and with what is known of the registers above.',
  },
];
