import {
  type Context,
  fail,
  failSilently,
  type Handler,
  RunEnd,
  strtoul,
  usage,
  type Words,
} from '../../../cli/index.ts';
import { Errno, errnoOf, TsbpfError } from '../../../errors/index.ts';
import type { BpfProgram, CounterKind } from '../../../kernel/index.ts';
import { CounterRefused, Profiler } from '../../../loader/index.ts';
import { errorText } from '../../../object/index.ts';
import { kernelOf } from '../../shared/kernel.ts';
import { liftMemoryLimit } from '../../shared/memlock.ts';
import { diagnostics } from '../../shared/libbpf-log.ts';
import { type Metric, readMetrics } from './metrics.ts';
import { type Measured, printMeasured } from './print.ts';
import { RunStatistics } from './run-statistics.ts';
import { selectProfiled, targetOf, withoutCounters } from './target.ts';
import { waitForInterrupt } from './wait.ts';

/**
 * Seconds to measure where no duration is given: a hundred years and more. The reference's `duration` is an
 * unsigned int, and this its default.
 */
const untilInterrupted = 0xffff_ffff;

/** `prog profile PROG [duration DURATION] METRICs`: measures what a program does until SIGINT or for some seconds. */
export const profile: Handler = async (ctx, words) => {
  // PROG, and one metric; `duration` takes two more words.
  if (words.left < 3)
    fail(`'${words.previous}' needs at least 3 arguments, ${words.left} found`, { status: -Errno.EINVAL });
  using program = selectProfiled(ctx, words);
  const seconds = readDuration(words);
  const metrics = readMetrics(words);
  const counted = metrics.filter(isCounted);
  // Metrics that programs count, and those that the kernel's run time statistics give, are measured side by side.
  using profiler = counted.length === 0 ? undefined : startProfiler(ctx, program, counted);
  using statistics = counted.length === metrics.length ? undefined : new RunStatistics(program);
  const interrupted = await waitForInterrupt(seconds);
  printMeasured(ctx, readAll(metrics, profiler, statistics));
  if (interrupted) throw new RunEnd();
};

type Counted = Metric & { readonly counter: CounterKind };

function isCounted(metric: Metric): metric is Counted {
  return metric.counter !== undefined;
}

function readDuration(words: Words): number {
  // `duration N` must have a metric behind it; of fewer words all are metrics.
  if (words.left <= 2 || !words.take('duration')) return untilInterrupted;
  const { value, rest } = strtoul(words.next(), 0);
  if (rest !== '') usage();
  return Number(BigInt.asUintN(32, value));
}

/** Loads and attaches the programs that count; nothing is left where that fails. */
function startProfiler(ctx: Context, program: BpfProgram, counted: readonly Counted[]): Profiler {
  const log = diagnostics(ctx);
  const target = targetOf(ctx, program);
  liftMemoryLimit(ctx);
  // The profiler is a program attached to the entry and the exit of the one that is measured (fentry, fexit).
  const counters = counted.map(({ counter }) => counter);
  const profiler = step(ctx, 'failed to load profile_obj', () => {
    try {
      return new Profiler(kernelOf(ctx), { target, counters, log });
    } catch (error) {
      log('warn', `failed to load BPF skeleton 'profiler_bpf': ${errorText(errnoOf(error))}`);
      throw error;
    }
  });
  try {
    openCounters(ctx, profiler, counted);
    step(ctx, 'failed to attach profile_obj', () => profiler.attach());
    return profiler;
  } catch (error) {
    profiler.close();
    throw error;
  }
}

function openCounters(ctx: Context, profiler: Profiler, counted: readonly Counted[]): void {
  const name = (counter: number) => counted[counter]?.name;
  try {
    profiler.openCounters((counter, cpu) => ctx.info(`cpu ${cpu} may be offline, skip ${name(counter)} profiling.`));
  } catch (cause) {
    if (!(cause instanceof CounterRefused)) throw cause;
    ctx.error(`failed to create event ${name(cause.counter)} on cpu ${cause.cpu}`);
    if (cause.errno === Errno.ENOENT || cause.errno === Errno.EOPNOTSUPP) {
      ctx.hint(
        `this machine does not count ${name(cause.counter)}, as most virtual machines; cpu_clock, task_clock and run_time need no such counter`,
      );
    }
    failSilently();
  }
}

/** Fails with `message` and the errno as status where `act` throws. */
function step<T>(ctx: Context, message: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof TsbpfError)) throw cause;
    withoutCounters(ctx, message, -errnoOf(cause));
  }
}

function readAll(
  metrics: readonly Metric[],
  profiler: Profiler | undefined,
  statistics: RunStatistics | undefined,
): Measured[] {
  const ofRuns = statistics?.read();
  const counted = profiler?.read();
  const readings = counted?.readings.values();
  return metrics.flatMap((metric) => {
    if (!isCounted(metric)) return ofRuns === undefined ? [] : [{ metric, ...ofRuns }];
    const reading = readings?.next().value;
    return counted === undefined || reading === undefined ? [] : [{ metric, runs: counted.runs, ...reading }];
  });
}
