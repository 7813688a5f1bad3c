import type { Context } from '../../../cli/index.ts';
import type { ProfileReading } from '../../../loader/index.ts';
import { ratio, twoDigits } from './floats.ts';
import type { Metric } from './metrics.ts';

/** What was measured of a metric. */
export interface Measured extends ProfileReading {
  readonly metric: Metric;
  /** Runs of the program that `value` comes from. */
  readonly runs: bigint;
}

/** Prints what was measured; the number of runs at the top is that of the first. */
export function printMeasured(ctx: Context, measured: readonly Measured[]): void {
  if (ctx.json !== undefined) printJson(ctx, measured);
  else printPlain(ctx, measured);
}

function printJson({ json }: Context, measured: readonly Measured[]): void {
  json?.startArray();
  for (const { metric, runs, value, enabled, running } of measured) {
    json?.startObject().field('metric', metric.name).field('run_cnt', runs);
    json?.field('value', value).field('enabled', enabled).field('running', running).endObject();
  }
  json?.endArray();
}

function printPlain(ctx: Context, measured: readonly Measured[]): void {
  ctx.print(`\n${String(measured[0]?.runs ?? 0n).padStart(18)} ${'run_cnt'.padEnd(20)}\n`);
  for (const { metric, runs, value, enabled, running } of measured) {
    const against = divisor(metric, runs, measured);
    const comparison =
      metric.ratio === undefined || against === undefined || against === 0n
        ? ''
        : `# ${twoDigits(ratio(value, metric.ratio.factor, against)).padStart(8)} ${metric.ratio.words.padEnd(30)}`;
    // A counter that had to share the hardware counted only a part of the time.
    const share = enabled > running ? `(${twoDigits((Number(running) * 100) / Number(enabled)).padStart(4)}%)` : '';
    ctx.print(`${String(value).padStart(18)} ${metric.name.padEnd(20)}${comparison.padEnd(41)}${share}\n`);
  }
}

function divisor(metric: Metric, runs: bigint, measured: readonly Measured[]): bigint | undefined {
  if (metric.ratio?.to === 'run_cnt') return runs;
  return measured.find((other) => other.metric.name === metric.ratio?.to)?.value;
}
