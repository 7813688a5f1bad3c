// Objects loaded with rights that a BPF file system delegates to a user namespace, by the reference and by ours.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeatureMissing, kernelAtLeast, orSkipLater } from '../support/feature.ts';
import { delegatingNamespace, type Namespace } from '../support/live/delegation.ts';
import { loadFixture } from '../support/live/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const reference = process.env.BPFTOOL ?? path.join(project, '.cache/reference/bpftool');
const object = path.join(project, 'test/fixtures/objects/extension-target.bpf.o');
const programs = { reference: [reference], ours: [process.execPath, path.join(project, 'bin/tsbpftool.js')] };
const ordinary = '/sys/fs/bpf';
const variable = 'LIBBPF_BPF_TOKEN_PATH';

/** What both programs say, and leave below `folder`, when they load an object inside. */
function load(namespace: Namespace, folder: string, env: Record<string, string> = {}) {
  const [one, other] = Object.values(programs).map((argv) => {
    const words = ['prog', 'loadall', object, `${folder}/all`];
    const { status, stdout, stderr } = namespace.run([...argv, ...words], { env });
    const left = namespace.run(['sh', '-c', `ls -A ${folder} ${folder}/all; rm -rf ${folder}/all`]).stdout;
    return { status, stdout, stderr: stderr.replace(/ulimit -l.*/, ''), left };
  });
  expect(other).toEqual(one);
  return one!;
}

describe('rights that are delegated', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tsbpftool-token-'));
    mkdirSync(path.join(folder, 'fs'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('count where the variable names their file system', (context) =>
    orSkipLater(context, async () => {
      if (!kernelAtLeast('6.9')) throw new FeatureMissing('BPF tokens', '6.9');
      const place = path.join(folder, 'fs');
      using namespace = await delegatingNamespace(place, 'any');
      expect(load(namespace, place, { [variable]: place })).toMatchObject({ status: 0, stderr: '', stdout: '' });
      expect(load(namespace, place, { [variable]: place }).left).toMatch(/replaceable/);
      expect(load(namespace, place).status).toBe(255);
      expect(load(namespace, place, { [variable]: '' }).status).toBe(255);
      expect(load(namespace, place, { [variable]: `${place}/absent` }).stderr).toMatch(
        /failed \(-ENOENT\) to open BPF FS/,
      );
    }));

  it('count without a word where their file system is in the ordinary place', (context) =>
    orSkipLater(context, async () => {
      if (!kernelAtLeast('6.9')) throw new FeatureMissing('BPF tokens', '6.9');
      using namespace = await delegatingNamespace(ordinary, 'any');
      expect(load(namespace, ordinary)).toMatchObject({ status: 0, stderr: '', stdout: '' });
      expect(load(namespace, ordinary, { [variable]: '' }).status).toBe(255);
    }));

  it('are none where nothing is delegated', (context) =>
    orSkipLater(context, async () => {
      using namespace = await delegatingNamespace(ordinary, undefined);
      expect(load(namespace, ordinary).status).toBe(255);
      const said = load(namespace, ordinary, { [variable]: ordinary }).stderr;
      expect(said).toMatch(/failed \(-\d+\) to create BPF token from '\/sys\/fs\/bpf'/);
    }));
});

describe('a superuser who names a file system for a token', () => {
  it('is told that it gives none', () => {
    const load = (tokenPath: string) => () => loadFixture('extension-target', { tokenPath });
    expect(load('/sys/fs/bpf')).toThrow(/failed \(-\d+\) to create BPF token from '\/sys\/fs\/bpf'/);
    expect(load('/no/such/folder')).toThrow(expect.objectContaining({ name: 'ObjectError', errno: 2 }));
    expect(load('/proc/self/stat')).toThrow(expect.objectContaining({ name: 'ObjectError', errno: 20 }));
    load('')().object.close();
    if (kernelAtLeast('6.9')) return;
    const reason = expect.objectContaining({ name: 'NotSupportedError', since: '6.9' });
    expect(load('/sys/fs/bpf')).toThrow(expect.objectContaining({ cause: reason }));
  });
});
