import { fail, isPrefix, type Words } from '../../../cli/index.ts';
import type { CounterKind } from '../../../kernel/index.ts';
import {
  perf_hw_cache_id,
  perf_hw_cache_op_id,
  perf_hw_cache_op_result_id,
  perf_hw_id,
  perf_sw_ids,
  perf_type_id,
} from '../../../uapi/index.ts';

/** Something `prog profile` measures. */
export interface Metric {
  readonly name: string;
  /** What counts it; undefined for the kernel's own statistics of a program. */
  readonly counter?: CounterKind;
  /** What it is set against in plain output: another metric, or the number of runs. */
  readonly ratio?: { readonly to: string; readonly factor: number; readonly words: string };
  /** Not in the reference: meant only by its whole name. */
  readonly extension?: true;
}

/** More counters the reference does not take. */
const mostCounters = 4;

const hardware = (config: number): CounterKind => ({ type: perf_type_id.PERF_TYPE_HARDWARE, config: BigInt(config) });
const software = (config: number): CounterKind => ({ type: perf_type_id.PERF_TYPE_SOFTWARE, config: BigInt(config) });

/** Reads of a cache: all, or those that missed it. */
function cacheReads(cache: number, result: number): CounterKind {
  const config = cache | (perf_hw_cache_op_id.PERF_COUNT_HW_CACHE_OP_READ << 8) | (result << 16);
  return { type: perf_type_id.PERF_TYPE_HW_CACHE, config: BigInt(config) };
}

const { PERF_COUNT_HW_CACHE_RESULT_ACCESS: accesses, PERF_COUNT_HW_CACHE_RESULT_MISS: misses } =
  perf_hw_cache_op_result_id;
const perMillionInstructions = (what: string) => ({
  to: 'instructions',
  factor: 1e6,
  words: `${what} misses per million insns`,
});
const perRun = { to: 'run_cnt', factor: 1, words: 'ns per run' };

/** In the order in which words find them and output shows them. */
export const metrics: readonly Metric[] = [
  { name: 'cycles', counter: hardware(perf_hw_id.PERF_COUNT_HW_CPU_CYCLES) },
  {
    name: 'instructions',
    counter: hardware(perf_hw_id.PERF_COUNT_HW_INSTRUCTIONS),
    ratio: { to: 'cycles', factor: 1, words: 'insns per cycle' },
  },
  { name: 'l1d_loads', counter: cacheReads(perf_hw_cache_id.PERF_COUNT_HW_CACHE_L1D, accesses) },
  {
    name: 'llc_misses',
    counter: cacheReads(perf_hw_cache_id.PERF_COUNT_HW_CACHE_LL, misses),
    ratio: perMillionInstructions('LLC'),
  },
  {
    name: 'itlb_misses',
    counter: cacheReads(perf_hw_cache_id.PERF_COUNT_HW_CACHE_ITLB, misses),
    ratio: perMillionInstructions('itlb'),
  },
  {
    name: 'dtlb_misses',
    counter: cacheReads(perf_hw_cache_id.PERF_COUNT_HW_CACHE_DTLB, misses),
    ratio: perMillionInstructions('dtlb'),
  },
  { name: 'cpu_clock', counter: software(perf_sw_ids.PERF_COUNT_SW_CPU_CLOCK), ratio: perRun, extension: true },
  { name: 'task_clock', counter: software(perf_sw_ids.PERF_COUNT_SW_TASK_CLOCK), ratio: perRun, extension: true },
  { name: 'run_time', ratio: perRun, extension: true },
];

/** Consumes all words; each names a metric. Those named, each once, in the order of the table. */
export function readMetrics(words: Words): Metric[] {
  const chosen = new Set<Metric>();
  while (words.left > 0) {
    const word = words.next();
    const metric = metrics.find(({ name, extension }) => (extension ? name === word : isPrefix(word, name)));
    if (metric === undefined) fail(`unknown metric ${word}`);
    chosen.add(metric);
  }
  const counters = [...chosen].filter(({ counter }) => counter !== undefined).length;
  if (counters > mostCounters) {
    fail(`too many (${counters}) metrics, please specify no more than ${mostCounters} metrics at a time`);
  }
  return metrics.filter((metric) => chosen.has(metric));
}
