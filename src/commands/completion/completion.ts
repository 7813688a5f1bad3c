import { type Declaration, fail } from '../../cli/index.ts';
import { completionScripts } from './scripts.ts';

const shells = Object.keys(completionScripts);

/** `completion SHELL`: the script that a shell reads to complete the words of this program. */
export const completionCommand: Declaration = {
  forms: ['SHELL'],
  arguments: [{ name: 'SHELL', summary: 'The shell whose script is printed.', choices: shells }],
  examples: [
    {
      line: 'tsbpftool completion bash > /etc/bash_completion.d/tsbpftool',
      summary: 'Completes words in every bash that is started from now on.',
    },
    {
      line: 'tsbpftool completion fish | source',
      summary: 'Completes words in this fish.',
    },
  ],
  load: async () => (ctx, words) => {
    const shell = words.left > 0 ? words.next() : fail(`expected a shell: ${shells.join(', ')}`);
    const script = completionScripts[shell] ?? fail(`'${shell}' is no shell this is known of: ${shells.join(', ')}`);
    if (words.left > 0) words.unexpected();
    if (ctx.json === undefined) ctx.print(script);
    else ctx.json.string(script);
  },
};
