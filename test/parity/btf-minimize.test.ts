// BTF reduced to what objects need, beside the reference's `gen min_core_btf`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BtfMinimizer, idsThatBegin, parseBtf, parseBtfExt, RecordView } from '../../src/btf/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { kindsAreCompatible } from '../../src/object/core/compatible.ts';
import { matchPath, parsePath, pathTo } from '../../src/object/core/path.ts';
import { essentialName } from '../../src/object/index.ts';
import { findPrograms, type Programs, run } from '../support/parity/programs.ts';

const vmlinux = '/sys/kernel/btf/vmlinux';
const objects = path.resolve(import.meta.dirname, '../fixtures/objects');
const inputs = [
  ['core.bpf.o'],
  ['core-unresolved.bpf.o'],
  ['kernel-types.bpf.o', 'core.bpf.o'],
  ['struct-ops.bpf.o'],
  ['maps.bpf.o'],
];

let folder: string;
let programs: Programs;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-minimize-'));
  programs = findPrograms(path.join(folder, 'bin'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the smallest BTF of the kernel', () => {
  it.each(inputs.map((names) => [names.join(', '), names] as const))(
    'is as the reference makes it for %s',
    { timeout: 120_000 },
    async (_, names) => {
      const files = names.map((name) => path.join(objects, name));
      const output = path.join(folder, `${names.join('-')}.btf`);
      expect(await run(programs.reference, ['gen', 'min_core_btf', vmlinux, output, ...files])).toMatchObject({
        status: 0,
      });
      expect(Buffer.from(minimized(files)).equals(readFileSync(output))).toBe(true);
    },
  );
});

function minimized(files: readonly string[]): Uint8Array {
  const bytes = readFileSync(vmlinux);
  const target = new RecordView(bytes);
  const minimizer = new BtfMinimizer(parseBtf(bytes));
  for (const file of files) {
    const { sections } = parseElf(readFileSync(file));
    const section = (name: string) => sections.find((one) => one.name === name)!.bytes;
    const btf = new RecordView(section('.BTF'));
    const own = parseBtf(section('.BTF'));
    for (const record of parseBtfExt(section('.BTF.ext')).coreRelos.flatMap((one) => one.records)) {
      const relocation = {
        index: 0,
        number: 0,
        typeId: record.typeId,
        access: own.str(record.access),
        kind: record.kind,
      };
      const local = parsePath(btf, relocation);
      const wanted = essentialName(btf.name(record.typeId));
      const candidates = idsThatBegin(target, [wanted])
        .filter((id) => kindsAreCompatible(target.kind(id), btf.kind(record.typeId)))
        .filter((id) => essentialName(target.name(id)) === wanted);
      for (const id of candidates) {
        const found = pathTo({ btf: target, id }, record.kind);
        if (!matchPath(local, found)) continue;
        minimizer.add({ kind: record.kind, rootId: id, access: found.raw });
        break;
      }
    }
  }
  return minimizer.finish();
}
