import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explainPoison } from '../../../src/loader/verifier-log.ts';
import { type LinkedProgram, linkProgram, type ObjectSpec, parseObject } from '../../../src/object/index.ts';

function read(name: string): { spec: ObjectSpec; linked: LinkedProgram } {
  const bytes = readFileSync(new URL(`../../fixtures/objects/${name}.bpf.o`, import.meta.url));
  const spec = parseObject(bytes, { path: name });
  const options = { log: () => undefined, withInfo: true, withTags: true };
  return { spec, linked: linkProgram(spec, spec.programs[0]!, { ...options, codeOf: (program) => program.code }) };
}

test('an unresolved type relocation is named', () => {
  const { spec, linked } = read('core-unresolved');
  const log = '0: R1=ctx()\n0: (85) call unknown#195896080\ninvalid func unknown#195896080\nprocessed 1 insns\n';
  const lines = explainPoison(log, spec, linked).split('\n');
  expect(lines[1]).toBe('0: <invalid CO-RE relocation>');
  expect(lines[2]).toMatch(
    /^failed to resolve CO-RE relocation <byte_off> \[\d+\] struct task_struct\.anonymous_or_not\.no_such_member\[2\] \(0:0:0:2 @ offset 8\)$/,
  );
  expect(lines[3]).toBe('processed 1 insns');
});

test('an unresolved kernel function is named', () => {
  const { spec, linked } = read('kfuncs');
  const index = spec.externs.findIndex(({ name }) => name === 'bpf_no_such_kfunc');
  const helper = 2002000000 + index;
  const log = `9: (85) call unknown#${helper}\ninvalid func unknown#${helper}\n`;
  expect(explainPoison(log, spec, linked)).toBe(
    "9: <invalid kfunc call>\nkfunc 'bpf_no_such_kfunc' is referenced but wasn't resolved\n",
  );
});

test('a map that was not created is named', () => {
  const { spec, linked } = read('maps');
  const log = '3: (85) call unknown#2001000000\ninvalid func unknown#2001000000\n';
  expect(explainPoison(log, spec, linked)).toBe(
    `3: <invalid BPF map reference>\nBPF map '${spec.maps[0]!.name}' is referenced but wasn't created\n`,
  );
});

test.each(['', 'invalid func unknown#195896080\n', 'R1 type=scalar expected=fp\n', '\n\n\n'])(
  'another log stays as it is: %j',
  (log) => {
    const { spec, linked } = read('maps');
    expect(explainPoison(log, spec, linked)).toBe(log);
  },
);
