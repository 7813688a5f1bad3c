import { fail, type StandaloneCommand } from '../../cli/index.ts';
import { completionScripts } from './scripts.ts';

/** `completion bash|zsh|fish`: the script that a shell reads to complete the words of this program. */
export const completionCommand: StandaloneCommand = {
  run(ctx, words) {
    const shells = Object.keys(completionScripts);
    const shell = words.left > 0 ? words.next() : fail(`expected a shell: ${shells.join(', ')}`);
    const script = completionScripts[shell] ?? fail(`'${shell}' is no shell this is known of: ${shells.join(', ')}`);
    if (words.left > 0) words.unexpected();
    if (ctx.json === undefined) ctx.print(script);
    else ctx.json.string(script);
    return 0;
  },
};
