// JSON Schemas of what `prog` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anyOf,
  bytes,
  cutShort,
  deviceMember,
  flag,
  holdersMember,
  type JsonSchema,
  list,
  nameOrNumber,
  nullOf,
  oneOf,
  type OutputSchemas,
  outputOf,
  pinnedMember,
  record,
  reference,
  text,
  u32,
  u64,
} from '../shared/json-schema.ts';
import { metrics } from './profile/metrics.ts';

type Members = Parameters<typeof record>[1];

const header = {
  id: u32('Id of the program'),
  type: nameOrNumber('Type of the program, such as xdp'),
  tag: text('Hash over its instructions, 16 hexadecimal digits', '^[0-9a-f]{16}$'),
  gpl_compatible: flag('Whether its licence lets it call functions reserved for the GPL'),
};
const headerOptional = {
  name: text('Name of the program, in full where its BTF has it; absent if it has none'),
  run_time_ns: u64(
    'Time spent in it, in nanoseconds; only once statistics are on (kernel.bpf_stats_enabled) and it has run',
  ),
  run_cnt: u64('How often it ran; goes with run_time_ns'),
  recursion_misses: u64('How often it was left out because it was running already; only if ever'),
};
const statistics = { run_time_ns: ['run_cnt'], run_cnt: ['run_time_ns'] };

const programOf = (description: string, translation: Members): JsonSchema =>
  record(
    description,
    {
      ...header,
      orphaned: flag('Whether the device it was offloaded to is gone'),
      bytes_xlated: u32('Size of its instructions after verification, in bytes'),
      ...translation,
    },
    {
      ...headerOptional,
      ...deviceMember,
      loaded_at: u64('When it was loaded: seconds since 1970, UTC'),
      uid: u32('User who loaded it'),
      bytes_memlock: u64('Memory charged for it, in bytes'),
      map_ids: list('Ids of the maps it uses; absent if none', u32('Id of a map'), { min: 1 }),
      btf_id: u32('Id of its BTF object; absent if it has none'),
      ...pinnedMember,
      ...holdersMember,
      metadata: {
        description: 'Variables bpf_metadata_NAME of its read-only data: NAME and value, decoded with BTF.',
        type: 'object',
        minProperties: 1,
      },
    },
    { ...statistics, loaded_at: ['uid'], uid: ['loaded_at'] },
  );
const program = anyOf(
  programOf('A program in machine code.', {
    jited: { description: 'It was translated to machine code', const: true },
    bytes_jited: u32('Size of its machine code, in bytes'),
  }),
  programOf('A program that is interpreted.', {
    jited: { description: 'It was not translated to machine code', const: false },
  }),
);

const hexDigit = '^0x[0-9a-f]$';
const line = {
  src: text('The source line it comes from, leading blanks removed; maybe empty'),
  file: text('File of the source line; only with linum'),
  line_num: u32('Number of the source line from 1; only with linum and if known'),
  line_col: u32('Column in the source line from 1; only with linum and if known'),
};
const instruction = record(
  'An instruction after verification.',
  { disasm: text('The instruction in the text form of the kernel') },
  {
    proto: text('C prototype of the function that begins here'),
    ...line,
    opcodes: record('Its parts; only with opcodes.', {
      code: text('Operation code', '^0x[0-9a-f]{2}$'),
      src_reg: text('Source register', hexDigit),
      dst_reg: text('Destination register', hexDigit),
      off: bytes('Offset as stored, byte by byte', 2),
      imm: anyOf(
        bytes('Immediate value as stored, byte by byte', 4),
        bytes('The rest of an instruction of two slots, byte by byte', 12),
      ),
    }),
  },
  { file: ['src'], line_num: ['file'], line_col: ['file'] },
);
const instructions = list('Instructions in order', reference('instruction'), { min: 1 });

