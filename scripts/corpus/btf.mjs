// `btf dump file` of every file of the corpus through both programs, byte for byte; and C compilers on the C of it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compileC } from './compile.mjs';
import { firstDifference, run } from './run.mjs';
import { Table } from './table.mjs';

/** A line tells of progress after so many files. */
const progressEvery = 100;

/** Of what clang says, so much is printed. */
const shownReasons = 40;

/** The forms of a dump: words before and after `btf dump file FILE`. */
const forms = [
  { name: 'raw', before: [], after: [] },
  { name: '-j', before: ['-j'], after: [] },
  { name: '-p', before: ['-p'], after: [] },
  { name: 'c', before: [], after: ['format', 'c'] },
  { name: 'c unsorted', before: [], after: ['format', 'c', 'unsorted'] },
];

/**
 * Compares and compiles, prints what was found. `items`: `{file, source, base?, target?}`, the last
 * clang's name of the machine that the types are of, BPF unless given.
 * @returns {Promise<boolean>} whether every output was equal, and no C of ours failed where the reference's differed
 */
export async function compareDumps({ items, reference, ours, layout, work }) {
  const dumps = new Table(['files', 'dumps', 'equal', 'differ', 'no BTF']);
  const c = new Table(['files', 'compile', 'refused', 'sizes', 'members', 'bit-fields', 'unequal']);
  const differences = [];
  const refusals = new Map();
  mkdirSync(work, { recursive: true });
  for (const [at, { file, source, base, target = 'bpf' }] of items.entries()) {
    if (at > 0 && at % progressEvery === 0) console.log(`${at} of ${items.length} files compared`);
    if (!existsSync(file)) throw new Error(`${file} is gone`);
    dumps.count(source, 'files');
    const baseWords = base === undefined ? [] : ['-B', base];
    for (const { name, before, after } of forms) {
      const argv = [...baseWords, ...before, 'btf', 'dump', 'file', file, ...after];
      const [theirs, own] = await Promise.all([run(reference, argv), run(ours, argv)]);
      const told = differenceOf(theirs, own);
      dumps.count(source, 'dumps');
      dumps.count(source, told === undefined ? 'equal' : 'differ');
      if (theirs.status !== 0 && name === 'raw') dumps.count(source, 'no BTF');
      if (told !== undefined) differences.push(`${file} ${name}: ${told}`);
      if (name !== 'c' || own.status !== 0) continue;
      const header = path.join(work, 'dump.h');
      writeFileSync(header, own.stdout);
      const found = await compileC({ header, assertions: layout(file, base), work, target });
      c.count(source, 'files');
      c.count(source, found.compiles ? 'compile' : 'refused');
      for (const column of ['sizes', 'members', 'bitFields', 'unequal']) {
        c.count(source, column === 'bitFields' ? 'bit-fields' : column, found[column]);
      }
      for (const reason of found.reasons) {
        const known = refusals.get(reason) ?? { files: new Set(), equal: true };
        known.files.add(file);
        known.equal &&= told === undefined;
        refusals.set(reason, known);
      }
    }
  }
  dumps.print('btf dump, both programs');
  console.log(
    `\nC dumps through clang, with _Static_asserts on sizes and on offsets of members that are no bit-fields`,
  );
  c.print('btf dump … format c');
  let fine = dumps.total('differ') === 0 && dumps.total('dumps') > 0;
  for (const { equal } of refusals.values()) fine &&= equal;
  for (const [reason, { files, equal }] of [...refusals].slice(0, shownReasons)) {
    const where = `${files.size === 1 ? '' : `${files.size} files, first `}${[...files][0]}`;
    console.log(`clang: ${reason}; in ${where}${equal ? "; the reference's C is the same" : ''}`);
  }
  if (refusals.size > shownReasons) console.log(`and ${refusals.size - shownReasons} more of what clang said`);
  for (const told of differences) console.log(`DIFFERENT ${told}`);
  return fine;
}

function differenceOf(theirs, own) {
  const streams = ['stdout', 'stderr'].flatMap((stream) => {
    const told = firstDifference(theirs[stream], own[stream]);
    return told === undefined ? [] : [`${stream}, ${told}`];
  });
  if (theirs.status !== own.status) streams.push(`exit status: reference ${theirs.status}, ours ${own.status}`);
  return streams.length === 0 ? undefined : streams.join('\n  ');
}
