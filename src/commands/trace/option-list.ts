import type { VerbOption } from '../../cli/index.ts';

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
