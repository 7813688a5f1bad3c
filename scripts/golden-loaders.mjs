// `node scripts/golden-loaders.mjs`: records the loader programs that the reference makes of objects that do not depend
// on the running kernel, but for a machine of two processors, into test/golden/loader/programs.json. No program is loaded.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const project = path.dirname(import.meta.dirname);
const reference = process.env.BPFTOOL ?? path.join(project, '.cache/reference/bpftool');
const objects = 'test/fixtures/objects';
// biome-ignore format: a list
const names = [
  'core', 'exceptions', 'globals', 'kernel-types', 'kfuncs', 'maps', 'percpu-data', 'percpu-used', 'rejected', 'subprograms', 'tracing',
];
const files = [...names.map((name) => `${objects}/${name}.bpf.o`), 'test/golden/loader/big-endian.bpf.o'];
const signing = ['-S', '-k', 'test/fixtures/signing/key.pem', '-i', 'test/fixtures/signing/certificate.pem'];

/** Bytes of a string constant of the skeleton, in base64. */
function constant(skeleton, name) {
  const text = new RegExp(`${name}\\[\\][^"]*"\\\\\\n([^"]*)"`).exec(skeleton)?.[1];
  if (text === undefined) return undefined;
  const bytes = [...text.matchAll(/\\x([0-9a-f]{2})|\\0/g)].map(([, hex]) => (hex ? Number.parseInt(hex, 16) : 0));
  return Buffer.from(bytes).toString('base64');
}

const recorded = [...files.map((object) => ({ object, signed: false })), { object: files[2], signed: true }].map(
  ({ object, signed }) => {
    const options = signed ? signing : ['-L'];
    const skeleton = execFileSync(reference, [...options, 'gen', 'skeleton', object], {
      cwd: project,
      encoding: 'utf8',
    });
    return {
      object,
      signed,
      data: constant(skeleton, 'opts_data'),
      instructions: constant(skeleton, 'opts_insn'),
      signature: constant(skeleton, 'opts_sig'),
      programHash: constant(skeleton, 'opts_excl_hash'),
    };
  },
);
writeFileSync(path.join(project, 'test/golden/loader/programs.json'), `${JSON.stringify(recorded, null, 1)}\n`);