const machineInstruction = record(
  'An instruction of machine code.',
  {
    pc: text('Offset in the function', '^0x[0-9a-f]+$'),
    operation: text('Its mnemonic, or lock, a prefix that is listed by itself, or .byte'),
    operands: anyOf(
      list('Its operands; one in memory is split into displacement, base, index and scale', text('An operand'), {
        min: 1,
      }),
      { description: 'It has none.', type: 'array', prefixItems: [{ type: 'null' }], items: false, minItems: 1 },
    ),
  },
  { ...line, opcodes: list('Its bytes; only with opcodes', text('A byte', '^0x[0-9a-f]{2}$'), { min: 1 }) },
  { file: ['src'], line_num: ['file'], line_col: ['file'] },
);
const machineCode = list('Instructions in order', reference('machineInstruction'), { min: 1 });
const machineFunctions = list(
  'Functions of the program, the one that is entered first',
  record(
    'A function.',
    { name: text('Its symbol in the kernel, or its address'), insns: machineCode },
    { proto: text('Its C prototype') },
  ),
  { min: 1 },
);
const several = (description: string, insns: JsonSchema): JsonSchema =>
  record(description, { ...header, insns }, headerOptional, statistics);

const dump = outputOf(
  'prog dump',
  'The instructions of a program; of several programs that share a name or tag, a list of programs with their instructions.',
  anyOf(
    instructions,
    list('Several programs', reference('programInstructions'), { min: 2 }),
    machineFunctions,
    list('Several programs in machine code', reference('programFunctions'), { min: 2 }),
    { description: 'The instructions were written to a file.', type: 'null' },
  ),
  {
    failures: [
      cutShort(reference('programInstructions'), anyOf(reference('error'), reference('programInstructionsFailed'))),
      cutShort(reference('programFunctions'), anyOf(reference('error'), reference('programInstructionsFailed'))),
    ],
    definitions: {
      instruction,
      programInstructions: several('A program and its instructions.', instructions),
      machineInstruction,
      programFunctions: several('A program and its functions in machine code.', machineFunctions),
      programInstructionsFailed: several('A program whose instructions could not be had.', reference('error')),
    },
  },
);

const runResult = {
  retval: u32('What the program returned'),
  duration: u32('Time of one run in nanoseconds, on average'),
};
const byte: JsonSchema = { type: 'integer', minimum: 0, maximum: 255 };
const runOutput = {
  data_out: list('The packet after the run, as decimal numbers; only with data_out -', byte),
  ctx_out: list('The context after the run, as decimal numbers; only with ctx_out -', byte),
};
const failed = { error: text('What could not be written and why') };

const show = (verb: string): OutputSchemas =>
  outputOf(
    `prog ${verb}`,
    'All programs as a list, or the programs that were asked for: one as an object, several as a list.',
    anyOf(reference('program'), list('Several programs, or all', reference('program'))),
    { failures: [cutShort(reference('program'))], definitions: { program } },
  );

export const progSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...nullOf(['prog help'], 'The usage text is not printed as JSON.'),
  ...dump,
  ...nullOf(['prog pin'], 'Pins a program.'),
  ...nullOf(['prog load', 'prog loadall'], 'Loads programs of an object file and pins them.'),
  ...nullOf(['prog attach', 'prog detach'], 'Attaches a program to a hook, or takes it off.'),
  ...outputOf(
    'prog tracelog',
    'The trace log of the kernel, complete once the command has been interrupted. The streams of a program are never JSON.',
    list('Lines of the log with their newlines', text('A line')),
    { failures: [cutShort(text('A line'))] },
  ),
  ...outputOf('prog run', 'What a program made of its input.', record('A test run.', runResult, runOutput), {
    failures: [record('A test run whose output could not be written.', { ...failed, ...runResult }, runOutput)],
  }),
  ...outputOf(
    'prog profile',
    'What happened while a program ran, for a time.',
    list(
      'The metrics that were asked for, each once',
      record('A metric.', {
        metric: oneOf(
          'Its name; of cpu_clock, task_clock and run_time the value is in nanoseconds',
          metrics.map(({ name }) => name),
        ),
        run_cnt: u64('How often the program ran'),
        value: u64('How often the event happened while it ran, or how long that took'),
        enabled: u64(
          'How long it was to be measured, in nanoseconds: of a counter while the program ran, of run_time in all',
        ),
        running: u64('How much of that time it was measured, in nanoseconds'),
      }),
      { min: 1 },
    ),
  ),
};
