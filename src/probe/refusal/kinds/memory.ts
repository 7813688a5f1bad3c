// Messages of kernel/bpf/verifier.c; the functions named here are those of it that write them.
import type { RefusalKind } from '../kind.ts';

/** Memory: its bounds, whether it is there and written. */
export const memoryKinds: readonly RefusalKind[] = [
  {
    // check_packet_access. A comparison with data_end sets the range of all pointers that share the id of the compared
    // one.
    id: 'packet-bounds',
    pattern: /invalid access to packet(?:, off=(-?\d+) size=(\d+))?|R\d+ offset is outside of the packet/,
    cause:
      'The packet is read or written at an offset that no comparison with data_end covers. What the path here has compared is the ' +
      'r= of the register: so many bytes are known to exist.',
    change:
      'Compare first: if (data + offset + size > data_end) return ...; with the same pointer that is then used. After helpers that ' +
      'change the packet, load data and data_end again and compare again.',
  },
  {
    // PTR_MAYBE_NULL: a comparison with 0 takes the mark from all copies of the pointer.
    id: 'null-check',
    pattern: /(?:(R\d+) )?invalid mem access '([a-z_]*_or_null_?\w*)'|(R\d+) pointer arithmetic on (\w*_or_null_?\w*)/,
    cause:
      'The pointer may be NULL: it comes from a call that can fail or find nothing, and no test of it lies on this path.',
    change: 'Test it before its first use, if (!pointer) return ...;, right after the call.',
  },
  {
    id: 'possibly-null-argument',
    pattern: /NULL pointer passed|arg#\d+ pointer .*_or_null|is expected to be non-NULL/i,
    cause: 'A pointer that may be NULL is given to a function that takes none.',
    change: 'Test the pointer before the call.',
  },
  {
    // check_map_access, by the smallest and the largest value that the offset may have.
    id: 'map-bounds',
    pattern: /invalid access to map (?:value|key)(?! pointer)(?:, (?:value|key)_size=(\d+) off=(-?\d+) size=(\d+))?/,
    cause:
      'A map value ({1} bytes) is accessed outside of it ({3} bytes at offset {2}), or at an index that may be outside.',
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
    // Signed and unsigned bounds are tracked apart: a test of a signed variable says nothing of the unsigned minimum.
    id: 'min-value',
    pattern: /min value is (?:negative|outside of)|with unbounded|unbounded min value/,
    cause: 'An index, an offset or a size may be negative, as far as the verifier knows.',
    change: 'Make the variable unsigned, or test if (value < 0) return ...; right before its use.',
  },
  {
    id: 'unbounded-access',
    pattern: /unbounded memory access|value is outside of the (?:allowed|array)|outside of the allowed memory range/,
    cause:
      'A size or an index has no upper bound, as far as the verifier knows; a bound tested in another register does not count.',
    change:
      'Bound it right before its use: if (value > MAX) return ...; or value &= MAX - 1; keep the compiler from dropping it with barrier_var(value).',
  },
  {
    id: 'zero-size',
    pattern: /(R\d+)?(?:^| )invalid zero-sized read/,
    cause: 'A size may be 0 here ({1}), which this function does not take.',
    change: 'Test that the size is at least 1 before the call.',
  },
  {
    // check_stack_range_initialized. Newer kernels let privileged programs read what was never written.
    id: 'stack-uninitialised',
    pattern:
      /invalid (?:indirect )?read from stack(?: R\d+)? (?:off|var_off) ?(\S+)|invalid indirect access to stack|invalid read from stack(?! arg)/,
    cause:
      'Stack memory is read, or given to a helper, of which not every byte was written on this path. Padding of structures counts.',
    change:
      'Initialise the whole variable: struct key key = {}; or __builtin_memset(&key, 0, sizeof(key)); before its members.',
  },
  {
    // MAX_BPF_STACK is 512 bytes, of each function.
    id: 'stack-bounds',
    pattern:
      /invalid stack (?:off|type)|invalid write to stack|invalid (?:write|read|(?:zero-size|indirect) (?:read|access)) (?:to|from) stack R\d+ off|invalid (?:unbounded )?variable-offset|subtraction from stack pointer/,
    cause:
      'The stack is accessed outside of the 512 bytes a function has, or at an index that may be outside of the variable.',
    change:
      'Bound the index before the access; move what is large into a map of one element (per-CPU where programs run side by side).',
  },
  {
    // check_max_stack_depth adds up the frames along each chain of calls. Before tail calls only 256 bytes are allowed.
    id: 'stack-depth',
    pattern:
      /combined stack(?: size of (\d+) calls(?: is (\d+))?)?|stack (?:size|depth)[^.]*too large|stack depth \d+ exceeds|private stack/i,
    cause: 'Functions that call each other use more stack together ({2} bytes) than the 512 bytes that are allowed.',
    change:
      'Move large variables into a per-CPU array map, or mark small functions __always_inline so that slots are shared.',
  },
  {
    // Old kernels call a number `inv`.
    id: 'scalar-dereference',
    pattern: /(?:(R\d+) )?invalid mem access '(?:scalar|inv)'/,
    cause:
      'A register ({1}) is used as a pointer, but to the verifier it is a number: read from memory, computed, or cast.',
    change:
      'Read memory behind kernel pointers with bpf_probe_read_kernel() or BPF_CORE_READ(); keep pointers of the program in variables of pointer type, without arithmetic on integers.',
  },
  {
    id: 'pointer-type',
    pattern: /(?:(R\d+) )?invalid mem access(?: '([^']*)')?/,
    cause: '{1} holds a pointer ({2}) whose memory the program may not access directly.',
    change: 'Use the helper made for it, or bpf_probe_read_kernel() to read.',
  },
];
