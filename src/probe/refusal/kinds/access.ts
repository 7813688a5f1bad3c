// Messages of kernel/bpf/verifier.c; the functions named here are those of it that write them.
import type { RefusalKind } from '../kind.ts';

/** What is returned, and how objects and pointers are accessed. */
export const accessKinds: readonly RefusalKind[] = [
  {
    // check_return_code: some types give their result a meaning, such as 0 to 3 for packets that leave a cgroup.
    id: 'return-range',
    pattern:
      /At (?:program|callback|subprogram) exit the register (?:(R\d+) (?:has (?:(.+?) )?should have been in (.+))?)?|(R\d+ )?(?:has )?.*should have been in/,
    cause: 'A program of this type may only return certain values ({3}), and {1} is something else or not known ({2}).',
    change: 'Return a constant of that range on every path.',
  },
  {
    // check_ctx_access: each type has its own callback that knows offsets, sizes and directions.
    id: 'context-access',
    pattern: /invalid bpf_context access(?: off=(-?\d+) size=(\d+))?/,
    cause:
      'The context has no member at offset {1} that may be read or written with {2} bytes by this type of program: another structure, a member ' +
      'that is not for this hook, a partial access, or a member that is read-only.',
    change:
      'Use the context type of the section, access members whole, and write only those the documentation of the type allows.',
  },
  {
    // Loads from the context are rewritten to loads from the kernel's structure, so that the offset must be known.
    id: 'context-modified',
    pattern:
      /modified (\w+) ptr(?: (R\d+) off=(-?\d+))?|variable (?:ctx|\w+) access var_off=|negative offset (\w+) ptr (R\d+)|ptr R\d+ off=-?\d+ disallowed/,
    cause: 'A pointer to the context or to a kernel object is accessed after an offset was added to it.',
    change:
      'Access members through the pointer itself; keep the compiler from merging accesses with barrier_var() or by reading into a variable first.',
  },
  {
    // btf_struct_walk of kernel/bpf/btf.c follows the kernel's BTF from the pointer's type.
    id: 'struct-bounds',
    pattern: /access beyond (?:struct(?: (\w+) at off (\d+) size (\d+))?|the end of member)/,
    cause: 'A kernel structure is accessed beyond its end or across its members ({1} at offset {2}).',
    change: 'Check the type that is cast to; use BPF_CORE_READ() so that offsets are those of the running kernel.',
  },
  {
    id: 'map-unreadable',
    pattern: /read from map forbidden|only read from bpf_array/,
    cause: 'The map may not be read by programs, or only through its own helpers.',
    change: 'Create it without BPF_F_WRONLY_PROG; read other maps than arrays by bpf_map_lookup_elem().',
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
    // adjust_ptr_min_max_vals. The end of this pattern overlaps with `pointer-range`, which is asked for first.
    id: 'pointer-arithmetic',
    pattern:
      /pointer arithmetic|(R\d+) (?:bitwise operator|pointer [-+]= pointer|tried to (?:add|subtract|sub))|value (-?\d+) makes \w+ pointer be out of bounds|partial copy of pointer/,
    cause: 'Arithmetic with a pointer that is not allowed, or by an amount the verifier cannot bound.',
    change:
      'Only add bounded numbers to pointers into packets, map values and the stack: bound the number first, and add last.',
  },
  {
    // allow_ptr_leaks is set for CAP_PERFMON (CAP_SYS_ADMIN before 5.8), which lifts this.
    id: 'pointer-leak',
    pattern: /leaks addr/,
    cause:
      'A kernel address would become visible to user space (in a map, a packet, or as the result); without CAP_PERFMON that is not allowed.',
    change: 'Store numbers instead of pointers, or load with CAP_PERFMON.',
  },
  {
    // check_pkt_ptr_alignment and check_generic_ptr_alignment: always for the stack, else by the processor and the
    // flags.
    id: 'misaligned',
    pattern: /misaligned (\w+) access/,
    cause: 'An access is not aligned to its size, which is demanded here.',
    change: 'Align the member, or copy with __builtin_memcpy() of bytes.',
  },
  {
    // Only the constant is refused; a register as divisor gets a test at run time.
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
];
