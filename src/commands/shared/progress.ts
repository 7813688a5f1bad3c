import { isatty } from 'node:tty';
import { setImmediate } from 'node:timers/promises';
import { CommandFailure, type Context } from '../../cli/index.ts';

/** Milliseconds before anything is shown, and between two changes of it. */
const [first, interval] = [2000, 250];

/** What a long command counts. */
export interface Counted {
  /** `exported`: what is done to each. */
  readonly verb: string;
  /** `entries`: what they are. */
  readonly unit: string;
  /** How many there will be, where that is known. */
  readonly total?: number | undefined;
}

/**
 * A count on a person's terminal that grows while a command takes longer than two seconds; silent anywhere else, and
 * where the terminal shows the output itself.
 */
export class Progress {
  count = 0;
  readonly #ctx: Context;
  readonly #counted: Counted;
  readonly #isSeen: boolean;
  #next = Date.now() + first;
  #isShown = false;

  /** `toFile`: the output does not go to standard output. */
  constructor(ctx: Context, counted: Counted, { toFile }: { toFile: boolean }) {
    this.#ctx = ctx;
    this.#counted = counted;
    this.#isSeen = ctx.stderrIsTerminal && (toFile || !isatty(1));
  }

  add(count: number): void {
    this.count += count;
    if (!this.#isSeen || Date.now() < this.#next) return;
    this.#next = Date.now() + interval;
    this.#isShown = true;
    this.#ctx.printError(`\r${this}`);
  }

  /** The last count, on a line of its own; nothing where none was shown. */
  end(): void {
    if (this.#isShown) this.#ctx.printError(`\r${this}\n`);
    this.#isShown = false;
  }

  toString(): string {
    const { verb, unit, total } = this.#counted;
    return `${verb} ${this.count}${total === undefined ? '' : ` of ${total}`} ${unit}`;
  }
}

const endings = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * While it is there, signals that end a program are only noted: what must not be left half done is finished or taken back.
 * They are seen when the event loop turns.
 */
export class Interruption implements Disposable {
  #caught: keyof typeof endings | undefined;
  readonly #note = (signal: NodeJS.Signals) => {
    this.#caught = signal as keyof typeof endings;
  };

  constructor() {
    for (const name of Object.keys(endings)) process.on(name, this.#note);
  }

  /** Fails if a signal has come, with its status in a shell. */
  check(message: () => string): void {
    if (this.#caught === undefined) return;
    throw new CommandFailure(`interrupted: ${message()}`, { status: 128 + endings[this.#caught] });
  }

  /** As `check`, where nothing else has waited. */
  async look(message: () => string): Promise<void> {
    await setImmediate();
    this.check(message);
  }

  [Symbol.dispose](): void {
    for (const name of Object.keys(endings)) process.off(name, this.#note);
  }
}
