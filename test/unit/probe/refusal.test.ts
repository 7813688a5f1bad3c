import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Explanation, explainRefusal, parseVerifierLog, refusalKinds } from '../../../src/probe/index.ts';

const explain = (log: string, errno = 13): Explanation => explainRefusal({ log, errno, sourceOf: () => undefined });

describe('a log', () => {
  test('of today has states after instructions, and targets of jumps on the same line', () => {
    const { steps, messages } = parseVerifierLog(
      [
        '0: R1=ctx() R10=fp0',
        '; int key = 1; @ a.bpf.c:5',
        '0: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=table,ks=4,vs=16)',
        '1: (15) if r0 == 0x0 goto pc+7 9: R0=0 R10=fp0 fp-8=????mmmm',
        '9: (61) r0 = *(u32 *)(r0 +0)',
        "R0 invalid mem access 'scalar'",
        'processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0',
      ].join('\n'),
    );
    expect(steps.map(({ index }) => index)).toEqual([0, 1, 9]);
    expect(steps[0]).toEqual({
      index: 0,
      text: '(85) call bpf_map_lookup_elem#1',
      entry: { R1: 'ctx()', R10: 'fp0' },
      states: { R0: 'map_value_or_null(id=1,map=table,ks=4,vs=16)' },
    });
    expect(steps[1]!.text).toBe('(15) if r0 == 0x0 goto pc+7');
    expect(steps[2]!.entry).toEqual({ R0: '0', R10: 'fp0', 'fp-8': '????mmmm' });
    expect(messages).toEqual(["R0 invalid mem access 'scalar'"]);
  });

  test('of 7.3 ends before its report', () => {
    const { steps, messages } = parseVerifierLog(
      [
        '0: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)',
        '1: (71) r0 = *(u8 *)(r1 +20)',
        'invalid access to packet, off=20 size=1, R1(id=0,off=20,r=0)',
        'R1 min value is outside of the allowed memory range',
        '',
        'Verification failed: Memory Safety: Access outside bounds',
        '',
        'Reason:',
        '  The verifier cannot prove offset + access_size <= object_size.',
        '  Instruction context:',
        '      0 | (61) r1 = *(u32 *)(r1 +0)',
        'Suggestion:',
        '  Add or adjust a bounds check.',
        '',
        'processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0',
      ].join('\n'),
    );
    expect(steps.map(({ index }) => index)).toEqual([0, 1]);
    expect(messages).toEqual([
      'invalid access to packet, off=20 size=1, R1(id=0,off=20,r=0)',
      'R1 min value is outside of the allowed memory range',
    ]);
  });

  test('of 5.18 marks live registers', () => {
    const { steps } = parseVerifierLog(
      '3: (bf) r2 = r10                      ; R2_w=fp0 R10=fp0 fp-8_w=scalar(umax=255,var_off=(0x0; 0xff))',
    );
    expect(steps[0]!.states).toEqual({ R2: 'fp0', R10: 'fp0', 'fp-8': 'scalar(umax=255,var_off=(0x0; 0xff))' });
  });

  test('of old kernels tells states at branches, or in lines of their own', () => {
    const { steps, messages } = parseVerifierLog(
      [
        '; int *value = bpf_map_lookup_elem(&table, &key);',
        '5: (85) call bpf_map_lookup_elem#1',
        '6: (15) if r0 == 0x0 goto pc+1',
        ' R0=map_value(id=0,off=0,ks=4,vs=16,imm=0) R10=fp0 fp-8=mmmm????',
        '7: (07) r0 += 16',
        '',
        'from 6 to 8: R0=inv0 R10=fp0 fp-8=mmmm????',
        '; return *value;',
        '8: (61) r0 = *(u32 *)(r0 +0)',
        "R0 invalid mem access 'inv'",
        'processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0',
      ].join('\n'),
    );
    expect(steps.map(({ index }) => index)).toEqual([5, 6, 7, 8]);
    expect(steps[2]!.entry).toMatchObject({ R0: 'map_value(id=0,off=0,ks=4,vs=16,imm=0)' });
    expect(steps[3]!.entry).toMatchObject({ R0: 'inv0' });
    expect(messages).toEqual(["R0 invalid mem access 'inv'"]);
  });

  test('of nothing, of noise and of half a line are no trouble', () => {
    expect(parseVerifierLog('')).toEqual({ steps: [], messages: [] });
    expect(parseVerifierLog('\u0000\n12: (\nR1=(((')).toMatchObject({ steps: [] });
    expect(parseVerifierLog(`${'x'.repeat(20_000_000)}\n3: (95) exit\nR0 !read_ok\n`)).toEqual({
      steps: [{ index: 3, text: '(95) exit', entry: undefined, states: {} }],
      messages: ['R0 !read_ok'],
    });
  });
});

