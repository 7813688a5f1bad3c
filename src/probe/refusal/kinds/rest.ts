import type { RefusalKind } from '../kind.ts';

/** What is left. */
export const restKinds: readonly RefusalKind[] = [
  {
    id: 'legacy-packet-access',
    pattern: /BPF_LD_\[ABS\|IND\]|LD_(?:ABS|IND)/,
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
    // btf_verifier_log of kernel/bpf/btf.c, from BPF_BTF_LOAD: these texts come without any instruction.
    id: 'type-information',
    pattern:
      /^Loop detected|vlen != 0|(?:type|size) != 0|Member (?:exceeds|is not)|Invalid (?:component_idx|member|elem|index|size|string section|offset|arg#|kind|int_data|func linkage|array|value|return type|name|type_id|btf_info)|Unsupported (?:section|btf_header)|Linkage not supported|Total section length|Section overlap|Not a VAR|No type found|nesting depth exceeded|size cannot be determined|btf_header/,
    cause: 'The BTF of the object describes a type as none can be.',
    change:
      'Compile the object again with -g; tools that write BTF must keep offsets, sizes and ids of types in order.',
  },
  {
    // check_btf_func and check_btf_line: records ascend, and begin with the first instruction of each function.
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
    // Such as 256 functions (BPF_MAX_SUBPROGS) and 64 maps (MAX_USED_MAPS).
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
      /(?:(R\d+) )?(?:is (?:ptr_|bpf_)(\w+) )?invalid (?:negative|variable|sock|tcp_sock|sock_common|xdp_sock) ?(?:access|offset)?|invalid access to flow keys|cannot access ptr member|Type '(\w*)' is not a struct|cannot write into (\w+)|invalid (\w+) access off|invalid negative \w+ buffer|no write support to|cannot be accessed directly|(?:access|size) \d+ must be/,
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
    id: 'initialised-object',
    pattern: /expected (?:an )?(?:un)?initialized/,
    cause: 'An object on the stack (a dynptr, an iterator) is used before it is set up, or set up twice.',
    change: 'Set it up once before its first use on every path, and destroy it once.',
  },
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
