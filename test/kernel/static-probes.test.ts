// Statically defined probes at several places of a program, by one link or, on kernels before 6.6, by one for each.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { linksHeldHere } from '../support/live/descriptors.ts';
import { attachUsdt, type LoadedLink } from '../../src/loader/index.ts';
import { ObjectError } from '../../src/object/index.ts';
import { FeatureMissing, kernelAtLeast, orSkip } from '../support/feature.ts';
import { kernel, loadFixture } from '../support/live/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const binary = path.join(project, 'test/fixtures/programs/usdt-places');
const pins = '/sys/fs/bpf/static_probes';
const runProgram = () => expect(spawnSync(binary).status).toBe(0);

function needsUprobes(): void {
  if (!existsSync('/sys/bus/event_source/devices/uprobe/type')) throw new FeatureMissing('uprobes');
  if (process.arch !== 'x64') throw new FeatureMissing('the program is one of x86-64');
  if (!kernelAtLeast('5.15')) throw new FeatureMissing('cookies of probes', '5.15');
}

describe('a probe at several places', () => {
  it('calls the program at each, with what it passes there, until it is detached', (context) => {
    orSkip(context, () => {
      needsUprobes();
      using fixture = loadFixture('usdt-places');
      const attach = (name: string): LoadedLink =>
        attachUsdt(fixture.context, fixture.object.program(`on_${name}`)!, { binary, provider: 'places', name });
      const before = linksHeldHere();
      const reached = attach('reached');
      const places = kernelAtLeast('6.6') ? 1 : 3;
      expect(linksHeldHere()).toBe(before + places);
      expect(reached.isPinnable).toBe(places === 1);
      runProgram();
      expect(['hits_reached', 'sum', 'hits_wanted'].map(fixture.count)).toEqual([3, 321, 0]);
      const wanted = attach('wanted');
      runProgram();
      expect(['hits_reached', 'sum', 'hits_wanted'].map(fixture.count)).toEqual([6, 4642, 1]);
      reached.close();
      wanted.close();
      expect(linksHeldHere()).toBe(before);
      runProgram();
      expect(['hits_reached', 'sum', 'hits_wanted'].map(fixture.count)).toEqual([6, 4642, 1]);
      expect(fixture.told).toEqual([]);
    });
  });

  it('is pinned by the command line where one link holds it, and the program where none does', (context) => {
    orSkip(context, () => {
      needsUprobes();
      rmSync(pins, { recursive: true, force: true });
      mkdirSync(pins);
      const tool = (line: string) => {
        const words = [path.join(project, 'bin/tsbpftool.js'), ...line.split(' ')];
        return spawnSync(process.execPath, words, { encoding: 'utf8', cwd: project });
      };
      try {
        const { status, stderr, stdout } = tool(
          `prog loadall test/fixtures/objects/usdt-places.bpf.o ${pins} autoattach`,
        );
        const many = kernelAtLeast('6.6') ? 'link' : 'prog';
        const told = 'Program on_reached does not support autoattach, falling back to pinning\n';
        const saidOf = kernelAtLeast('6.6') ? '' : told;
        expect({ status, said: stderr + stdout }).toEqual({ status: 0, said: saidOf });
        expect(tool(`${many} show pinned ${pins}/on_reached`).status).toBe(0);
        expect(tool(`link show pinned ${pins}/on_wanted`).status).toBe(0);
      } finally {
        rmSync(pins, { recursive: true, force: true });
      }
    });
  });

  it('leaves nothing attached when one of its places cannot be', (context) => {
    orSkip(context, () => {
      needsUprobes();
      using fixture = loadFixture('usdt-places');
      const before = linksHeldHere();
      // The last place is said to be the first, but to have a counter, which the kernel refuses.
      const damaged = path.join('/tmp', `usdt-places-${process.pid}`);
      const bytes = readFileSync(binary);
      const [first, last, counted] = [
        bytes.indexOf('places\0reached\0'),
        bytes.lastIndexOf('places\0reached\0'),
        bytes.indexOf('places\0wanted\0'),
      ];
      bytes.copy(bytes, last - 24, first - 24, first - 16);
      bytes.copy(bytes, last - 8, counted - 8, counted);
      kernel.writeFile(damaged, bytes);
      try {
        const program = fixture.object.program('on_reached')!;
        const target = { binary: damaged, provider: 'places', name: 'reached' };
        expect(() => attachUsdt(fixture.context, program, target)).toThrow(ObjectError);
        expect(linksHeldHere()).toBe(before);
      } finally {
        rmSync(damaged);
      }
    });
  });
});
