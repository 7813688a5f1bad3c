// One program on many functions, or on both ends of one: attached where its section or the caller says, then called.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors/index.ts';
import { attachKprobeMulti, attachTracingMulti, attachUprobeMulti, autoAttach } from '../../src/loader/index.ts';
import { ObjectError } from '../../src/object/index.ts';
import { FeatureMissing, inVirtualMachine, kernelAtLeast, orSkip } from '../support/feature.ts';
import { type LoadedFixture, loadFixture } from '../support/live/objects.ts';

const sleep = () => void expect(spawnSync('sleep', ['0.01']).status).toBe(0);
const allocate = () => void expect(spawnSync('ip', ['link']).status).toBe(0);

/** Attaches programs as their sections say while `act` runs; answers what they counted. */
function countHits(fixture: LoadedFixture, programs: readonly string[], act: () => void): (name: string) => number {
  const links = programs.map((name) => autoAttach(fixture.context, fixture.object.program(name)!));
  try {
    expect(
      links.every((link) => link !== undefined),
      fixture.told.join('\n'),
    ).toBe(true);
    act();
  } finally {
    for (const link of links) link?.close();
  }
  return fixture.count;
}

/** The machine of a native run may refuse probes, or be built without them; those in virtual machines may only be too old. */
function whereSupported(
  context: { skip(reason?: string): never },
  what: string,
  since: string,
  body: () => void,
): void {
  orSkip(context, () => {
    if (!kernelAtLeast(since)) throw new FeatureMissing(what, since);
    const isKernelProbe = what !== 'uprobe.multi' && what !== 'uprobe.session';
    if (!inVirtualMachine && isKernelProbe && !existsSync('/sys/bus/event_source/devices/kprobe/type')) {
      throw new FeatureMissing('this kernel is built without probes of its functions');
    }
    body();
  });
}

