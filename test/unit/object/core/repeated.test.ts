import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RecordView } from '../../../../src/btf/index.ts';
import { applyCoreRelocations, parseObject } from '../../../../src/object/index.ts';

const spec = parseObject(readFileSync(new URL('../../../fixtures/objects/many-core.bpf.o', import.meta.url)), {
  path: 'many-core.bpf.o',
});
const programs = spec.programs.filter(({ coreRelocations }) => coreRelocations.length > 0);

/** The object's own types as the target, with how often a record of a type was looked at. */
function counted() {
  const target = new RecordView(spec.btf!.finish());
  let looks = 0;
  const { member } = RecordView.prototype;
  target.member = function (this: RecordView, ...given: Parameters<RecordView['member']>) {
    looks++;
    return member.apply(this, given);
  };
  return { target, looks: () => looks };
}

function apply(list: typeof programs, log: (level: string, text: string) => void = () => undefined) {
  const { target, looks } = counted();
  const targets = { main: target, modules: () => [] };
  const codes = applyCoreRelocations({ btf: spec.btf!, programs: list, targets, log });
  return { codes: [...codes.values()].map((code) => Buffer.from(code).toString('hex')), looks: looks() };
}

test('relocations that ask for the same are looked for once', () => {
  const once = apply(programs);
  const many = Array.from({ length: 20 }, () => programs.map((program) => ({ ...program }))).flat();
  const often = apply(many);
  expect(once.looks).toBeGreaterThan(0);
  expect(often.looks).toBe(once.looks);
  expect(often.codes).toEqual(Array.from({ length: 20 }, () => once.codes).flat());
});

test('each of them is told of, where that is wanted', () => {
  const said: string[] = [];
  const log = Object.assign((_: string, text: string) => void said.push(text), { tellsAll: true });
  apply(programs, log);
  const count = programs.reduce((sum, { coreRelocations }) => sum + coreRelocations.length, 0);
  expect(said.filter((text) => / relo #\d+: <\w+> \[\d+\] /.test(text)).length).toBe(count);
});