describe('an explanation', () => {
  test('follows registers back to where they came from', () => {
    const { registers, path } = explain(
      [
        '0: R1=ctx(id=0,off=0,imm=0) R10=fp0',
        '0: (61) r2 = *(u32 *)(r1 +0)          ; R1=ctx(id=0,off=0,imm=0) R2_w=pkt(id=0,off=0,r=0,imm=0)',
        '1: (b7) r3 = 5                        ; R3_w=5',
        '2: (07) r2 += 14                      ; R2_w=pkt(id=0,off=14,r=0,imm=0)',
        '3: (71) r0 = *(u8 *)(r2 +6)',
        'invalid access to packet, off=20 size=1, R2(id=0,off=20,r=0)',
        'R2 offset is outside of the packet',
      ].join('\n'),
    );
    expect(registers).toEqual({ R2: 'pkt(id=0,off=14,r=0,imm=0)' });
    expect(path.map(({ index }) => index)).toEqual([0, 2]);
  });

  test('does not show a state that a later write has made old', () => {
    const { registers } = explain(
      '0: R1=ctx() R10=fp0\n0: (85) call unknown#7\n1: (bf) r1 = r0\n2: (61) r0 = *(u32 *)(r1 +0)\nR1 bad',
    );
    expect(registers).toEqual({});
  });

  test('without a log tells what the errno tells', () => {
    expect(explain('', 1)).toMatchObject({ kind: undefined, at: undefined, cause: expect.stringContaining('CAP_BPF') });
    expect(explain('', 99).cause).toBe('The kernel refused the program without a word.');
  });

  test('of an unknown message says so', () => {
    expect(explain('0: (95) exit\nthe moon is in the wrong quarter').cause).toContain('None of the known kinds');
  });
});