describe('programs on many places', () => {
  it('kprobe.multi, kretprobe.multi', (context) => {
    // In Linux since 5.18, in Debian's kernels not yet in 6.1.
    whereSupported(context, 'kprobe.multi', '6.2', () => {
      using fixture = loadFixture('multi-probes');
      const count = countHits(fixture, ['on_one', 'on_some', 'on_return'], sleep);
      for (const name of ['hits_one', 'hits_some', 'hits_return']) expect(count(name), name).toBeGreaterThan(0);
      const program = fixture.object.program('anywhere')!;
      expect(autoAttach(fixture.context, program)).toBeUndefined();
      const none = () => attachKprobeMulti(fixture.context, program, { pattern: 'no_such_function' });
      expect(none).toThrow(expect.objectContaining({ name: 'ObjectError', errno: 2 }));
      const before = count('hits_one');
      const places = { functions: ['do_nanosleep', 'hrtimer_nanosleep'], cookies: [1n, 2n] };
      using link = attachKprobeMulti(fixture.context, program, places);
      sleep();
      expect(count('hits_one')).toBeGreaterThan(before);
      const opened = link;
      const { addresses, cookies } = opened.info();
      if (kernelAtLeast('6.7')) expect(cookies.sort()).toEqual([1n, 2n]);
      if (addresses.length > 0 && !addresses.includes(0n)) {
        using _again = attachKprobeMulti(fixture.context, program, { addresses: addresses.slice(0, 1) });
      }
      const wrong = [{ functions: [] }, { functions: ['do_nanosleep'], cookies: [] }, { pattern: 'x', cookies: [1n] }];
      for (const target of wrong) {
        expect(() => attachKprobeMulti(fixture.context, program, target)).toThrow(UsageError);
      }
    });
  });

  it('kprobe.session, at both ends', (context) => {
    whereSupported(context, 'kprobe.session', '6.10', () => {
      using fixture = loadFixture('sessions');
      const count = countHits(fixture, ['on_one', 'on_some'], sleep);
      for (const name of ['hits_one', 'hits_some']) expect(count(name), name).toBeGreaterThan(1);
    });
  });

  it('fsession, at both ends', (context) => {
    orSkip(context, () => {
      if (!kernelAtLeast('7.0')) {
        const expected = { cause: expect.objectContaining({ name: 'NotSupportedError', since: '7.0' }) };
        if (inVirtualMachine && kernelAtLeast('5.5')) {
          expect(() => loadFixture('function-session')).toThrow(expect.objectContaining(expected));
        }
        throw new FeatureMissing('fsession', '7.0');
      }
      using fixture = loadFixture('function-session');
      expect(countHits(fixture, ['on_session'], sleep)('hits_session')).toBeGreaterThan(1);
    });
  });

  it('fentry.multi, fexit.multi, fsession.multi', (context) => {
    whereSupported(context, 'fentry.multi', '7.3', () => {
      using fixture = loadFixture('tracing-multi');
      const count = countHits(fixture, ['on_entry', 'on_exit', 'on_session'], sleep);
      expect(count('hits_entry')).toBeGreaterThan(0);
      expect(count('hits_exit')).toBeGreaterThan(0);
      expect(count('hits_session')).toBeGreaterThan(1);
      const program = fixture.object.program('anywhere')!;
      expect(autoAttach(fixture.context, program)).toBeUndefined();
      for (const pattern of ['no_such_function*', 'no_such_module:vfs_*']) {
        expect(() => attachTracingMulti(fixture.context, program, { pattern })).toThrow(ObjectError);
      }
      expect(count('hits_none')).toBe(0);
      using _link = attachTracingMulti(fixture.context, program, { pattern: 'do_nanosleep' });
      sleep();
      expect(count('hits_none')).toBeGreaterThan(0);
    });
  });

  it('uprobe.multi, uretprobe.multi', (context) => {
    whereSupported(context, 'uprobe.multi', '6.6', () => {
      using fixture = loadFixture('user-multi-probes');
      const count = countHits(fixture, ['on_some', 'on_return', 'on_free'], allocate);
      for (const name of ['hits_some', 'hits_return']) expect(count(name), name).toBeGreaterThan(0);
      const program = fixture.object.program('anywhere')!;
      const attach = (binary: string, pattern: string) => () =>
        attachUprobeMulti(fixture.context, program, { binary, pattern });
      const calls = count('hits_none');
      const functions = ['malloc', 'free'];
      const places = { binary: 'libc.so.6', functions, cookies: [7n, 8n] };
      const link = attachUprobeMulti(fixture.context, program, places);
      const opened = link;
      if (kernelAtLeast('6.8')) {
        const { addresses, cookies } = opened.info();
        expect(cookies).toEqual([7n, 8n]);
        const offsets = addresses.map(Number);
        using _again = attachUprobeMulti(fixture.context, program, { binary: 'libc.so.6', offsets, pid: process.pid });
      }
      allocate();
      link.close();
      expect(count('hits_none')).toBeGreaterThan(calls);
      const wrong = [{ offsets: [1], counterOffsets: [] }, { offsets: [] }, { functions, cookies: [1n] }];
      for (const target of wrong) {
        const attachWrong = () => attachUprobeMulti(fixture.context, program, { binary: 'libc.so.6', ...target });
        expect(attachWrong).toThrow(UsageError);
      }
      expect(attach('libc.so.6', 'no_such_function*')).toThrow(ObjectError);
      expect(attach('/no/such/file', 'main')).toThrow(ObjectError);
      expect(attach('/proc/self/cmdline', 'main')).toThrow(ObjectError);
    });
  });

  it('uprobe.session, at both ends', (context) => {
    whereSupported(context, 'uprobe.session', '6.13', () => {
      using fixture = loadFixture('user-sessions');
      expect(countHits(fixture, ['on_session'], allocate)('hits_session')).toBeGreaterThan(1);
    });
  });
});
