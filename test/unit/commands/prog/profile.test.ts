import { describe, expect, it } from 'vitest';
import { Context, defaultOptions, Words } from '../../../../src/cli/index.ts';
import { ratio, twoDigits } from '../../../../src/commands/prog/profile/floats.ts';
import { metrics, readMetrics } from '../../../../src/commands/prog/profile/metrics.ts';
import { type Measured, printMeasured } from '../../../../src/commands/prog/profile/print.ts';
import { JsonWriter, memorySink } from '../../../../src/output/index.ts';

const chosen = (line: string) => readMetrics(new Words(line.split(' '))).map(({ name }) => name);

describe('words that name metrics', () => {
  it('may be cut short, and output keeps its own order', () => {
    expect(chosen('dtlb cycles inst')).toEqual(['cycles', 'instructions', 'dtlb_misses']);
    expect(chosen('i')).toEqual(['instructions']);
    expect(chosen('it')).toEqual(['itlb_misses']);
    expect(chosen('l')).toEqual(['l1d_loads']);
    expect(chosen('ll cycles c')).toEqual(['cycles', 'llc_misses']);
    expect(readMetrics(new Words([''])).map(({ name }) => name)).toEqual(['cycles']);
  });

  it('that the reference lacks are meant only in full', () => {
    expect(chosen('cpu_clock')).toEqual(['cpu_clock']);
    expect(chosen('run_time task_clock')).toEqual(['task_clock', 'run_time']);
    for (const word of ['cp', 'cpu_cloc', 'task', 'r', 'run', 'run_times', 'cyclesx']) {
      expect(() => chosen(word), word).toThrow(`unknown metric ${word}`);
    }
  });

  it('may be of four counters', () => {
    expect(chosen('cycles inst l1d llc run_time')).toHaveLength(5);
    expect(() => chosen('cycles inst l1d llc itlb')).toThrow(
      'too many (5) metrics, please specify no more than 4 metrics at a time',
    );
    expect(() => chosen('cycles inst l1d llc cpu_clock')).toThrow('too many (5) metrics');
    expect(() => chosen('cycles inst l1d llc itlb bogus')).toThrow('unknown metric bogus');
  });

  it('stand for the events that the reference opens', () => {
    const events = metrics.map(({ name, counter }) => [name, counter?.type, counter?.config]);
    expect(events).toEqual([
      ['cycles', 0, 0n],
      ['instructions', 0, 1n],
      ['l1d_loads', 3, 0x00000n],
      ['llc_misses', 3, 0x10002n],
      ['itlb_misses', 3, 0x10004n],
      ['dtlb_misses', 3, 0x10003n],
      ['cpu_clock', 1, 0n],
      ['task_clock', 1, 1n],
      ['run_time', undefined, undefined],
    ]);
  });
});

/** Printed by a C program with the reference's expressions and types. */
describe('a ratio is computed and printed as C does', () => {
  it.each([
    ['1041854', 1, '1', '1041854.00'],
    ['225613433450', 1, '2233225994648240', '0.00'],
    ['228196', 1e6, '1', '228196007936.00'],
    ['163025', 1e6, '512', '318408192.00'],
    ['9759399', 1, '24', '406641.62'],
    ['11', 1, '8', '1.38'],
    ['738421', 1, '8', '92302.62'],
    ['980671', 1e6, '512', '1915373056.00'],
    ['1839210280868714287', 1e6, '107', '17188880816485624184832.00'],
    ['7273316738180735932', 1, '1393834897994037', '5218.21'],
    ['8525425715082415966', 1e6, '1331240816035005', '6404119552.00'],
  ])('%s * %d / %s', (value, factor, divisor, text) => {
    expect(twoDigits(ratio(BigInt(value), factor, BigInt(divisor)))).toBe(text);
  });

  it('halves go to the even digit', () => {
    expect([0.125, 0.375, 0.625, 0.875, 1.005, 2.675].map(twoDigits)).toEqual([
      '0.12',
      '0.38',
      '0.62',
      '0.88',
      '1.00',
      '2.67',
    ]);
  });

  it('a number of 64 bits is rounded once', () => {
    // Rounded to a double first, the last bit is lost, and what is left is a tie that goes down.
    expect(ratio((1n << 63n) + (1n << 39n) + 1n, 1, 1n)).toBe(2 ** 63 + 2 ** 40);
    expect(ratio((1n << 63n) + (1n << 39n), 1, 1n)).toBe(2 ** 63);
  });
});

describe('what was measured', () => {
  const measured = (name: string, value: bigint, times: [enabled: bigint, running: bigint] = [5n, 5n]): Measured => ({
    metric: metrics.find((metric) => metric.name === name)!,
    runs: 51n,
    value,
    enabled: times[0],
    running: times[1],
  });
  const print = (list: Measured[], format?: 'compact') => {
    const stdout = memorySink();
    const json = format === undefined ? undefined : new JsonWriter(stdout, { pretty: false });
    const ctx = new Context({ programName: 'x', options: defaultOptions, stdout, stderr: memorySink(), json });
    printMeasured(ctx, list);
    return stdout.contents();
  };

  it('is printed in columns, with ratios where both parts are there', () => {
    const list = [
      measured('cycles', 40176203n),
      measured('instructions', 42518139n, [1000n, 500n]),
      measured('l1d_loads', 0n, [3n, 2n]),
      measured('llc_misses', 123n),
    ];
    expect(print(list)).toBe(
      [
        '',
        '                51 run_cnt             ',
        '          40176203 cycles                                                       ',
        '          42518139 instructions        #     1.06 insns per cycle               (50.00%)',
        '                 0 l1d_loads                                                    (66.67%)',
        '               123 llc_misses          #     2.89 LLC misses per million insns  ',
        '',
      ].join('\n'),
    );
    expect(print([measured('instructions', 7n), measured('dtlb_misses', 7n)])).toContain(
      '                 7 dtlb_misses         # 1000000.00 dtlb misses per million insns ',
    );
    expect(print([measured('cycles', 0n), measured('instructions', 7n)])).toContain(
      `${'7 instructions'.padStart(31)}${' '.repeat(49)}\n`,
    );
  });

  it('is set against the runs where the clock ran', () => {
    expect(print([measured('cpu_clock', 5100n)])).toContain(
      '              5100 cpu_clock           #   100.00 ns per run                    \n',
    );
    expect(print([{ ...measured('run_time', 0n), runs: 0n }])).toBe(
      `\n                 0 run_cnt             \n                 0 run_time            ${' '.repeat(41)}\n`,
    );
  });

  it('is a list of objects in JSON', () => {
    expect(print([measured('cycles', (1n << 64n) - 1n)], 'compact')).toBe(
      '[{"metric":"cycles","run_cnt":51,"value":18446744073709551615,"enabled":5,"running":5}]',
    );
  });
});
