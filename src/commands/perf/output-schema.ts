// JSON Schemas of what `perf` prints with -j, as `schema` shows them; tests hold both programs to those of the
// reference's verbs.
import {
  anyOf,
  cutShort,
  i32,
  list,
  oneOf,
  type OutputSchemas,
  outputOf,
  record,
  reference,
  silenceOf,
  text,
  u32,
  u64,
} from '../shared/json-schema.ts';

type Members = Parameters<typeof record>[1];

const eventOf = (description: string, members: Members) =>
  record(description, {
    pid: i32('Id of the process that holds it'),
    fd: i32('Its descriptor in that process'),
    prog_id: u32('Id of the program attached to it'),
    ...members,
  });
const kernelProbe = { fd_type: oneOf('Kind of probe', ['kprobe', 'kretprobe']) };

const event = anyOf(
  eventOf('A tracepoint.', {
    fd_type: oneOf('Kind of tracepoint', ['raw_tracepoint', 'tracepoint']),
    tracepoint: text('Name of the tracepoint'),
  }),
  eventOf('A probe on a kernel function.', {
    ...kernelProbe,
    func: text('Name of the function'),
    offset: u64('Offset in the function, in bytes'),
  }),
  eventOf('A probe on a kernel address.', { ...kernelProbe, addr: u64('Address of the probe') }),
  eventOf('A probe in a file.', {
    fd_type: oneOf('Kind of probe', ['uprobe', 'uretprobe']),
    filename: text('Path of the file'),
    offset: u64('Offset in the file, in bytes'),
  }),
  eventOf('An event of a kind this program does not know.', {}),
);

const show = (verb: string): OutputSchemas =>
  outputOf(
    `perf ${verb}`,
    'The perf events with programs that processes hold.',
    list('All of them', reference('event')),
    { failures: [cutShort(reference('event'))], definitions: { event } },
  );

export const perfSchemas: OutputSchemas = {
  ...show('show'),
  ...show('list'),
  ...silenceOf('perf help', 'The usage text goes to standard error, in JSON too.'),
};
