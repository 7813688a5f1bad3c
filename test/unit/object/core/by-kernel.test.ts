// Which objects may be left to the kernel: those whose relocations it applies exactly as libbpf does.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Core, kernelRelocatesAlike, type ObjectSpec, parseObject } from '../../../../src/object/index.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/objects');

function spec(name: string): ObjectSpec {
  const file = path.join(fixtures, `${name}.bpf.o`);
  return parseObject(readFileSync(file), { path: file });
}

/** `many-core` with its first relocation changed. */
function changed(change: { kind?: number; opcode?: number; typeId?: number }): ObjectSpec {
  const object = spec('many-core');
  const program = object.programs.find(({ coreRelocations }) => coreRelocations.length > 0)!;
  const [first, ...rest] = program.coreRelocations;
  if (change.opcode !== undefined) program.code[first!.index * 8] = change.opcode;
  const { kind = first!.kind, typeId = first!.typeId } = change;
  const altered = { ...program, coreRelocations: [{ ...first!, kind, typeId }, ...rest] };
  return { ...object, programs: object.programs.map((each) => (each === program ? altered : each)) };
}

describe('an object may be left to the kernel', () => {
  it.each([
    ['without relocations', spec('hooks')],
    ['with those of fields and structures', spec('many-core')],
    ['of a number of 64 bits', changed({ opcode: 0x18 })],
  ])('%s', (_what, object) => expect(kernelRelocatesAlike(object)).toBe(true));
});

describe('an object may not be left to the kernel', () => {
  it.each([
    ['with all kinds', spec('core')],
    ['that libbpf warns about', spec('core-unfit')],
    ['that reads memory by a relocated offset', changed({ opcode: 0x61 })],
    ['that writes memory by a relocated offset', changed({ opcode: 0x7b })],
    ['that calculates with a register', changed({ opcode: 0xbf })],
    ['that asks for an enumerator', changed({ kind: Core.ENUMVAL_VALUE })],
    ['that asks whether types match', changed({ kind: Core.TYPE_MATCHES })],
    ['that asks for a type that is no structure', changed({ kind: Core.TYPE_EXISTS, typeId: 1 })],
    ['that asks for a type it does not have', changed({ kind: Core.TYPE_SIZE, typeId: 0xffff })],
  ])('%s', (_what, object) => expect(kernelRelocatesAlike(object)).toBe(false));
});
