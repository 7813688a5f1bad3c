import type { OptionSpec } from '../../cli/index.ts';

/** A command line up to the word that is being typed. */
export interface TypedLine {
  /** Without options and their values. */
  readonly words: readonly string[];
  readonly isJson: boolean;
  /** The word being typed; of `--option=value` the value. */
  readonly current: string;
  /** The option whose value is being typed. */
  readonly option: OptionSpec | undefined;
  /** What has to stand before each candidate: `--option=`. */
  readonly before: string;
}

/** Takes the options out of what was typed. `specs` are all that may stand there. */
export function readTypedLine(typed: readonly string[], specs: readonly OptionSpec[]): TypedLine {
  const words: string[] = [];
  let isJson = false;
  let waiting: OptionSpec | undefined;
  const last = typed.at(-1) ?? '';
  for (const word of typed.slice(0, -1)) {
    if (waiting !== undefined) {
      // bash makes three words of `--option=value`.
      if (word !== '=') waiting = undefined;
    } else if (word.startsWith('-') && word !== '-') {
      waiting = optionWithValue(word, specs);
      isJson ||= /^-(?:[a-zA-Z]*[jp]|-j|-p)/.test(word);
    } else words.push(word);
  }
  const inOne = /^(--[a-z-]+=)(.*)$/s.exec(last);
  const spec = inOne && specs.find(({ long }) => `--${long}=` === inOne[1]);
  if (inOne && spec) return { words, isJson, current: inOne[2]!, option: spec, before: inOne[1]! };
  return { words, isJson, current: waiting && last === '=' ? '' : last, option: waiting, before: '' };
}

/** The option that takes the next word, if this is one. */
function optionWithValue(word: string, specs: readonly OptionSpec[]): OptionSpec | undefined {
  const withValue = specs.filter(({ argument }) => argument !== undefined);
  if (word.startsWith('--')) return withValue.find(({ long }) => `--${long}` === word);
  return withValue.find(({ short }) => word.slice(1).endsWith(short ?? '-'));
}
