// The words and options of `trace`, which the reference lacks: one value for parser, help, completion and manual page.
import type { Declaration } from '../../cli/index.ts';
import { traceOptions } from './option-list.ts';

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
