import { readdirSync, readFileSync } from 'node:fs';
import { parseBtfExt } from '../../src/btf/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { TsbpfError } from '../../src/errors/index.ts';
import { Random } from '../support/btf/random.ts';
import { type Edit, exercise, mutate, sampleBtf } from './btf-mutants.ts';

export interface SeedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly run: (bytes: Uint8Array) => void;
}

/** Real files: the BTF and the ext records of every fixture, the fixtures themselves, and BTF of every kind. */
export function seedFiles(project: string): SeedFile[] {
  const files: SeedFile[] = [
    { name: 'every kind', bytes: sampleBtf(true), run: exercise },
    { name: 'every kind, big-endian', bytes: sampleBtf(false), run: exercise },
  ];
  for (const folder of ['test/fixtures/objects', 'examples']) {
    for (const name of readdirSync(`${project}/${folder}`).filter((one) => one.endsWith('.o'))) {
      const bytes = new Uint8Array(readFileSync(`${project}/${folder}/${name}`));
      files.push({ name: `${name}`, bytes, run: exerciseObject });
      for (const section of parseElf(bytes).sections) {
        if (section.name === '.BTF') files.push({ name: `${name} .BTF`, bytes: section.bytes.slice(), run: exercise });
        if (section.name !== '.BTF.ext') continue;
        files.push({ name: `${name} .BTF.ext`, bytes: section.bytes.slice(), run: (ext) => void parseBtfExt(ext) });
      }
    }
  }
  return files;
}

const hostile = [0x7fffffff, 0xffffffff, 0x80000000, 0x84000001, 0xffff, 0x10000];

/** One of endlessly many mutants: the same for the same seed and number on every machine. */
export function mutantOf(
  files: readonly SeedFile[],
  seed: number,
  number: number,
): { file: SeedFile; bytes: Uint8Array } {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ number);
  const file = files[random.below(files.length)]!;
  const edits = Array.from({ length: 1 + random.below(6) }, (): Edit => {
    const how = (['byte', 'word', 'word', 'cut', 'copy'] as const)[random.below(5)]!;
    const value = [random.below(33), hostile[random.below(hostile.length)]!, random.word()][random.below(3)]!;
    return { at: random.below(4) === 0 ? random.below(64) : random.word(), how, value };
  });
  return { file, bytes: mutate(file.bytes, edits) };
}

/** Runs a mutant. Errors of ours are what damaged input should give; all others come out. */
export function runMutant({ file, bytes }: { file: SeedFile; bytes: Uint8Array }): void {
  try {
    file.run(bytes);
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
  }
}

function exerciseObject(bytes: Uint8Array): void {
  for (const section of parseElf(bytes).sections) {
    if (section.name === '.BTF') exercise(section.bytes);
    else if (section.name === '.BTF.ext') parseBtfExt(section.bytes);
  }
}
