// A program that a network device ran itself, after the device is gone: the kernel answers ENODEV for its information. No
// device of this machine runs programs, so strace(1) gives that answer in the kernel's place.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPrograms } from '../support/parity/programs.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const pin = '/sys/fs/bpf/tsb_orphan';
const hasStrace = spawnSync('strace', ['-V']).status === 0;

describe.skipIf(!hasStrace)('an orphaned program', () => {
  let folder = '';
  let programs: ReturnType<typeof findPrograms>;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-orphan-'));
    programs = findPrograms(folder);
    rmSync(pin, { force: true });
    const words = ['prog', 'load', path.join(project, 'test/fixtures/objects/pinned-map.bpf.o'), pin];
    const { status, stderr } = spawnSync(programs.reference[0]!, words, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });
  afterAll(() => {
    for (const made of [pin, '/sys/fs/bpf/pinned_map']) rmSync(made, { force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  const traced = (options: readonly string[], words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('strace', ['-f', '-qq', '-e', 'trace=bpf', ...options, ...words], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  /** Runs the words; the first question about an object's information behind the opening of a program gets ENODEV. */
  const orphaned = (words: readonly string[]) => {
    const log = path.join(folder, 'log');
    traced(['-o', log], words);
    const calls = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('bpf('));
    const opened = calls.findIndex((line) => /BPF_OBJ_GET,/.test(line));
    // The pin's kind is asked for by its name in /proc, not by this call.
    const asked = calls.findIndex((line, index) => index > opened && /BPF_OBJ_GET_INFO_BY_FD/.test(line));
    expect(asked, calls.join('\n')).toBeGreaterThan(0);
    return traced(['-o', log, '-e', `inject=bpf:error=ENODEV:when=${asked + 1}`], words);
  };

  it.each([[], ['-j'], ['-p']])('is shown as the reference does: %s', (...format) => {
    const words = [...format, 'prog', 'show', 'pinned', pin];
    const reference = orphaned([...programs.reference, ...words]);
    expect(reference).toMatchObject({ status: 0, stdout: expect.stringContaining('orphaned') });
    const plain = (text: string) => text.replace(/(memlock |"bytes_memlock": ?)\d+/, '$1N');
    const ours = orphaned([...programs.ours, ...words]);
    expect({ ...ours, stdout: plain(ours.stdout) }).toEqual({ ...reference, stdout: plain(reference.stdout) });
  });
});