/** Kind → what kernels of different ages say. */
const said: [kind: string, ...lines: string[]][] = [
  ['core-relocation', 'failed to resolve CO-RE relocation <byte_off> [7] struct a.b (0:0 @ offset 8)'],
  ['map-not-created', "BPF map 'table' is referenced but wasn't created"],
  ['kfunc-unresolved', "kfunc 'bpf_nothing' is referenced but wasn't resolved"],
  ['packet-bounds', 'invalid access to packet, off=26 size=4, R2(id=0,off=26,r=14)'],
  [
    'null-check',
    "R0 invalid mem access 'map_value_or_null'",
    "R6 invalid mem access 'ptr_or_null_task_struct'",
    'R1 pointer arithmetic on map_value_or_null prohibited, null-check it first',
  ],
  ['possibly-null-argument', 'Possibly NULL pointer passed to trusted arg0'],
  ['map-bounds', 'invalid access to map value, value_size=4 off=4 size=4'],
  ['memory-bounds', 'invalid access to memory, mem_size=8 off=8 size=1'],
  [
    'min-value',
    "R3 min value is negative, either use unsigned or 'var &= const'",
    'math between map_value pointer and register with unbounded min value is not allowed',
  ],
  [
    'unbounded-access',
    "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
    'R1 max value is outside of the array range',
  ],
  ['zero-size', 'R2 invalid zero-sized read'],
  [
    'stack-uninitialised',
    'invalid indirect read from stack off -8+4 size 8',
    'invalid read from stack off -8+0 size 8',
    'invalid read from stack R2 off -16+4 size 16',
    'invalid indirect read from stack R2 off -8+0 size 4',
  ],
  [
    'stack-bounds',
    'invalid stack off=-520 size=8',
    'invalid write to stack R10 off=-520 size=8',
    'invalid stack type R2 off=-512 access_size=0',
    'invalid unbounded variable-offset indirect access to stack R2',
  ],
  ['stack-depth', 'combined stack size of 2 calls is 704. Too large'],
  ['scalar-dereference', "R1 invalid mem access 'inv'", "R1 invalid mem access 'scalar'"],
  ['pointer-type', "R1 invalid mem access 'map_ptr'"],
  ['no-return-value', 'R0 !read_ok'],
  ['uninitialised-register', 'R8 !read_ok'],
  ['frame-pointer', 'frame pointer is read only'],
  ['infinite-loop', 'infinite loop detected at insn 3'],
  ['back-edge', 'back-edge from insn 9 to 4'],
  [
    'too-complex',
    'BPF program is too large. Processed 1000001 insn',
    'BPF program is too large. Processed 131073 insn',
    'The sequence of 8193 jumps is too complex.',
  ],
  ['jump-range', 'jump out of range from insn 1 to 102'],
  ['unreachable', 'unreachable insn 2'],
  ['no-exit', 'last insn is not an exit or jmp'],
  [
    'helper-program-type',
    'unknown func bpf_skb_load_bytes#26',
    'program of this type cannot use helper bpf_skb_load_bytes#26',
    'invalid func unknown#213',
  ],
  [
    'gpl-only',
    'cannot call GPL only function from proprietary program',
    'cannot call GPL-restricted function from non-GPL compatible program',
  ],
  ['kfunc-not-allowed', 'calling kernel function bpf_task_acquire is not allowed'],
  ['kfunc-gpl', 'cannot call kernel function from non-GPL compatible program'],
  ['argument-type', 'R2 type=inv expected=fp, pkt, pkt_meta, map_key, map_value', 'R1 type=scalar expected=map_ptr'],
  [
    'reference-leak',
    'Unreleased reference id=2 alloc_insn=6',
    'BPF_EXIT instruction in main prog would lead to reference leak',
  ],
  [
    'return-range',
    'At program exit the register R0 has value (0x5; 0x0) should have been in (0x0; 0x3)',
    'At program exit the register R0 has unknown scalar value should have been in [0, 1]',
  ],
  ['context-access', 'invalid bpf_context access off=100 size=4'],
  [
    'context-modified',
    'dereference of modified ctx ptr R1 off=4 disallowed',
    'variable ctx access var_off=(0x0; 0xff) disallowed',
  ],
  ['struct-bounds', 'access beyond struct task_struct at off 9000 size 4'],
  [
    'read-only',
    'write into map forbidden, value_size=4 off=0 size=4',
    'R1 cannot write into rdonly_mem',
    'cannot write into packet',
  ],
  [
    'pointer-arithmetic',
    'R1 pointer arithmetic with *= operator prohibited',
    'R1 bitwise operator |= on pointer prohibited',
    'R1 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root',
  ],
  ['pointer-leak', 'R0 leaks addr as return value', 'R1 leaks addr into map', 'R2 leaks addr into mem'],
  [
    'misaligned',
    'misaligned packet access off (0x0; 0x0)+14+0 size 4',
    'misaligned stack access off (0x0; 0x0)+-6+0 size 4',
  ],
  ['division-by-zero', 'div by zero', 'division by zero'],
  ['invalid-shift', 'invalid shift 64'],
  [
    'spin-lock',
    'function calls are not allowed while holding a lock',
    'BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region',
    'bpf_spin_unlock without taking a lock',
  ],
  [
    'may-sleep',
    'helper call might sleep in a non-sleepable prog',
    'sleepable helper bpf_copy_from_user#148 in rcu_read_lock region',
  ],
  [
    'trusted-pointer',
    'R1 must be referenced or trusted',
    'R1 must be a rcu pointer',
    'arg#0 expected pointer to ctx, must be referenced',
  ],
  ['call-depth', 'the call stack of 9 frames is too deep !'],
  [
    'global-function',
    "Global function check() doesn't return scalar. Only those are supported.",
    "Caller passes invalid args into func#1 ('check')",
    "func 'bpf_lsm_file_open' doesn't have 3-th argument",
  ],
  ['indirect-call', 'unknown opcode 8d'],
  ['unknown-opcode', 'unknown opcode c9', 'unknown insn class 6', 'unknown opcode ff'],
  [
    'invalid-instruction',
    'BPF_CALL uses reserved fields',
    'invalid bpf_ld_imm64 insn',
    'BPF_ALU uses reserved fields',
    'unrecognized bpf_ld_imm64 insn',
    'R12 is invalid',
  ],
  ['map-descriptor', 'fd 4 is not pointing to valid bpf_map'],
  [
    'tail-call',
    'tail_calls are not allowed in programs with bpf-to-bpf calls',
    'tail_calls are not allowed when call stack of previous frames is 264 bytes. Too large',
    'tail_call abusing map_ptr',
  ],
  ['map-helper', 'cannot pass map_type 1 into func bpf_tail_call#12'],
  [
    'map-program-type',
    'trace type programs can only use preallocated hash map',
    'tracing progs cannot use bpf_spin_lock yet',
  ],
  [
    'direct-value',
    'direct value offset of 4294967295 is not allowed',
    'invalid access to map value pointer, value_size=48 off=2000',
  ],
  ['mixed-pointers', 'same insn cannot be used with different pointers'],
  ['pointer-comparison', 'R1 pointer comparison prohibited'],
  [
    'pointer-range',
    'value -2147483648 makes map_value pointer be out of bounds',
    'value 1073741824 makes pkt pointer be out of bounds',
    'math between map_value pointer and 4294967295 is not allowed',
  ],
  [
    'stack-spill',
    'attempt to corrupt spilled pointer on stack',
    'corrupted spill memory',
    'invalid size of register fill',
  ],
  [
    'dynptr',
    'Expected an initialized dynptr as arg #0',
    'Dynptr has to be an uninitialized dynptr',
    'cannot overwrite referenced dynptr',
    'arg#1 expected pointer to stack or const struct bpf_dynptr',
  ],
  ['iterator', 'expected an initialized iter_num as arg #0', 'expected uninitialized iter_num as arg #0'],
  [
    'kptr',
    'store to referenced kptr disallowed',
    'kptr access cannot have variable offset',
    "off=8 kptr isn't referenced kptr",
  ],
  ['release-argument', 'R1 must be referenced when passed to release function', 'arg 1 is an unacquired reference'],
  ['data-structure', 'bpf_rb_root at offset 0 must be protected by lock', 'allocated object must be referenced'],
  ['rcu', 'unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)', 'bpf_rcu_read_unlock is missing'],
  ['preemption', '1 bpf_preempt_enable is missing', 'cannot restore irq state out of order'],
  ['exception', 'cannot call bpf_throw from exception cb'],
  ['timer', 'bpf_timer pointer in R1 map_uid=0 has no valid timer', "map 'x' has no valid bpf_timer"],
  [
    'constant-wanted',
    'R2 is not a known constant',
    'R3 does not point to a readonly map',
    'R2 must be a known constant',
  ],
  [
    'kfunc-argument',
    'kernel function bpf_task_acquire args#0 expected pointer to STRUCT task_struct but R1 has a pointer to STRUCT file',
    'arg#0 expected pointer to map value',
  ],
  ['kfunc-unavailable', 'JIT does not support calling kernel function', 'kernel btf_id 7 is not a function'],
  [
    'attach-target',
    'attach_btf_id 7 is not a function',
    'Tracing programs must provide btf_id',
    'do_exit() is not modifiable',
    "can't modify return codes of BPF programs",
  ],
  ['licence', 'LSM programs must have a GPL compatible license'],
  ['capability', 'loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN'],
  ['atomic-target', 'BPF_ATOMIC stores into R2 arena is not allowed', 'BPF_ATOMIC stores into R1 ctx is not allowed'],
  ['arena', 'addr_space_cast insn can only convert between address space 1 and 0'],
  ['legacy-packet-access', 'BPF_LD_[ABS|IND] instructions not allowed for this program type'],
  ['callback', 'R1 doesn’t hold a callback'],
  ['function-information', 'missing btf func_info', "number of funcs in func_info doesn't match number of subprogs"],
  ['call-target', 'call to invalid destination'],
  ['too-many', 'too many subprograms'],
  ['frame-return', 'cannot return stack pointer to the caller'],
  ['object-access', 'R1 is ptr_task_struct invalid negative access: off=-4', 'R1 invalid sock access off=0 size=8'],
  ['verifier-bug', 'verifier internal error: misconfigured ret type'],
  [
    'stack-arguments',
    'callee expects 7 args, stack arg1 is not initialized',
    'r11 load must be before any r11 store or call insn',
  ],
  ['jump-table', 'no jump tables found for subprog starting at 0', 'R1 has type scalar, expected PTR_TO_INSN'],
  ['uninitialised-variable', 'unexpected __bpf_trap() due to uninitialized variable?'],
  [
    'length-argument',
    'arg#0 arg#1 memory, len pair leads to invalid memory access',
    'R1 memory size 4294967292 is too large',
  ],
  ['packet-helper', 'helper access to the packet is not allowed', 'the prog does not allow writes to packet data'],
  ['cgroup-storage', "get_local_storage() doesn't support non-zero flags"],
  ['allocated-type', 'bpf_percpu_obj_new type size (600) is greater than 512'],
  ['map-unreadable', 'read from map forbidden, value_size=48 off=0 size=8'],
  ['type-information', 'Loop detected', 'Member exceeds struct_size', 'vlen != 0', 'Section overlap found'],
  ['initialised-object', 'expected an initialized one'],
  ['register', 'R3 is something new'],
  ['not-allowed', 'this is prohibited in a new way'],
  ['wrong-argument', 'expected something else'],
];

