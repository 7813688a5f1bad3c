// Programs that replace or trace functions of other programs: loaded for them, attached, really called.
import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors/index.ts';
import { createMap } from '../../src/kernel/index.ts';
import { attachFreplace, attachTrace, autoAttach, TargetError, type TargetProgram } from '../../src/loader/index.ts';
import { ObjectError } from '../../src/object/index.ts';
import { orSkip } from '../support/feature.ts';
import { kernel, loadFixture } from '../support/live/objects.ts';
import { loadTiny } from '../support/parity/fixtures/raw.ts';

const [drop, pass, transmit] = [1, 2, 3];
const targets = (program: string, target: TargetProgram) => ({ targets: new Map([[program, target]]) });

function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('a function of another program is replaced', () => {
  it('by the program loaded for it, until its link is closed', (context) => {
    orSkip(context, () => {
      using target = loadFixture('extension-target');
      const program = target.object.program('replaceable')!;
      expect(target.run('replaceable')).toBe(pass);
      using extension = loadFixture('extension', targets('new_verdict', { program }));
      expect(target.run('replaceable')).toBe(pass);
      const link = autoAttach(extension.context, extension.object.program('new_verdict')!);
      expect(target.run('replaceable')).toBe(drop);
      expect(extension.count('hits_replaced')).toBe(1);
      link!.close();
      expect(target.run('replaceable')).toBe(pass);
      expect([...target.told, ...extension.told]).toEqual([]);
    });
  });

  it('that the caller names, where the section names none', (context) => {
    orSkip(context, () => {
      using target = loadFixture('extension-target');
      const program = target.object.program('replaceable')!;
      using extension = loadFixture('extension-bare', targets('new_function', { program, function: 'verdict' }));
      using _link = attachFreplace(extension.context, extension.object.program('new_function')!);
      expect(target.run('replaceable')).toBe(transmit);
    });
  });

  it('in a program that was loaded later', (context) => {
    orSkip(context, () => {
      using first = loadFixture('extension-target');
      using extension = loadFixture(
        'extension',
        targets('new_verdict', { program: first.object.program('replaceable')!.fd.number }),
      );
      using second = loadFixture('extension-target');
      const target = { program: second.object.program('replaceable')!, function: 'verdict' };
      using _link = attachFreplace(extension.context, extension.object.program('new_verdict')!, target);
      expect(first.run('replaceable')).toBe(pass);
      expect(second.run('replaceable')).toBe(drop);
    });
  });
});

describe('functions of another program are traced', () => {
  it('at entry and return, its own functions too', (context) => {
    orSkip(context, () => {
      using target = loadFixture('extension-target');
      const program = target.object.program('replaceable')!;
      const each = ['on_entry', 'on_exit', 'on_own'].map((name) => [name, { program }] as const);
      using tracing = loadFixture('program-tracing', { targets: new Map(each) });
      const links = tracing.object.programs.map((traced) => attachTrace(tracing.context, traced));
      try {
        expect(target.run('replaceable')).toBe(pass);
        const counters = ['hits_entry', 'hits_exit', 'hits_own', 'result_seen'].map(tracing.count);
        expect(counters).toEqual([1, 1, 1, pass]);
      } finally {
        for (const link of links) link.close();
      }
    });
  });
});

describe('what is no target', () => {
  it.each([
    ['a function that is not there', 'no_such_function', 'no such function', 2],
    ['a type of another kind', 'xdp_md', 'no such function', 2],
  ])('%s', (_what, name, problem, errno) => {
    using target = loadFixture('extension-target');
    const program = target.object.program('replaceable')!;
    const error = thrownBy(() => loadFixture('extension', targets('new_verdict', { program, function: name })));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toBeInstanceOf(ObjectError);
    expect(error).toMatchObject({ problem, function: name, errno });
  });

  it('a program without BTF', () => {
    const fd = loadTiny({ type: 6, name: 'without_btf', result: 2 });
    const error = thrownBy(() => loadFixture('extension', targets('new_verdict', { program: fd })));
    closeSync(fd);
    expect(error).toMatchObject({ name: 'TargetError', problem: 'no BTF', function: 'verdict', errno: 22 });
  });

  it('a descriptor that is no program, or none at all', () => {
    const map = createMap(kernel, { type: 2, name: 'no_program', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 });
    const error = thrownBy(() => loadFixture('extension', targets('new_verdict', { program: map })));
    closeSync(map);
    expect(error).toMatchObject({ name: 'TargetError', problem: 'no program' });
    const again = thrownBy(() => loadFixture('extension', targets('new_verdict', { program: 99_999 })));
    expect(again).toMatchObject({ name: 'TargetError', problem: 'no program', errno: 77 });
  });

  it('a static function, which can be traced but not replaced', (context) => {
    using target = loadFixture('extension-target');
    const program = target.object.program('replaceable')!;
    const expected = { name: 'TargetError', problem: 'static function', function: 'own_count', errno: 22 };
    const error = thrownBy(() => loadFixture('extension', targets('new_verdict', { program, function: 'own_count' })));
    expect(error).toMatchObject(expected);
    orSkip(context, () => {
      using extension = loadFixture('extension', targets('new_verdict', { program }));
      const loaded = extension.object.program('new_verdict')!;
      const again = thrownBy(() => attachFreplace(extension.context, loaded, { program, function: 'own_count' }));
      expect(again).toMatchObject(expected);
    });
  });
});

describe('a target of nothing', () => {
  it('is a mistake of the caller', () => {
    using target = loadFixture('extension-target');
    const program = target.object.program('replaceable')!;
    expect(() => loadFixture('extension', targets('no_such_program', { program }))).toThrow(UsageError);
    expect(() => loadFixture('tracing-multi', targets('on_entry', { program }))).toThrow(UsageError);
    expect(() => loadFixture('extension-target', targets('replaceable', { program }))).toThrow(UsageError);
    expect(() => attachFreplace(target.context, program, { program, function: 'verdict' })).toThrow(/EXT/);
  });
});
