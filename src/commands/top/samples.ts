// Rates of programs from inventories taken one after the other.
import type { Inventory, ProgramRecord } from '../../inventory/index.ts';

/** What one interval shows of a program. Shares are of 1. */
export interface Rate {
  /** Of one processor. */
  readonly processor: number;
  /** Of the time of all BPF programs. */
  readonly ofAll: number;
  /** Runs a second. */
  readonly runs: number;
  /** Nanoseconds a run; 0 where there was none. */
  readonly average: number;
}

/** A minute at one a second. */
const historyLength = 60;

/** Keeps what the last inventory counted, and a minute of shares. */
export class Sampler {
  #last: { uptimeNs: bigint; programs: Map<number, ProgramRecord> } | undefined;
  #history = new Map<number, number[]>();
  #rates = new Map<number, Rate>();

  /** Takes in an inventory; later ones than the first give rates. */
  add({ uptimeNs, programs }: Inventory): void {
    const last = this.#last;
    this.#last = { uptimeNs, programs: new Map(programs.map((program) => [program.id, program])) };
    this.#rates = new Map();
    if (last === undefined) return;
    const elapsed = Math.max(1, Number(uptimeNs - last.uptimeNs));
    const spent = programs.map((program) => {
      const before = last.programs.get(program.id);
      // An id that is another program's by now begins anew.
      const isSame = before !== undefined && before.tag === program.tag && before.runTimeNs <= program.runTimeNs;
      const time = isSame ? Number(program.runTimeNs - before.runTimeNs) : 0;
      const runs = isSame ? Number(program.runCount - before.runCount) : 0;
      return { id: program.id, time, runs };
    });
    const all = spent.reduce((sum, { time }) => sum + time, 0);
    const history = new Map<number, number[]>();
    for (const { id, time, runs } of spent) {
      const processor = time / elapsed;
      const rate = {
        processor,
        ofAll: all === 0 ? 0 : time / all,
        runs: (runs / elapsed) * 1e9,
        average: runs === 0 ? 0 : time / runs,
      };
      this.#rates.set(id, rate);
      history.set(id, [...(this.#history.get(id) ?? []).slice(1 - historyLength), processor]);
    }
    this.#history = history;
  }

  /** Undefined before the second inventory. */
  rateOf(id: number): Rate | undefined {
    return this.#rates.get(id);
  }

  /** Shares of a processor in the last minute, oldest first. */
  historyOf(id: number): readonly number[] {
    return this.#history.get(id) ?? [];
  }

  get hasRates(): boolean {
    return this.#rates.size > 0;
  }
}

const blocks = '▁▂▃▄▅▆▇█';

/** Numbers as a line of blocks, the largest as the highest; the last `width` of them. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const most = Math.max(...shown, 0);
  return shown
    .map((value) => (most === 0 ? blocks[0] : blocks[Math.ceil((value / most) * (blocks.length - 1))]))
    .join('');
}