describe('the catalogue', () => {
  test.each(said)('knows %s', (kind, ...lines) => {
    for (const line of lines) {
      const { kind: found, cause, change } = explain(`0: (95) exit\n${line}\nprocessed 1 insns\n`);
      expect(found, line).toBe(kind);
      expect(cause + change).not.toMatch(/\{\d\}|undefined/);
    }
  });

  test('has each kind once, and each kind is proved here', () => {
    const ids = refusalKinds.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(said.map(([kind]) => kind).sort());
  });

  /** Lines of the expected messages, whole or their beginnings, of the kernel's own tests of refusals. */
  test('has a kind for nearly every refusal that the kernel’s tests expect', () => {
    const file = new URL('../../fixtures/refusals.txt', import.meta.url);
    const messages = readFileSync(file, 'utf8').trim().split('\n');
    expect(messages.length).toBeGreaterThan(550);
    const unknown = messages.filter(
      (message) => explain(`0: (95) exit\n${message}\nprocessed 1 insns\n`).kind === undefined,
    );
    expect(unknown.length / messages.length, unknown.join('\n')).toBeLessThan(1 / 50);
    const vague = ['register', 'not-allowed', 'wrong-argument'];
    const guessed = messages.filter((message) => vague.includes(explain(`${message}\n`).kind ?? ''));
    expect(guessed.length / messages.length, guessed.join('\n')).toBeLessThan(1 / 20);
  });

  test('reads a message that statistics follow without a new line', () => {
    for (const rest of ['processed 0 insns (limit 1000000) max', 'verification time 6 usec', 'stack depth 0']) {
      const { messages, kind } = explain(`0: (95) exit\nunknown opcode 8d${rest}\nprocessed 0 insns\n`);
      expect(messages).toEqual(['unknown opcode 8d']);
      expect(kind).toBe('indirect-call');
    }
  });

  test('finds the instruction that a message names', () => {
    const sourceOf = (index: number) => ({ file: 'a.c', line: index, column: 0, text: '', function: undefined });
    const { at } = explainRefusal({ log: 'unreachable insn 7\nprocessed 0 insns\n', errno: 22, sourceOf });
    expect(at).toMatchObject({ index: 7, source: { line: 7 } });
  });
});
