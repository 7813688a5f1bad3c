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
  examples: [],
  load: async () => (await import('./replay.ts')).replay,
};
