// Who closes a descriptor: its one owner, once; nobody closes a number that meanwhile is somebody else's.
import { spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { ClosedError } from '../../src/errors/index.ts';
import { BpfMap, BpfProgram } from '../../src/kernel/index.ts';
import { Fd } from '../../src/sys/index.ts';
import { inVirtualMachine } from '../support/feature.ts';
import { kernel, loadFixture } from '../support/live/objects.ts';

const project = path.resolve(import.meta.dirname, '../..');
const child = path.join(project, '.cache/forget-objects.mjs');

beforeAll(() => {
  // There is no compiler in the virtual machines.
  if (inVirtualMachine) return;
  buildSync({
    entryPoints: [path.join(project, 'test/support/live/forget-objects.ts')],
    outfile: child,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['koffi'],
    logLevel: 'error',
  });
});

function bpfDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return /bpf|btf/.test(target) ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe('a loaded object', () => {
  it('gives maps and programs that are open, and closes them', () => {
    const before = bpfDescriptors();
    const { object } = loadFixture('bench');
    const map = object.map('bench')!;
    expect(map).toBeInstanceOf(BpfMap);
    expect(map.info()).toMatchObject({ name: 'bench', keySize: 4 });
    map.update(new Uint8Array(4), new Uint8Array(map.valueSize));
    const other = loadFixture('run-tc');
    expect(other.object.program('change_both')).toBeInstanceOf(BpfProgram);
    expect(other.object.program('change_both')!.info().name).toBe('change_both');
    object.close();
    object.close();
    expect(() => map.freeze()).toThrow(ClosedError);
    expect(() => map.lookup(new Uint8Array(4), new Uint8Array(map.valueSize))).toThrow(ClosedError);
    other.object.close();
    expect(() => other.object.program('change_both')!.info()).toThrow(ClosedError);
    expect(bpfDescriptors()).toEqual(before);
  });

  it('closes no file that has the number of a map that was closed before it', () => {
    const { object } = loadFixture('bench');
    const numbers = object.maps.map(({ fd }) => fd.number);
    for (const map of object.maps) map.close();
    const files = numbers.map(() => kernel.open('/proc/self/status', 0));
    expect(files.sort()).toEqual(numbers.sort());
    object.close();
    object[Symbol.dispose]();
    for (const file of files) expect(kernel.close(file)).toBe(0);
  });
});

describe('a descriptor', () => {
  it('that was given up is not closed by who gave it up', () => {
    const fd = new Fd(kernel, kernel.open('/proc/self/status', 0));
    const number = fd.release();
    fd.close();
    expect(() => fd.number).toThrow(ClosedError);
    expect(kernel.close(number)).toBe(0);
  });
});

describe.skipIf(inVirtualMachine)('what is forgotten', () => {
  it.each([
    [undefined, /^$/],
    ['tsbpftool', /^TSBPFTOOL \d+: descriptor \d+ was never closed; its owner is gone$/m],
  ])('is closed when it is collected; NODE_DEBUG=%s tells of it', (debug, told) => {
    const { NODE_DEBUG: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', child, project], {
      encoding: 'utf8',
      timeout: 60_000,
      env: debug === undefined ? env : { ...env, NODE_DEBUG: debug },
    });
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: '0 of 5 objects left\n' });
    expect(stderr).toMatch(told);
  });
});
