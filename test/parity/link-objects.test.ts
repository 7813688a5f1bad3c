// `gen object` beside the reference: the linker on every fixture and on hundreds of pairs and triples of them, byte for byte
// or refusal for refusal; the command's words, status and files.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { strerror } from '../../src/errors/index.ts';
import { ObjectLinker } from '../../src/linker/index.ts';
import { ObjectError } from '../../src/object/index.ts';
import { findPrograms, type Programs, run } from '../support/parity/programs.ts';

const fixtures = path.resolve(import.meta.dirname, '../fixtures');
const objectsIn = (folder: string) =>
  readdirSync(path.join(fixtures, folder))
    .filter((name) => name.endsWith('.bpf.o'))
    .map((name) => path.join(fixtures, folder, name));
const linkable = objectsIn('link');
const fixture = (name: string) => path.join(fixtures, 'link', `${name}.bpf.o`);

let folder: string;
let programs: Programs;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-link-'));
  programs = findPrograms(path.join(folder, 'bin'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Linked {
  readonly stderr: string;
  readonly status: number;
  readonly bytes: Buffer | undefined;
}

/** What the reference makes; without a file where it refuses. */
function reference(files: readonly string[]): Linked {
  const output = path.join(folder, 'reference.o');
  const [program = '', ...words] = programs.reference;
  const result = spawnSync(program, [...words, 'gen', 'object', output, ...files], { encoding: 'utf8' });
  if (result.signal !== null) throw new Error(`the reference died of ${result.signal}`);
  return {
    stderr: result.stderr,
    status: result.status!,
    bytes: result.status === 0 ? readFileSync(output) : undefined,
  };
}

/** The same by the library, told as the command tells it. */
function ours(files: readonly string[]): Linked {
  let stderr = '';
  const linker = new ObjectLinker({
    log: (level, text) => {
      if (level !== 'debug') stderr += `libbpf: ${text}\n`;
    },
  });
  let doing = '';
  try {
    for (const file of files) {
      doing = `failed to link '${file}'`;
      linker.add({ name: file, bytes: readFileSync(file) });
    }
    doing = 'failed to finalize ELF file';
    return { stderr, status: 0, bytes: Buffer.from(linker.finish()) };
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    const { errno } = error;
    stderr += `Error: ${doing}: ${strerror(errno)} (${errno})\n`;
    return { stderr, status: 256 - errno, bytes: undefined };
  }
}

/** Links with both; true where both made a file. */
function linksAlike(files: readonly string[]): boolean {
  const [theirs, own] = [reference(files), ours(files)];
  const names = files.map((file) => path.basename(file)).join(' ');
  expect({ names, stderr: own.stderr, status: own.status }).toEqual({
    names,
    stderr: theirs.stderr,
    status: theirs.status,
  });
  expect(theirs.bytes === undefined ? own.bytes === undefined : own.bytes?.equals(theirs.bytes), names).toBe(true);
  return theirs.bytes !== undefined;
}

describe('objects are linked byte for byte as by the reference', () => {
  it('each alone', { timeout: 120_000 }, () => {
    const linked = [...objectsIn('objects'), ...linkable].filter((file) => linksAlike([file]));
    expect(linked.length).toBeGreaterThan(85);
  });

  it('in pairs, in both orders', { timeout: 240_000 }, () => {
    // A weak variable in another section makes the reference write beyond its own memory.
    const crashes = ([a, b]: readonly string[]) => a!.includes('differs-section') && b!.endsWith('/library.bpf.o');
    const counts = { linked: 0, refused: 0 };
    for (const name of ['library', 'main', 'weak', 'hidden', 'opaque', 'extern-maps']) {
      const pairs = linkable.flatMap((other) => [
        [fixture(name), other],
        [other, fixture(name)],
      ]);
      for (const pair of pairs) if (!crashes(pair)) counts[linksAlike(pair) ? 'linked' : 'refused']++;
    }
    expect(counts.linked).toBeGreaterThan(100);
    expect(counts.refused).toBeGreaterThan(100);
  });

  it('in threes', { timeout: 120_000 }, () => {
    const names = ['main', 'weak', 'library', 'hidden', 'opaque', 'core', 'statics', 'extern-maps', 'maps'];
    let linked = 0;
    for (let i = 0; i < names.length; i++) {
      for (const step of [1, 2, 4, 7]) {
        const three = [i, i + step, i + step * 2].map((at) => fixture(names[at % names.length]!));
        if (linksAlike(three)) linked++;
      }
    }
    expect(linked).toBeGreaterThan(15);
  });

  it('of the other byte order', () => {
    expect(linksAlike([fixture('big-main'), fixture('big-library')])).toBe(true);
    expect(linksAlike([fixture('big-main'), fixture('library')])).toBe(false);
    expect(linksAlike([fixture('main'), fixture('big-library')])).toBe(false);
  });

  it('damaged', { timeout: 60_000 }, () => {
    const bytes = readFileSync(fixture('library'));
    const damaged = path.join(folder, 'damaged.o');
    const refuses = (change: (bytes: Buffer) => Buffer) => {
      writeFileSync(damaged, change(Buffer.from(bytes)));
      expect(linksAlike([damaged])).toBe(false);
    };
    const put = (at: number, value: number) => (copy: Buffer) => {
      copy[at] = value;
      return copy;
    };
    for (const size of [0, 1, 20, 63, 64, 500, bytes.length - 64]) refuses((copy) => copy.subarray(0, size));
    refuses(put(0, 1));
    refuses(put(4, 1));
    refuses(put(5, 3));
    refuses(put(5, 2));
    refuses(put(16, 2));
    refuses(put(18, 62));
    refuses(put(62, 0));
    refuses(put(62, 200));
    const sections = Number(bytes.readBigUInt64LE(40));
    for (let index = 1; index < bytes.readUInt16LE(60); index++) {
      // Name, type, size, alignment and entry size of each section: whatever follows, both do the same.
      for (const [at, value] of [
        [0, 255],
        [4, 7],
        [35, 255],
        [48, 3],
        [56, 5],
      ] as const) {
        const copy = Buffer.from(bytes);
        copy[sections + index * 64 + at] = value;
        writeFileSync(damaged, copy);
        linksAlike([damaged]);
      }
    }
  });
});

describe('bpftool gen object', () => {
  const output = () => path.join(folder, 'output.o');
  const both = async (words: readonly string[], prepare: () => void = () => {}) => {
    const outcomes = [];
    for (const program of [programs.reference, programs.ours]) {
      rmSync(output(), { force: true });
      prepare();
      outcomes.push(await run(program, [...words]));
    }
    return { theirs: outcomes[0]!, own: outcomes[1]! };
  };

  it('writes the file, and says nothing', async () => {
    for (const options of [[], ['-j'], ['-p'], ['-d']]) {
      const { theirs, own } = await both([...options, 'gen', 'object', output(), fixture('main'), fixture('library')]);
      expect(own).toEqual(theirs);
      expect(own.status).toBe(0);
      expect(existsSync(output())).toBe(true);
    }
  });

  it.each([
    ['an input that is not there', () => [output(), fixture('main'), path.join(folder, 'absent')]],
    ['a directory', () => [output(), folder]],
    ['what is no object', () => [output(), '/etc/passwd']],
    ['another machine', () => [output(), process.execPath]],
    ['a folder that is not there', () => [path.join(folder, 'absent/output.o'), fixture('main')]],
    ['a folder as the output', () => [folder, fixture('main')]],
    ['a full device', () => ['/dev/full', fixture('main')]],
    ['the same symbol twice', () => [output(), fixture('library'), fixture('library')]],
  ] as const)('refuses %s', async (_, words) => {
    for (const options of [[], ['-j'], ['-p']]) {
      const { theirs, own } = await both([...options, 'gen', 'object', ...words()]);
      expect(own).toEqual(theirs);
      expect(existsSync(output())).toBe(false);
      expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
    }
  });

  it.each([[[]], [['output.o']]])('shows the usage for too few words: %j', async (words) => {
    const { theirs, own } = await both(['gen', 'object', ...words]);
    expect(own).toEqual(theirs);
    // With JSON the reference prints two documents.
    const json = await both(['-j', 'gen', 'object', ...words]);
    expect(json.theirs).toEqual({ ...json.own, stdout: json.own.stdout.replace(/\n$/, ',null\n') });
  });

  it('refuses an input that is the output, and leaves it as it was', async () => {
    const words = ['gen', 'object', output(), fixture('main'), output()];
    const { theirs, own } = await both(words, () => copyFileSync(fixture('library'), output()));
    expect(own).toEqual(theirs);
    expect(readFileSync(output()).equals(readFileSync(fixture('library')))).toBe(true);
  });

  it('leaves nothing on a full disk, and what was there before', async () => {
    const disk = path.join(folder, 'disk');
    const script = `mkdir -p ${disk} && mount -t tmpfs -o size=4k none ${disk} && echo before > ${disk}/output.o && \
      { "$@"; echo "status $?"; cat ${disk}/output.o; ls -A ${disk}; }`;
    const words = ['gen', 'object', path.join(disk, 'output.o'), fixture('main'), fixture('library')];
    const { stdout, stderr } = await run(['unshare', '-m', 'sh', '-c', script, 'sh', ...programs.ours], words);
    expect(stdout).toBe('status 234\nbefore\noutput.o\n');
    expect(stderr).toBe(
      'libbpf: failed to write ELF contents: cannot write data to file\n' +
        'Error: failed to finalize ELF file: Invalid argument (22)\n',
    );
  });
});
