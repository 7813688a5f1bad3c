// JSON Schemas of what `feature` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  flag,
  type JsonSchema,
  list,
  nullOf,
  type OutputSchemas,
  outputOf,
  record,
  reference,
  text,
} from '../shared/json-schema.ts';

const anyInteger = (description: string): JsonSchema => ({ description, type: 'integer' });
/** An object whose members are named by what the program knows, all of one kind; `always` are those of every answer. */
const named = (description: string, pattern: string, always: readonly string[], member: JsonSchema): JsonSchema => ({
  ...record(description, Object.fromEntries(always.map((name) => [name, member]))),
  patternProperties: { [`^(?!(${always.join('|')})$)${pattern}$`]: member },
});

const settings = {
  unprivileged_bpf_disabled: anyInteger('sysctl kernel.unprivileged_bpf_disabled, -1 if it cannot be read'),
  bpf_jit_enable: anyInteger('sysctl net.core.bpf_jit_enable, -1 if it cannot be read'),
  bpf_jit_harden: anyInteger('sysctl net.core.bpf_jit_harden, -1 if it cannot be read'),
  bpf_jit_kallsyms: anyInteger('sysctl net.core.bpf_jit_kallsyms, -1 if it cannot be read'),
  bpf_jit_limit: anyInteger('sysctl net.core.bpf_jit_limit in bytes, -1 if it cannot be read'),
};
const option: JsonSchema = { description: 'Value of the option; null if it is not set', type: ['string', 'null'] };
const options = { '^CONFIG_[A-Z0-9_]+$': option };
const system: JsonSchema = {
  description: 'Settings of the running system and options its kernel was built with. Not for a network device.',
  anyOf: [
    { ...record('With settings.', settings), patternProperties: options },
    { ...record('Where /proc is not mounted.', {}), patternProperties: options },
  ],
};
const misc = record('Larger programs, loops, and instructions that came later.', {
  have_large_insn_limit: flag('Programs of more than 4096 instructions'),
  have_bounded_loops: flag('Loops that come to an end'),
  have_v2_isa_extension: flag('The second instruction set'),
  have_v3_isa_extension: flag('The third instruction set'),
  have_v4_isa_extension: flag('The fourth instruction set'),
});
const callSection = record('Whether there is bpf(2).', { have_bpf_syscall: flag('The system call') });
const sections = {
  program_types: named(
    'Program types.',
    'have_[a-z0-9_]+_prog_type',
    ['have_sched_cls_prog_type', 'have_xdp_prog_type'],
    flag('Such programs can be loaded'),
  ),
  map_types: named(
    'Map types.',
    'have_[a-z0-9_]+_map_type',
    ['have_hash_map_type', 'have_array_map_type'],
    flag('Such maps can be made'),
  ),
  helpers: named(
    'Helper functions by program type.',
    '[a-z0-9_]+_available_helpers',
    ['sched_cls_available_helpers', 'xdp_available_helpers'],
    list('Those that programs of the type can call', text('A name', '^bpf_[a-z0-9_]+$')),
  ),
  misc,
};

export const featureSchemas: OutputSchemas = {
  ...outputOf(
    'feature probe',
    'What the kernel, or a network device, can do. Where there is no bpf(2), nothing else is asked.',
    {
      anyOf: [
        reference('features'),
        record('There is no bpf(2).', { syscall_config: callSection }, { system_config: system }),
      ],
    },
    {
      definitions: {
        features: record('What was found.', { syscall_config: callSection, ...sections }, { system_config: system }),
      },
    },
  ),
  ...outputOf(
    'feature list_builtins',
    'The names this program knows, whatever the running kernel does.',
    list('Names in the order of their numbers', text('A name', '^[a-z0-9_]+$'), { min: 1 }),
  ),
  ...nullOf(['feature help'], 'The usage text is not printed as JSON.'),
};
