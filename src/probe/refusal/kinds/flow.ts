// Messages of kernel/bpf/verifier.c; the functions named here are those of it that write them.
import type { RefusalKind } from '../kind.ts';

/** Registers, loops and the ways through a program. */
export const flowKinds: readonly RefusalKind[] = [
  {
    id: 'no-return-value',
    pattern: /^R0 !read_ok/,
    cause: 'The return value is not set on this path (or a call result is used that the call does not give).',
    change: 'Return a value on every path.',
  },
  {
    // check_reg_arg: calls leave R1 to R5 unreadable.
    id: 'uninitialised-register',
    pattern: /(R\d+)? ?!read_ok/,
    cause:
      'A register ({1}) is read before anything was written to it on this path: an uninitialised variable, a missing argument, or a value expected to ' +
      'survive a call, which only R6 to R9 do.',
    change: 'Initialise the variable where it is declared; in assembly keep values over calls in r6 to r9.',
  },
  {
    // check_reg_arg, of any instruction whose destination is R10.
    id: 'frame-pointer',
    pattern: /frame pointer is read only/,
    cause: 'R10, which points at the stack, is written.',
    change: 'Copy it to another register and change that.',
  },
  {
    // is_state_visited: the state is the same as at an earlier visit of this instruction on the same path.
    id: 'infinite-loop',
    pattern: /infinite loop detected(?: at insn (?<insn>\d+))?|^loop detected/,
    cause: 'A loop comes back to where it was with nothing changed, as far as the verifier knows: it may never end.',
    change:
      'Count with a variable that is compared with a constant, or loop with bpf_for(), bpf_repeat() or bpf_loop().',
  },
  {
    // check_cfg. Since 5.3 loops are followed round by round instead, for privileged programs.
    id: 'back-edge',
    pattern: /back-edge(?: from insn (?<insn>\d+) to (\d+))?/,
    cause:
      'The program jumps back (to instruction {2}): kernels before 5.3, and programs of plain users, may not loop.',
    change: 'Unroll the loop with #pragma unroll and a constant number of rounds.',
  },
  {
    // The limits are 1,000,000 instructions on all paths together (131,072 before 5.2), and 8192 branches that wait to
    // be followed.
    id: 'too-complex',
    pattern:
      /program is too large|The sequence of (\d+) jumps is too complex|too many states|exceeded complexity limit/i,
    cause:
      'The verifier gave up: it follows every path through the program, and there are too many of them or they are too long.',
    change:
      'Shorten loops or use bpf_loop() and bpf_for(), whose body is checked once; split the work into global (non-static) functions or tail calls.',
  },
  {
    id: 'jump-range',
    pattern: /jump out of range(?: from insn (?<insn>\d+) to (-?\d+))?/,
    cause: 'A jump leads outside of the function (to instruction {2}).',
    change: 'Jump to a label of the same function; only handwritten assembly and damaged objects have such jumps.',
  },
  {
    // check_cfg walks all edges before anything is executed, so that constants make no code unreachable for it.
    id: 'unreachable',
    pattern: /unreachable(?: insn (?<insn>\d+))?/,
    cause: 'No path leads to this instruction, and code that cannot run is not accepted.',
    change: 'Remove the code after an endless loop or an exit in assembly; compile with optimisation (-O2).',
  },
  {
    // check_subprogs: the last instruction of a function has to be an exit or a jump.
    id: 'no-exit',
    pattern: /last insn(?: is not an exit or jmp)?|not an exit|subprog \d+ does not.* exit/i,
    cause: 'The function runs off its end.',
    change:
      'End every function with a return; __builtin_unreachable() and functions declared noreturn make the compiler leave it out.',
  },
];
