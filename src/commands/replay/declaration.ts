// The words and options of `replay`, which the reference lacks: one value for parser, help, completion and manual
// page.
import type { Declaration } from '../../cli/index.ts';

export const replayCommand: Declaration = {
  forms: ['FILE'],
  arguments: [{ name: 'FILE', summary: 'What `trace -j` wrote; `-` is standard input.' }],
  options: [
    {
      long: 'script',
      summary: 'Print the commands that do to maps what the traced programs did, for a shell.',
    },
  ],
  details:
    'Only what succeeded stands in a script. Maps that were created in the trace are created and pinned below /sys/fs/bpf; others are found by their name.',
  examples: [
    {
      line: 'tsbpftool -j trace --duration 1 > calls.ndjson && tsbpftool replay calls.ndjson',
      summary: 'Keeps what happens in a second, and reads it later.',
    },
  ],
  load: async () => (await import('./replay.ts')).replay,
};
