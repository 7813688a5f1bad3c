import { type BtfEdit, BtfMerger, parseBtf, RecordView, sanitizeBtf } from '../../src/btf/index.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { parseElf } from '../../src/elf/index.ts';
import {
  CodeText,
  checkCNames,
  describeObject,
  descriptionJson,
  generateLoader,
  objectTypes,
  skeletonModel,
  typeScriptSkeleton,
  writeLightBeginning,
  writeLightEnd,
  writeLightLoader,
  writeSkeleton,
  writeSubskeleton,
} from '../../src/codegen/index.ts';
import { TsbpfError } from '../../src/errors/index.ts';
import {
  applyCoreRelocations,
  formatCoreRelocation,
  linkProgram,
  minimizeBtf,
  type ObjectSpec,
  parseObject,
  variableContents,
} from '../../src/object/index.ts';
import { linkObjects } from '../../src/linker/index.ts';
import { Random } from '../support/btf/random.ts';
import { withSection } from '../support/elf/replace-section.ts';
import { type Edit, mutate } from './btf-mutants.ts';

/** A real object, where its parts are, and the types its relocations are compared with. */
export interface ObjectSeed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly size: number }[];
  readonly targets: readonly RecordView[];
}

/** Every fixture and example. CO-RE compares with the types of a kernel's headers, and with the object's own. */
export function objectSeeds(project: string): ObjectSeed[] {
  const headers = new RecordView(new Uint8Array(readFileSync(`${project}/scripts/uapi/linux-7.3.btf`)));
  return ['test/fixtures/objects', 'examples'].flatMap((folder) =>
    readdirSync(`${project}/${folder}`)
      .filter((name) => name.endsWith('.o'))
      .sort()
      .map((name): ObjectSeed => {
        const bytes = new Uint8Array(readFileSync(`${project}/${folder}/${name}`));
        const { sections } = parseElf(bytes);
        const own = sections.find((section) => section.name === '.BTF');
        return {
          name,
          bytes,
          parts: partsOf(bytes),
          targets: own === undefined ? [headers] : [new RecordView(own.bytes.slice()), headers],
        };
      }),
  );
}

/** Fixtures of the linker, and objects as large as those with a kernel's types, whose memory can be told from noise. */
export function linkerSeeds(project: string): ObjectSeed[] {
  const seeds = objectSeeds(project);
  const folder = `${project}/test/fixtures/link`;
  const targets = seeds[0]!.targets;
  const linked = readdirSync(folder)
    .filter((name) => name.endsWith('.o'))
    .sort()
    .map((name): ObjectSeed => {
      const bytes = new Uint8Array(readFileSync(`${folder}/${name}`));
      return { name, bytes, parts: partsOf(bytes), targets };
    });
  return [...seeds, ...linked, ...['core', 'maps', 'globals'].map((name) => grown(project, name))];
}

/** An object with a kernel's types behind its own. */
function grown(project: string, name: string): ObjectSeed {
  const own = new Uint8Array(readFileSync(`${project}/test/fixtures/objects/${name}.bpf.o`));
  const merger = new BtfMerger();
  merger.add(parseBtf(parseElf(own).sections.find((section) => section.name === '.BTF')!.bytes));
  const headers = parseBtf(new Uint8Array(readFileSync(`${project}/scripts/uapi/linux-7.3.btf`)));
  for (let size = 0; size < grownSize; size += headers.bytes.length) merger.add(headers);
  const bytes = withSection(own, '.BTF', merger.finish());
  return { name: `grown ${name}`, bytes, parts: partsOf(bytes), targets: [headers.records] };
}

const grownSize = 400_000;

/** The ELF header, the table of sections, and each section that is in the file. */
function partsOf(bytes: Uint8Array): { offset: number; size: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = Number(view.getBigUint64(40, true));
  const parts = [
    { offset: 0, size: 64 },
    { offset: table, size: bytes.length - table },
  ];
  for (const section of parseElf(bytes).sections) {
    const offset = section.bytes.byteOffset - bytes.byteOffset;
    if (section.bytes.length > 0 && !section.name.startsWith('.debug'))
      parts.push({ offset, size: section.bytes.length });
  }
  return parts;
}

/** Bytes of global data beyond which a loader program takes its time. */
const largestData = 1 << 24;

const hostile = [0x7fffffff, 0xffffffff, 0x80000000, 0xffff, 0x10000, 0xfffffff8];

/** One of endlessly many mutants: the same for the same seed and number on every machine. Most edits hit a part. */
export function objectMutant(
  seeds: readonly ObjectSeed[],
  seed: number,
  number: number,
): { file: ObjectSeed; bytes: Uint8Array } {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ number);
  const file = seeds[random.below(seeds.length)]!;
  const edits = Array.from({ length: 1 + random.below(4) }, (): Edit => {
    const how = (['byte', 'byte', 'word', 'word', 'copy', 'cut'] as const)[
      random.below(random.below(8) === 0 ? 6 : 5)
    ]!;
    const value = [random.below(33), hostile[random.below(hostile.length)]!, random.word()][random.below(3)]!;
    const part = file.parts[random.below(file.parts.length)]!;
    return { at: part.offset + random.below(part.size), how, value };
  });
  return { file, bytes: mutate(file.bytes, edits) };
}

