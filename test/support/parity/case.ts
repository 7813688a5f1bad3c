// A parity case as data: one command line, run through the reference and through ours, compared byte for byte.

/** A change made to both outputs before they are compared; every use says why in `because`. */
export type Normalisation =
  | 'pids'
  | 'ids'
  | 'times'
  | 'memlock'
  | 'addresses'
  | 'descriptors'
  | 'features'
  | 'staleBtf'
  | 'duration';

export interface ParityCase {
  /** The words after the program's name; `{kind:fixture}` and `{tmp}` are filled in, and name the fixtures needed. */
  argv: string[];
  /** What the program reads from its standard input. */
  stdin?: string;
  /** Text files made in `{tmp}` before the run, by name. */
  files?: Record<string, string>;
  /** Fixtures that must exist although no word names them. */
  needs?: string[];
  /** The command changes objects: each program gets its own fresh, equal copy of the fixtures, one after the other. */
  changes?: boolean;
  /** Shell-free command lines of the reference, run after each program to compare what it left behind. */
  then?: string[];
  normalise?: Normalisation[];
  /** The output covers objects of the whole machine, which may come and go: unequal runs are repeated. */
  wholeMachine?: boolean;
  /** The reference's exit status is that of an old errno though it succeeded (E6); ours must be 0. */
  statusOfErrno?: boolean;
  env?: Record<string, string>;
  /** Runs both programs as this user id without capabilities. */
  uid?: number;
  /** It lists the programs of control groups with their flags, which the reference does on Linux 6.0 and newer only. */
  lists?: 'cgroup';
  /** A line of shell that is run in a mount namespace of its own, before either program, which then runs there too. */
  within?: string;
  /** Runs both programs with no capabilities but these, as setpriv(1) writes them: `+net_admin`. */
  capabilities?: string;
  /** Runs both programs as the superuser of a user namespace of their own. */
  userNamespace?: boolean;
  /** Runs everything in the network namespace of this name in `scenes/`. */
  scene?: string;
  /** The output is a documented difference; `ours` is what must come out instead. */
  difference?: { id: string; ours: Partial<Outcome> };
  /** Why the case is as it is: what a normalisation covers, which rule is meant. */
  because?: string;
}

export interface Outcome {
  stdout: string;
  stderr: string;
  status: number;
  /** Outcomes of the `then` lines. */
  after: string[];
}

export type Options = Omit<ParityCase, 'argv'>;

/** One command line as one case. Words are split at spaces; a word with spaces needs the array form. */
export function one(words: string | string[], options: Options = {}): ParityCase[] {
  return [{ argv: split(words), ...options }];
}

/** One command line in the three formats: plain, `-j`, `-p`. */
export function all(words: string | string[], options: Options = {}): ParityCase[] {
  const argv = split(words);
  return [[], ['-j'], ['-p']].map((format) => ({ argv: [...format, ...argv], ...options }));
}

/** A command line that changes objects, in plain and `-j`; `then` shows what it left behind. */
export function change(words: string | string[], then: string[] = [], options: Options = {}): ParityCase[] {
  const argv = split(words);
  return [[], ['-j']].map((format) => ({ argv: [...format, ...argv], changes: true, then, ...options }));
}

export function split(words: string | string[]): string[] {
  return typeof words === 'string' ? words.split(' ').filter((word) => word !== '') : words;
}

/** The test's name: the command line itself. */
export function nameOf(parityCase: ParityCase): string {
  const words = parityCase.argv.map((word) => (/^[\w./:{}=,-]+$/.test(word) ? word : JSON.stringify(word)));
  const user = [
    parityCase.uid === undefined ? '' : ` (as user ${parityCase.uid})`,
    parityCase.capabilities === undefined ? '' : ` (with ${parityCase.capabilities || 'no capabilities'})`,
    parityCase.userNamespace ? ' (in a user namespace)' : '',
    parityCase.scene === undefined ? '' : ` [${parityCase.scene}]`,
  ].join('');
  const input = parityCase.stdin === undefined ? '' : ` < ${JSON.stringify(parityCase.stdin)}`;
  const named = words.join(' ') || '(no words)';
  const files = parityCase.files === undefined ? '' : ` with ${JSON.stringify(Object.values(parityCase.files).join())}`;
  return `${named}${input}${files}${user}`.slice(0, 240);
}
