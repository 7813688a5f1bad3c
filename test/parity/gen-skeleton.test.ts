import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateLoader, generateSkeleton, makeLoaderProgram, openKernel } from '../../src/index.ts';
import { run } from '../support/parity/programs.ts';
import { paritySuite } from '../support/parity/suite.ts';
import { World } from '../support/parity/world.ts';
import { genSkeleton, oddlyNamed } from './cases/gen-skeleton.ts';

paritySuite('gen skeleton', genSkeleton);

describe('the name of an object, from its file', () => {
  let world: World;
  beforeAll(() => {
    world = new World('g_');
  });
  afterAll(() => world?.end());

  for (const name of oddlyNamed.names) {
    it(`${name} is the reference’s`, async () => {
      const folder = path.join(world.tmp, 'objects');
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, name), oddlyNamed.bytes, 'latin1');
      for (const file of [name, `./${name}`, `../objects/${name}`]) {
        for (const verb of ['skeleton', 'subskeleton']) {
          const argv = ['gen', verb, file];
          const options = { cwd: folder };
          const ours = await run(world.programs.ours, argv, options);
          expect(ours).toEqual(await run(world.programs.reference, argv, options));
          expect(ours.status).toBe(0);
        }
      }
    });
  }
});

describe('light skeletons of the library', () => {
  let world: World;
  beforeAll(() => {
    world = new World('gen_light_');
  });
  afterAll(() => world?.end());

  for (const name of ['globals', 'maps', 'externs', 'tcx']) {
    it(`${name} is the reference’s`, async () => {
      const file = path.join(world.project, `test/fixtures/objects/${name}.bpf.o`);
      const { stdout, status } = await run(world.programs.reference, ['-L', 'gen', 'skeleton', file]);
      expect(status).toBe(0);
      const text = generateSkeleton(readFileSync(file), {
        language: 'c-light',
        path: file,
        loader: (spec, options) => makeLoaderProgram(openKernel(), spec, options),
      });
      expect(Buffer.from(text).toString('latin1')).toBe(stdout);
    });
  }

  it('say where a signature goes', () => {
    const file = path.join(world.project, 'test/fixtures/objects/globals.bpf.o');
    const text = generateSkeleton(readFileSync(file), {
      language: 'c-light',
      path: file,
      loader: (spec, { signed }) => generateLoader(spec, { possibleCpus: 1, signed }),
      sign: () => ({ bytes: Uint8Array.of(0xab), programHash: Uint8Array.of(0xcd) }),
    });
    expect(text).toContain('opts.keyring_id = skel->keyring_id;');
    expect(text).toContain('\\xab');
  });
});

describe('what bpftool has not, with gen skeleton', () => {
  let world: World;
  beforeAll(() => {
    world = new World('l_');
  });
  afterAll(() => world?.end());

  const ours = (line: string) =>
    run(world.programs.ours, ['gen', 'skeleton', ...line.split(' ').map((word) => world.fill(word))]);

  it.each([
    ['{obj:globals} --lang go', "'--lang go': expected ts or json"],
    ['{obj:globals} --external', "'--event' and '--external' need '--lang ts' or '--lang json'"],
    ['{obj:globals} --lang json --external', "'--external' is for '--lang ts' only"],
    ['{obj:globals} --lang ts -L', "'--lang ts' is not possible with '--use-loader'"],
    ['{obj:hello-buffer-config} --lang ts --event output', "'--event output': expected MAP=TYPE"],
    ['{obj:hello-buffer-config} --lang ts --event output=no', "the object has no type 'no' for the events of 'output'"],
    [
      '{obj:hello-buffer-config} --lang ts --event output=event_t --event output=user_msg_t',
      "'--event': map 'output' is given twice",
    ],
    ['{obj:globals} --lang ts --event x=y', "'x' is no ring or perf buffer of the object: it has none"],
    ['{obj:globals} --lang ts name', "'name' needs at least 2 arguments, 1 found"],
    ['{tmp}/absent --lang ts', 'failed to stat() {tmp}/absent: No such file or directory'],
    ['/dev/null --lang json', 'failed to mmap() /dev/null: Invalid argument'],
  ])('%s is refused', async (line, message) => {
    const expected = message.startsWith("'name'")
      ? expect.stringContaining('needs at least 2 arguments')
      : `Error: ${world.fill(message)}\n`;
    expect(await ours(line)).toEqual({ stdout: '', stderr: expected, status: 255 });
  });

  it.each(['ts', 'json'])('%s: refuses what is no object, and does without types', async (language) => {
    const half = path.join(world.tmp, 'half.o');
    writeFileSync(
      half,
      readFileSync(path.join(world.project, 'test/fixtures/objects/globals.bpf.o')).subarray(0, 3000),
    );
    for (const file of ['/usr/bin/true', half, '/etc/passwd']) {
      const { stdout, stderr, status } = await ours(`${file} --lang ${language}`);
      expect({ stdout, status }).toEqual({ stdout: '', status: 95 });
      expect(stderr).toContain('Error: failed to open BPF object file: BPF object format invalid\n');
    }
    const { stdout, status } = await ours(`{project}/test/fixtures/link/without-types.bpf.o --lang ${language}`);
    expect(status).toBe(0);
    expect(stdout).toContain(language === 'ts' ? 'export class WithoutTypes extends' : '"types":');
  });

  it.each(['', ' --lang ts', ' --lang json'])('says when the disk is full: gen skeleton%s', async (words) => {
    const line = `gen skeleton ${world.fill('{obj:globals}')}${words} > /dev/full`;
    const { stderr, status } = await run(['sh', '-c', `"$@" ${line}`, 'sh', ...world.programs.ours], []);
    expect({ stderr, status }).toEqual({ stderr: "Error: can't write output: No space left on device\n", status: 255 });
  });

  it('prints one document with -j, and a string in that of a batch', async () => {
    const argv = (options: string[]) => [...options, 'gen', 'skeleton', world.fill('{obj:globals}'), '--lang', 'json'];
    const plain = await run(world.programs.ours, argv([]));
    const json = await run(world.programs.ours, argv(['-j']));
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(plain.stdout));
    const stdin = `gen skeleton ${world.fill('{obj:globals}')}\n`;
    const batch = await run(world.programs.ours, ['-j', 'batch', 'file', '-'], { stdin });
    const [{ output }] = JSON.parse(batch.stdout) as [{ output: string }];
    expect(output).toContain('#ifndef __GLOBALS_BPF_SKEL_H__\n');
  });
});