/** All that happens to an object before a kernel is asked. Only errors of ours may come out of `run`. */
export function runObjectMutant({ file, bytes }: { file: ObjectSeed; bytes: Uint8Array }): void {
  linkMutant(file, bytes);
  tolerate(() => {
    const spec = parseObject(bytes, { path: file.name });
    tolerate(() =>
      variableContents(spec, Object.fromEntries(spec.variables.slice(0, 4).map(({ name }) => [name, 1n]))),
    );
    if (spec.btf) exerciseTypes(spec, spec.btf);
    const programs = spec.programs.filter((program) => program.coreRelocations.length > 0);
    for (const target of file.targets) {
      tolerate(() => {
        const targets = { main: target, modules: () => [] };
        const codes = applyCoreRelocations({ btf: spec.btf ?? target, programs, targets, log: () => undefined });
        link(spec, (program) => codes.get(program) ?? program.code);
      });
    }
    link(spec, (program) => program.code);
    if (dataSize(spec) < largestData) {
      tolerate(() => generateLoader(spec, { possibleCpus: 4 }));
      generateCode(spec, bytes);
    }
  });
}

/**
 * What makes files of an object: the linker and all generators. Returns the bytes of what was given and of the global data
 * that the object declares without having them, which a light skeleton writes out.
 */
export function runLinkerMutant({ file, bytes }: { file: ObjectSeed; bytes: Uint8Array }): number {
  // It is linked with the whole object.
  let input = bytes.length + file.bytes.length;
  linkMutant(file, bytes);
  tolerate(() => {
    const spec = parseObject(bytes, { path: file.name });
    const size = dataSize(spec);
    if (size >= largestData) return;
    input += size;
    generateCode(spec, bytes);
  });
  return input;
}

/** Bytes of global data. */
function dataSize({ maps }: ObjectSpec): number {
  return maps.reduce((sum, map) => sum + (map.sectionName === undefined ? 0 : map.valueSize), 0);
}

/** Code of an object: whatever its types and names are, there is an end and no other error than ours. */
function generateCode(spec: ObjectSpec, bytes: Uint8Array): void {
  tolerate(() => {
    const model = skeletonModel(spec, 'mutant');
    tolerate(() => checkCNames(model));
    tolerate(() => writeSkeleton(new CodeText(), model, bytes));
    tolerate(() => writeSubskeleton(new CodeText(), model));
    tolerate(() => {
      const out = new CodeText();
      writeLightBeginning(out, model, { signed: false });
      writeLightLoader(out, model, generateLoader(spec, { possibleCpus: 4 }));
      writeLightEnd(out, model, undefined);
      out.finish();
    });
  });
  tolerate(() => {
    const description = describeObject(spec, { name: 'mutant' });
    JSON.stringify(descriptionJson(description, objectTypes(spec)));
    typeScriptSkeleton(description, objectTypes(spec), { kind: 'embedded', bytes });
  });
}

/** What linking may add to what it is given: padding of sections, and BTF that all of them have. */
const linkedFactor = 8;
const linkedPadding = 64 * 2 ** 20;

/** Alone, and before and after the object that it was made of. */
function linkMutant(file: ObjectSeed, bytes: Uint8Array): void {
  const mutant = { name: file.name, bytes };
  const original = { name: `whole ${file.name}`, bytes: file.bytes };
  for (const inputs of [[mutant], [mutant, original], [original, mutant]]) {
    tolerate(() => {
      const size = linkObjects(inputs).length;
      if (size > inputs.length * file.bytes.length * linkedFactor + linkedPadding) {
        throw new Error(`${size} bytes were made of ${inputs.length} files`);
      }
    });
  }
  tolerate(() => {
    const own = parseElf(file.bytes).sections.find((section) => section.name === '.BTF');
    if (own !== undefined) minimizeBtf(own.bytes, [mutant]);
  });
}

function link(spec: ObjectSpec, codeOf: (program: ObjectSpec['programs'][number]) => Uint8Array): void {
  for (const program of spec.programs) {
    if (program.subprogram) continue;
    tolerate(() => linkProgram(spec, program, { log: () => undefined, codeOf, withInfo: true, withTags: true }));
  }
}

function exerciseTypes(spec: ObjectSpec, btf: BtfEdit): void {
  for (const program of spec.programs) {
    for (const relocation of program.coreRelocations) tolerate(() => formatCoreRelocation(btf, relocation));
  }
  tolerate(() => {
    const older = btf.clone();
    const none = { func: false, globalFunc: false, datasec: false, float: false, declTag: false };
    sanitizeBtf(older, { ...none, typeTag: false, enum64: false, questionMarkDatasec: false });
    older.finish();
  });
}

function tolerate(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
  }
}
