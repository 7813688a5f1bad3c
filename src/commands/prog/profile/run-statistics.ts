import { fail } from '../../../cli/index.ts';
import { strerror } from '../../../errors/index.ts';
import { type BpfProgram, enableRunStatistics, Fd } from '../../../kernel/index.ts';
import type { Measured } from './print.ts';

/** The kernel's own measurement of a program's runs, from now on. */
export class RunStatistics implements Disposable {
  readonly #program: BpfProgram;
  readonly #enabled: Fd;
  readonly #before: { readonly time: bigint; readonly runs: bigint };
  readonly #start = process.hrtime.bigint();

  constructor(program: BpfProgram) {
    this.#program = program;
    this.#before = statisticsOf(program);
    const fd = enableRunStatistics(program.kernel);
    if (fd < 0) fail(`failed to enable run time statistics: ${strerror(-fd)}`, { status: fd });
    this.#enabled = new Fd(program.kernel, fd);
  }

  /** What came since the beginning. */
  read(): Omit<Measured, 'metric'> {
    const elapsed = process.hrtime.bigint() - this.#start;
    const { time, runs } = statisticsOf(this.#program);
    return { runs: runs - this.#before.runs, value: time - this.#before.time, enabled: elapsed, running: elapsed };
  }

  [Symbol.dispose](): void {
    this.#enabled.close();
  }
}

/** Nanoseconds and runs since the program was loaded, as far as statistics were on. */
function statisticsOf(program: BpfProgram): { time: bigint; runs: bigint } {
  const { runTimeNs: time, runCount: runs } = program.info();
  return { time, runs };
}
