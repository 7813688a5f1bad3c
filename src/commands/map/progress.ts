import type { Context } from '../../cli/index.ts';

const interval = 250;

/** A count on a person's terminal that grows while a long command runs; silent anywhere else. */
export class Progress {
  count = 0;
  readonly #ctx: Context;
  readonly #verb: string;
  #shown = Date.now();
  #isShown = false;

  constructor(ctx: Context, verb: string) {
    this.#ctx = ctx;
    this.#verb = verb;
  }

  add(count: number): void {
    this.count += count;
    if (!this.#ctx.stderrIsTerminal || Date.now() - this.#shown < interval) return;
    this.#shown = Date.now();
    this.#isShown = true;
    this.#ctx.printError(`\r${this.#verb} ${this.count} entries`);
  }

  /** The last count, on a line of its own; nothing where none was shown. */
  end(): void {
    if (this.#isShown) this.#ctx.printError(`\r${this.#verb} ${this.count} entries\n`);
    this.#isShown = false;
  }
}
