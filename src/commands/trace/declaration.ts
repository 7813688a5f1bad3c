import type { Declaration, VerbOption } from '../../cli/index.ts';

/** Options of `trace`, which reads its own words: behind `--` they are a command's. */
export const traceOptions: readonly VerbOption[] = [
  {
    long: 'pid',
    short: 'p',
    argument: 'PID',
    summary: 'Follow a process, with its threads and children. May be repeated.',
  },
  { long: 'user', short: 'u', argument: 'USER', summary: 'Run the command as this user.' },
  {
    long: 'command',
    argument: 'NAME',
    summary: 'Only this command of bpf(2), `*` for any text, or perf_event_open, or ioctl.',
  },
  { long: 'map', argument: 'NAME|ID', summary: 'Only calls about this map.' },
  { long: 'program', argument: 'NAME|ID', summary: 'Only calls about this program.' },
  { long: 'comm', argument: 'NAME', summary: 'Only calls of processes of this name.' },
  { long: 'failed', summary: 'Only calls that failed.' },
  {
    long: 'limit',
    short: 's',
    argument: 'BYTES|all',
    summary: 'The most bytes of a key, value or buffer; 4096 unless given.',
  },
  { long: 'insns', summary: 'Disassemble the instructions of programs.' },
  { long: 'log', summary: "Show the verifier's log of refused programs." },
  { long: 'btf', summary: 'Show types that are loaded as C.' },
  { long: 'time', short: 't', summary: 'Show the time of day; twice with microseconds, three times since 1970.' },
  { long: 'relative', short: 'r', summary: 'Show the time since the call before.' },
  { long: 'syscall-times', short: 'T', summary: 'Show how long each call took.' },
  {
    long: 'summary',
    short: 'c',
    summary: 'Show counts, errors and times by command and object at the end, and no calls.',
  },
  { long: 'output', short: 'o', argument: 'FILE', summary: 'Write to a file.' },
  { long: 'ring', argument: 'SIZE', summary: 'Size of the ring between kernel and reader, e.g. 1M; 32M unless given.' },
  { long: 'duration', argument: 'SECONDS', summary: 'End after so long.' },
  { long: 'count', argument: 'N', summary: 'End after so many calls.' },
  { long: 'strict', summary: 'Fail if calls were lost.' },
];

export const traceCommand: Declaration = {
  forms: ['[OPTIONS] [-p PID]... [-- COMMAND [ARGS...]]'],
  arguments: [
    { name: 'OPTIONS', summary: 'What is shown, and of which calls.' },
    { name: 'PID', summary: 'A process to follow.' },
    { name: 'COMMAND', summary: 'A program to run and to follow from its first call on.' },
    { name: 'ARGS', summary: 'Its arguments.' },
  ],
  options: traceOptions,
  details:
    'Every bpf() call, perf_event_open() and the ioctl()s of perf events, of a command, of processes with their threads and children, or of the whole machine but this program. Keys and values are decoded by the types of their map. The exit status is that of the command. With -j each event is one line of JSON, which `schema trace` describes. It needs CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH. Calls of 32-bit programs are not seen.',
  examples: [
    { line: 'tsbpftool trace -- tsbpftool map show', summary: 'Shows what a program asks the kernel.' },
    {
      line: 'tsbpftool trace --duration 1 --failed',
      summary: 'Shows calls of the whole machine that fail, for a second.',
    },
  ],
  load: async () => (await import('./trace.ts')).runTrace,
};
