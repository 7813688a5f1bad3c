import { type JsonWriter, quoteJson, type Sink } from '../output/index.ts';

/** The options that stand anywhere on the line. */
export interface GlobalOptions {
  json: boolean;
  pretty: boolean;
  /** -f: show pinned paths */
  bpffs: boolean;
  /** -n: never mount a file system */
  nomount: boolean;
  /** -m: relaxed map compatibility */
  mapcompat: boolean;
  /** -d: print the loader's debug messages and verifier logs */
  debug: boolean;
  /** -L */
  useLoader: boolean;
  /** -S */
  sign: boolean;
  privateKeyPath: string | undefined;
  certificatePath: string | undefined;
  /** -B */
  baseBtfPath: string | undefined;
}

export const defaultOptions: Readonly<GlobalOptions> = {
  json: false,
  pretty: false,
  bpffs: false,
  nomount: false,
  mapcompat: false,
  debug: false,
  useLoader: false,
  sign: false,
  privateKeyPath: undefined,
  certificatePath: undefined,
  baseBtfPath: undefined,
};

/** Everything a command handler may touch besides the kernel. */
export class Context {
  /** The name the program was invoked by; usage texts show it. */
  readonly programName: string;
  readonly options: Readonly<GlobalOptions>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Present exactly when JSON output was asked for. */
  readonly json: JsonWriter | undefined;
  /** The object word as typed (`m` for `map`). */
  objectWord = '';
  /** Values of the options that only the running verb knows, by long name, in order; '' for one without a value. */
  verbOptions: ReadonlyMap<string, readonly string[]> = new Map();
  /** The options of a declared command, as `--long` and `--long=value`; undefined where they are still among the words. */
  declaredOptions: readonly string[] | undefined;
  readonly stderrIsTerminal: boolean;
  /** Set by a command whose lines are documents of their own: the newline after a document is not for it. */
  printsLines = false;
  /** The kernel that commands talk to, opened by the first that asks; nothing here knows what it is. */
  kernel: object | undefined;
  /** The last command line that was run, without options; in a batch the last of it. */
  lastWords: readonly string[] = [];
  /** The last error that was reported; '' before the first of the command. */
  lastError = '';
  /** What a person at a terminal should read after a failure; set by whoever can know. */
  advise: () => Promise<readonly string[]> = async () => [];

  constructor(init: {
    programName: string;
    options: Readonly<GlobalOptions>;
    stdout: Sink;
    stderr: Sink;
    json?: JsonWriter | undefined;
    stderrIsTerminal?: boolean;
  }) {
    this.programName = init.programName;
    this.options = init.options;
    this.stdout = init.stdout;
    this.stderr = init.stderr;
    this.json = init.json;
    this.stderrIsTerminal = init.stderrIsTerminal ?? false;
  }

  /** Writes plain text to standard output. */
  print(text: string): void {
    this.stdout.text(text);
  }

  /** Writes text to standard error, after whatever standard output still holds. */
  printError(text: string): void {
    this.stdout.flush();
    this.stderr.text(text);
    this.stderr.flush();
  }

  /**
   * Reports an error and lets the command go on: `Error: …` on standard error, or with JSON an `error` object
   * (a member, where the writer stands inside an object). After a whole document it goes to standard error in JSON too.
   */
  error(message: string): void {
    this.lastError = message;
    const json = this.json;
    if (json === undefined || (json.depth === 0 && json.takesNoValue)) {
      this.printError(`Error: ${message}\n`);
    } else if (json.expectsName) {
      json.field('error', message);
    } else {
      json.startObject();
      json.name('error').raw(quoteJson(message));
      json.endObject();
    }
  }

  /** An informational line on standard error; nothing with JSON. */
  info(message: string): void {
    if (this.json === undefined) this.printError(`${message}\n`);
  }

  /** Advice beyond the reference's text: only for a person at a terminal. */
  hint(message: string): void {
    if (this.stderrIsTerminal) this.printError(`hint: ${message}\n`);
  }
}
