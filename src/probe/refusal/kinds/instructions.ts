// Messages of kernel/bpf/verifier.c, and of the loader, which replaces what it cannot resolve by calls of helpers that
// do not exist and then names them in the log.
import type { RefusalKind } from '../kind.ts';

/** Instructions, and what they refer to. */
export const instructionsKinds: readonly RefusalKind[] = [
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
    // bpf_opcode_in_insntable of kernel/bpf/core.c knows every opcode of the running kernel.
    id: 'unknown-opcode',
    pattern: /unknown opcode(?: ([0-9a-f]+))?|unknown insn class (\d+)|invalid atomic opcode ([0-9a-f]+)/,
    cause:
      'The running kernel does not know the instruction {1}{2}{3}: it is of a newer instruction set, or no instruction.',
    change: 'Compile for an older instruction set (-mcpu=v3, v2 or v1), or run on a newer kernel.',
  },
  {
    // Fields that an instruction does not use must be 0, so that later kernels can give them a meaning.
    id: 'invalid-instruction',
    pattern:
      /uses reserved|(?:invalid|unrecognized) (?:BPF_LD_IMM|bpf_ld_imm64|BPF_LD_IMM64) insn|invalid BPF_\w+|invalid atomic operand size|^R\d+ is invalid$|jump into the middle of ldimm64/,
    cause:
      'An instruction is encoded as none can be: a field that must be 0 is set, a register or a width does not exist.',
    change:
      'Only handwritten assembly, generated code and damaged objects have such instructions; where a compiler made it, its version is too new for this kernel: compile with an older -mcpu.',
  },
  {
    // resolve_pseudo_ldimm64 looks each descriptor up before the program is verified.
    id: 'map-descriptor',
    pattern:
      /fd (-?\d+) is not pointing to valid (?:bpf_map|map|bpf_prog)|not pointing to valid bpf_map|invalid map_ptr to access/,
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
    // A pointer on the stack is tracked as such only while all 8 bytes of it stay as they were stored.
    id: 'stack-spill',
    pattern:
      /corrupt(?:ed)? (?:spill(?:ed)? (?:memory|pointer)|spilled pointer)|attempt to corrupt spilled|invalid size of register (?:spill|fill)|cannot spill pointers to stack|leaking pointer from stack/,
    cause: 'A pointer that lies on the stack is overwritten, read or handed on in part.',
    change:
      'Keep pointers in variables of pointer type; do not copy the stack they lie on as bytes, and clear structures before they are given away.',
  },
  {
    id: 'atomic-target',
    pattern: /(?:BPF_ATOMIC|BPF_XADD|atomic) (?:stores|loads?) (?:into|from) (R\d+) (\S+) is not allowed/,
    cause: 'An atomic operation is applied to memory ({2}) that takes none, or not this one.',
    change:
      'Do it on a map value or the stack; atomics that also read (fetch, xchg, cmpxchg) need more of the kernel and its JIT.',
  },
  {
    // The text that the loader puts in the place of the poisoned instruction.
    id: 'core-relocation',
    pattern: /failed to resolve CO-RE relocation (.*)/,
    cause: 'The running kernel has no such type or member as the object was compiled for: {1}.',
    change:
      'Guard the access with bpf_core_field_exists() or bpf_core_type_exists(), or describe the older form in a type with a ___suffix.',
  },
  {
    // As for a CO-RE relocation, at the two slots of a load of the map's address.
    id: 'map-not-created',
    pattern: /BPF map '([^']*)' is referenced but wasn't created/,
    cause: "The program uses the map '{1}', which was not created (autocreate is off, or this kernel lacks its type).",
    change: 'Create the map, or keep the code that uses it from being reached behind a constant that is false here.',
  },
  {
    // The second form is of the kernel, for a call without a function (its id is 0) that can be reached.
    id: 'kfunc-unresolved',
    pattern: /kfunc '([^']*)' is referenced but wasn't resolved|invalid kernel function call not eliminated/,
    cause:
      'The running kernel has no kernel function of this name ({1}); it is declared weak, so loading went on without it.',
    change: 'Call it only where bpf_ksym_exists() says so, and give another way for kernels without it.',
  },
];
