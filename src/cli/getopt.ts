/** A long option and its short letter. `argument` names the value it takes. */
export interface OptionSpec {
  readonly long?: string;
  readonly short?: string;
  readonly argument?: string;
  /** The values it takes, where they are few. */
  readonly choices?: readonly string[];
  /** Beginnings of values, for completion: it takes others too. */
  readonly offers?: readonly string[];
}

/** One step of reading a command line. */
export type OptionEvent =
  | { kind: 'option'; spec: OptionSpec; value: string | undefined }
  /**
   * `word` is what getopt_long(3) leaves as argv[optind - 1] at that moment. `lacks`: the option is known, and its value
   * is missing, which getopt_long(3) reports in the same way.
   */
  | { kind: 'unknown'; word: string; lacks?: OptionSpec };

export interface OptionsMode {
  /** The first word ends the options, as POSIX has it. */
  readonly wordsEndOptions?: boolean;
  /** Whether an argument that begins with a dash is a word all the same, for what stands before it. */
  readonly isWord?: (arg: string, previous: string | undefined) => boolean;
}

/**
 * Reads `args` as GNU getopt_long(3) with permutation does: options anywhere, clusters of short letters,
 * unambiguous abbreviations of long names, `--` ends them. `onOption` sees the options in order and returns
 * false to stop there. Returns the other words, in order. `wordsEndOptions`: the first word ends the options, as with
 * POSIXLY_CORRECT in the environment.
 */
export function readOptions(
  programName: string,
  args: readonly string[],
  specs: readonly OptionSpec[],
  onOption: (event: OptionEvent) => boolean,
  mode: OptionsMode = {},
): string[] {
  const words: string[] = [];
  let lastOptionWord = programName;
  let at = 0;
  const unknown = (word: string): boolean => onOption({ kind: 'unknown', word });
  const lacking = (word: string, lacks: OptionSpec): boolean => onOption({ kind: 'unknown', word, lacks });

  while (at < args.length) {
    const arg = args[at]!;
    if (arg === '--') {
      words.push(...args.slice(at + 1));
      break;
    }
    if (arg.length < 2 || arg[0] !== '-' || mode.isWord?.(arg, args[at - 1])) {
      if (mode.wordsEndOptions) return args.slice(at);
      words.push(arg);
      at++;
      continue;
    }
    at++;
    if (arg[1] === '-') {
      const equals = arg.indexOf('=');
      const name = arg.slice(2, equals < 0 ? undefined : equals);
      let value = equals < 0 ? undefined : arg.slice(equals + 1);
      const spec = findLong(name, specs);
      const needsValue = spec?.argument !== undefined;
      if (spec !== undefined && needsValue && value === undefined && at < args.length) value = args[at++];
      let goOn: boolean;
      if (spec !== undefined && needsValue && value === undefined) goOn = lacking(arg, spec);
      else if (spec === undefined || needsValue !== (value !== undefined)) goOn = unknown(arg);
      else goOn = onOption({ kind: 'option', spec, value });
      if (!goOn) return words;
      lastOptionWord = args[at - 1]!;
      continue;
    }
    for (let i = 1; i < arg.length; i++) {
      const last = i === arg.length - 1;
      const spec = specs.find((s) => s.short === arg[i]);
      if (spec === undefined) {
        // Inside a cluster optind still points at the cluster, so the word before it is the one named.
        if (!unknown(last ? arg : (words.at(-1) ?? lastOptionWord))) return words;
        continue;
      }
      if (spec.argument === undefined) {
        if (!onOption({ kind: 'option', spec, value: undefined })) return words;
        continue;
      }
      const value = last ? args[at++] : arg.slice(i + 1);
      const goOn = value === undefined ? lacking(arg, spec) : onOption({ kind: 'option', spec, value });
      if (!goOn) return words;
      break;
    }
    lastOptionWord = args[at - 1] ?? arg;
  }
  return words;
}

function findLong(name: string, specs: readonly OptionSpec[]): OptionSpec | undefined {
  const exact = specs.find((spec) => spec.long === name);
  if (exact !== undefined) return exact;
  const matching = specs.filter((spec) => spec.long?.startsWith(name));
  return matching.length === 1 ? matching[0] : undefined;
}
