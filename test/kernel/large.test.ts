// Large files and values: memory stays near the start's, and near the value's.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachUprobe } from '../../src/loader/index.ts';
import { linkedFile } from '../support/elf/linked.ts';
import { FeatureMissing, inVirtualMachine, orSkip, orSkipLater } from '../support/feature.ts';
import { loadFixture } from '../support/live/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const cli = path.join(project, 'bin/tsbpftool.js');
const pins = '/sys/fs/bpf/large_values';
const mebibyte = 1024 * 1024;
let work: string;

beforeAll(() => {
  work = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-large-'));
  rmSync(pins, { recursive: true, force: true });
  mkdirSync(pins);
});
afterAll(() => {
  rmSync(pins, { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
});

/** Runs the words and tells the most memory they took, in bytes: Node.js cannot ask that of its children. */
const measure = `import resource, subprocess, sys
with open(sys.argv[1], 'wb') as out:
    status = subprocess.call(sys.argv[2:], stdout=out)
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)`;

async function run(words: readonly string[], output = '/dev/null'): Promise<number> {
  const argv = ['-c', measure, output, process.execPath, cli, ...words];
  const { stdout, stderr, exitCode } = await execa('python3', argv, { reject: false });
  if (exitCode === undefined) throw new FeatureMissing('python3, which measures');
  const [status, bytes] = stdout.split(' ').map(Number);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return bytes!;
}

describe('a file of gigabytes of which little is wanted', () => {
  const types = '/sys/kernel/btf/vmlinux';
  const large = () => {
    const file = path.join(work, 'vmlinux');
    const sections = { '.BTF': { type: 1, bytes: readFileSync(types) } };
    writeFileSync(file, linkedFile({ type: 2, static: [{ name: 'run', value: 0x1010 }], sections }));
    truncateSync(file, 3_000_000_000);
    return file;
  };

  it('takes no more memory than its types alone', (context) =>
    orSkipLater(context, async () => {
      const file = large();
      const small = path.join(work, 'types');
      writeFileSync(small, readFileSync(types));
      for (const format of [[], ['format', 'c'], ['root_id', '5']]) {
        const alone = await run(['btf', 'dump', 'file', small, ...format], path.join(work, 'alone'));
        const beyond = (await run(['btf', 'dump', 'file', file, ...format], path.join(work, 'beyond'))) - alone;
        expect(readFileSync(path.join(work, 'beyond')).equals(readFileSync(path.join(work, 'alone')))).toBe(true);
        expect(beyond / mebibyte, format.join(' ')).toBeLessThan(16);
      }
    }));

  it('takes a probe', (context) => {
    orSkip(context, () => {
      const file = path.join(work, 'library.so');
      writeFileSync(file, linkedFile({ dynamic: [{ name: 'run', value: 0x1010 }] }));
      truncateSync(file, 3_000_000_000);
      using fixture = loadFixture('uprobes');
      const before = process.resourceUsage().maxRSS;
      using link = attachUprobe(fixture.context, fixture.object.programs[0]!, { binary: file, function: 'run' });
      expect(link.fd.number).toBeGreaterThan(0);
      expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(40);
    });
  });
});

describe('a value of many megabytes', () => {
  const size = (inVirtualMachine ? 4 : 16) * mebibyte;
  const map = `${pins}/bytes`;
  const file = () => path.join(work, 'lines');

  it('is exported, imported and printed in pieces', { timeout: 240_000 }, (context) =>
    orSkipLater(context, async () => {
      const start = await run(['version']);
      await run([
        'map',
        'create',
        map,
        'type',
        'array',
        'key',
        '4',
        'value',
        String(size),
        'entries',
        '2',
        'name',
        'large',
      ]);
      const value = Array.from({ length: size }, (_, i) => (i * 7) & 255).join(',');
      const zeros = '00'.repeat(size);
      writeFileSync(file(), `{"value":[${value}],"key":[1,0,0,0]}\n{"key_hex":"00000000","value_hex":"${zeros}"}\n`);
      // The value as the kernel gives it, and what is made of it piece by piece.
      const most = start + size * 3;
      expect(await run(['map', 'import', 'pinned', map, file()])).toBeLessThan(most);
      expect(await run(['map', 'export', 'pinned', map], path.join(work, 'exported'))).toBeLessThan(most);
      const [zero, filled] = readFileSync(path.join(work, 'exported'), 'utf8').split('\n');
      expect(zero === `{"key":[0,0,0,0],"value":[${'0,'.repeat(size - 1)}0]}`).toBe(true);
      expect(filled === `{"key":[1,0,0,0],"value":[${value}]}`).toBe(true);
      for (const words of [
        ['map', 'dump'],
        ['-j', 'map', 'dump'],
        ['-p', 'map', 'dump'],
      ]) {
        expect(await run([...words, 'pinned', map]), words.join(' ')).toBeLessThan(most);
      }
      const key = ['key', '1', '0', '0', '0'];
      expect(await run(['-j', 'map', 'lookup', 'pinned', map, ...key])).toBeLessThan(most);
    }),
  );

  it('is refused where it does not fit, and the line after it is not', (context) =>
    orSkipLater(context, async () => {
      const short = `{"key":[0,0,0,0],"value":[1,2]}`;
      const good = `{"key":[1,0,0,0],"value_hex":"${'ab'.repeat(size)}"}`;
      writeFileSync(file(), `${short}\n\n{"key":[0,0,0,0],"value":[256]}\nno\n${good}\n`);
      const words = ['map', 'import', 'pinned', map, file(), '--keep-going'];
      const { exitCode, stderr } = await execa(process.execPath, [cli, ...words], { reject: false });
      expect(stderr).toBe(
        [
          `Error: line 1: value: expected ${size} bytes got 2`,
          'Error: line 3: value[0]: "256" is no byte (0…255)',
          'Error: line 4: entry: expected {, got "n"',
          'Error: 3 bad lines, 1 entries imported',
        ].join('\n'),
      );
      expect(exitCode).toBe(255);
      await run(['map', 'export', 'pinned', map], path.join(work, 'exported'));
      const [, filled] = readFileSync(path.join(work, 'exported'), 'utf8').split('\n');
      expect(filled === `{"key":[1,0,0,0],"value":[${'171,'.repeat(size - 1)}171]}`).toBe(true);
    }));
});
