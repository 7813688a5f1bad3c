// Why the verifier refuses a program: each program of the fixture is refused by the running kernel for the reason it is
// named after.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadObject, ProgramRefused } from '../../src/loader/index.ts';
import { type ObjectSpec, parseObject } from '../../src/object/index.ts';
import { type Explanation, explainRefusal } from '../../src/probe/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import { inVirtualMachine, kernelAtLeast } from '../support/feature.ts';

const kernel = openKernel();
const objects = resolve(import.meta.dirname, '../fixtures/objects');
const names = read().programs.flatMap((program) => (program.subprogram ? [] : [program.name]));
const source = readFileSync(join(objects, 'refusals.bpf.c'), 'utf8').split('\n');
/** What lacks on an old kernel is refused for that: the first kernel that has it, and the kind before. */
const older: Record<string, [since: string, kind: string]> = {
  zero_size: ['5.18', 'helper-program-type'],
  kfunc_gpl: ['6.1', 'kfunc-unresolved'],
};
/** The verifier names no instruction. */
const withoutInstruction = ['stack_depth', 'kfunc_gpl'];

function read(): ObjectSpec {
  return parseObject(readFileSync(join(objects, 'refusals.bpf.o')), { path: 'refusals.bpf.o' });
}

/** Loads one program of the fixture and explains why that fails. */
function refuse(name: string): { explanation: Explanation; log: string } {
  const spec = read();
  for (const program of spec.programs) program.autoload = program.name === name;
  try {
    loadObject(kernel, spec).close();
  } catch (error) {
    if (!(error instanceof ProgramRefused)) throw error;
    return { explanation: explainRefusal(error.refusal), log: error.log };
  }
  throw new Error(`${name} was loaded`);
}

/** Lines of a function in the fixture's source, from 1. */
function linesOf(name: string): { first: number; last: number } {
  const first = source.findIndex((line) => line.includes(` ${name}(`)) + 1;
  return { first, last: source.indexOf('}', first) + 1 };
}

function expectedKind(name: string): string {
  const [since, kind] = older[name] ?? ['0', ''];
  return kernelAtLeast(since) ? name.replaceAll('_', '-') : kind;
}

describe('a refused program is explained:', () => {
  test.each(names.filter((name) => name !== 'too_complex'))('%s', (name) => {
    const { explanation, log } = refuse(name);
    expect(explanation.kind, log).toBe(expectedKind(name));
    expect(explanation.messages, log).not.toEqual([]);
    expect(explanation.cause + explanation.change).not.toMatch(/\{\d\}/);
    if (withoutInstruction.includes(name)) return;
    const { first, last } = linesOf(name);
    const place = explanation.at?.source;
    expect(place, log).toMatchObject({ function: name, file: './refusals.bpf.c' });
    expect(place!.line, log).toBeGreaterThanOrEqual(first);
    expect(place!.line, log).toBeLessThanOrEqual(last);
    expect(source[place!.line - 1]!.trim()).toBe(place!.text);
  });

  test('with the registers it is about, and where they came from', () => {
    const { explanation } = refuse('null_check');
    const tellsStates = kernelAtLeast('5.18');
    if (tellsStates) expect(explanation.registers).toMatchObject({ R0: expect.stringContaining('map_value_or_null') });
    expect(explanation.path.map(({ text }) => text)).toEqual(['(85) call bpf_map_lookup_elem#1']);
    expect(explanation.path[0]!.source?.text).toContain('bpf_map_lookup_elem(&table, &key)');
    if (tellsStates)
      expect(refuse('packet_bounds').explanation.registers).toMatchObject({ R1: expect.stringContaining('pkt(') });
    const { at, ends } = refuse('reference_leak').explanation;
    expect(at).toMatchObject({ text: '(85) call bpf_ringbuf_reserve#131' });
    expect(ends).toMatchObject({ text: '(95) exit' });
  });

  // A million instructions leave a log of more than the first buffer.
  test('too_complex, its log fetched again with a larger buffer', { timeout: 240_000 }, (running) => {
    if (inVirtualMachine) running.skip('a million instructions take emulation minutes');
    const { explanation, log } = refuse('too_complex');
    expect(explanation.kind).toBe('too-complex');
    expect(log.length).toBeGreaterThan(0xffffff);
    expect(explanation.at?.source?.function).toBe('too_complex');
  });
});
