// The front door: an object by its file, its members by name, everything disposable.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultKernel } from '../../src/sys/index.ts';
import { ClosedError, load, ObjectError, openObject, UsageError } from '../../src/index.ts';
import { kernelAtLeast } from '../support/feature.ts';

const project = path.resolve(import.meta.dirname, '../..');
const example = (name: string) => path.join(project, 'examples', `${name}.bpf.o`);
const fixture = (name: string) => path.join(project, 'test/fixtures/objects', `${name}.bpf.o`);
const ring = example('hello-ring-buffer-config');
const run = promisify(execFile);
let descriptors = 0;

/** Descriptors of BPF and perf events that this process has. */
function held(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /bpf|btf|perf/.test(execPath(fd));
    } catch {
      return false;
    }
  }).length;
}
const execPath = (fd: string) => defaultKernel().readLink(`/proc/self/fd/${fd}`);

beforeEach(() => {
  descriptors = held();
});
afterEach(() => expect(held()).toBe(descriptors));

interface Hello {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
  readonly message: string;
}

describe('load', () => {
  it.each([
    ['a path', ring],
    ['a URL', pathToFileURL(ring)],
    ['bytes', readFileSync(ring)],
  ])('takes %s: maps, typed events, constants, in the words of the readme', async (_, object) => {
    using hello = load(object, { variables: { greeting: 'Hi all' }, maps: { config: { maxEntries: 64 } } });
    using link = hello.programs.hello!.attach();
    if (kernelAtLeast('5.15')) expect(link.info().type).toBeGreaterThan(0);
    else expect(() => link.info()).toThrow('links of perf events came with Linux 5.15');
    hello.maps.config!.set(0, { message: 'Hi root' });
    expect(hello.maps.config!.info.maxEntries).toBe(64);
    const end = new AbortController();
    const started = run('true');
    let found: Hello | undefined;
    for await (const event of hello.maps.output!.records<Hello>({ type: 'event_t', signal: end.signal })) {
      if (event.pid !== started.child.pid) continue;
      found = event;
      end.abort();
    }
    expect(found).toMatchObject({ uid: 0, message: 'Hi root' });
    expect(hello.variables.greeting!.get()).toBe('Hi all');
  });

  it('reads and writes variables at run time, a part leaving the rest', () => {
    using globals = load(fixture('globals'), { variables: { limit: 5n, points: [{ x: 10 }] } });
    const { points, total } = globals.variables;
    const before = points!.get() as { x: number; y: number }[];
    expect(before[0]).toMatchObject({ x: 10 });
    points!.set([{ y: 77 }]);
    expect(points!.get()).toEqual([{ x: 10, y: 77 }, ...before.slice(1)]);
    expect(() => points!.set([{ x: 'no number', y: 1 }])).toThrow(UsageError);
    expect(() => points!.set([{ x: 1, y: 2 ** 40 }])).toThrow(UsageError);
    expect(points!.get()).toEqual([{ x: 10, y: 77 }, ...before.slice(1)]);
    total!.set(8);
    expect(total!.value).toBe(8n);
    expect(() => globals.variables.limit!.set(6n)).toThrow('a constant is set before the object is loaded');
  });

  it('says what there is where a name is wrong', () => {
    expect(() => load(ring, { maps: { conf: {} } })).toThrow("has no map 'conf': did you mean 'config'?");
    expect(() => load(ring, { variables: { greetin: 'x' } })).toThrow("did you mean 'greeting'?");
    expect(() => load(ring, { programs: { helo: {} } })).toThrow("did you mean 'hello'?");
    expect(() => load(ring, { programs: { hello: { type: 'xpd' as never } } })).toThrow(UsageError);
    using hello = load(ring);
    expect(() => hello.maps.conf).toThrow("has no map 'conf': did you mean 'config'?");
    expect(() => hello.programs.other).toThrow("has no program 'other': there is hello");
    expect(() => hello.variables.other).toThrow('there is greeting');
    expect('conf' in hello.maps).toBe(false);
    expect(Object.keys(hello.maps)).toEqual(['config', 'output']);
    expect(() => hello.maps.output!.get(0)).toThrow(/ringbuf, which has no get\(\): it has records/);
    expect(() => hello.maps.config!.records()).toThrow(/hash, which has no records\(\)/);
    expect(() => hello.maps.output!.records()).toThrow("name one of the object's as { type: 'event_t' }");
    expect(() => hello.maps.output!.records({ type: 'no_t' })).toThrow('its structs: user_msg_t, event_t');
  });

  it('says what to name where a program is attached to nothing', () => {
    using counter = load(example('hello'));
    expect(() => counter.programs.hello!.attach()).toThrow("name one, as attach({ device: 'eth0' })");
    expect(() => counter.programs.hello!.attach({ device: 'tsq_none' })).toThrow(/tsq_none.*ENODEV/);
    expect(() => counter.programs.hello!.attach({} as never)).toThrow(UsageError);
  });

  it.each([
    ['nothing', undefined],
    ['a number', 5],
    ['an object', {}],
    ['null', null],
  ])('refuses %s', (_, object) => {
    expect(() => load(object as never)).toThrow(UsageError);
    expect(() => openObject(object as never)).toThrow(UsageError);
  });

  it('refuses bytes that are no object, and files that are not there, and leaves nothing', () => {
    expect(() => load(new Uint8Array(0))).toThrow(ObjectError);
    expect(() => load(new Uint8Array(64))).toThrow(ObjectError);
    expect(() => load('/nonexistent/object.o')).toThrow(/ENOENT/);
    for (const maxEntries of [-1, 0.5, Number.NaN, 2 ** 40, '7', null]) {
      expect(() => load(ring, { maps: { config: { maxEntries } } } as never)).toThrow(UsageError);
    }
    expect(() => load(ring, { maps: { config: { flags: ['none' as never] } } })).toThrow(
      /there is no flag of maps 'none'/,
    );
    expect(() => load(ring, { maps: { config: { inner: {} } } })).toThrow('is no map of maps');
    expect(() => load(ring, { variables: { greeting: 'longer than thirteen bytes' } })).toThrow(UsageError);
  });

  it('is closed once and for all: links end, and what is asked then is refused', async () => {
    const hello = load(ring);
    const link = hello.programs.hello!.attach();
    const { config, output } = hello.maps;
    const events = output!.records({ type: 'event_t' });
    const waiting = events.next();
    hello.close();
    hello.close();
    link.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(() => config!.get(0)).toThrow(ClosedError);
    expect(() => hello.maps).toThrow('is closed');
    expect(() => hello.variables.greeting!.get()).toThrow('is closed');
    expect(() => hello.load()).toThrow('is closed');
  });

  it('ends events at a deadline, by break, and by a signal that aborted before', async () => {
    using hello = load(ring);
    const { output } = hello.maps;
    const began = Date.now();
    for await (const _ of output!.raw({ deadline: began + 60 })) expect.unreachable();
    expect(Date.now() - began).toBeGreaterThanOrEqual(50);
    for await (const _ of output!.raw({ deadline: new Date(0) })) expect.unreachable();
    for await (const _ of output!.raw(AbortSignal.abort())) expect.unreachable();
    expect(() => output!.raw({ deadline: Number.NaN })).toThrow(UsageError);
  });

  it('opens an object that is loaded later', () => {
    using object = openObject(fixture('globals'));
    object.variables.initialised!.value = 41;
    expect(() => object.maps).toThrow('is not loaded');
    object.load();
    expect(object.variables.initialised!.get()).toBe(41);
    expect(() => object.load()).toThrow('is loaded already');
  });

  it('uses a map of another object, and does not close it', () => {
    using first = load(ring);
    first.maps.config!.set(7, { message: 'shared' });
    {
      using second = load(ring, { maps: { config: { reuse: first.maps.config! } } });
      expect(second.maps.config!.get(7)).toEqual({ message: 'shared' });
      expect(second.maps.config!.info.id).toBe(first.maps.config!.info.id);
    }
    expect(first.maps.config!.get(7)).toEqual({ message: 'shared' });
  });

  it('hands the verifier log of one program to `log`, and leaves programs out', () => {
    const texts: string[] = [];
    using hello = load(ring, {
      programs: { hello: { logLevel: 1 } },
      log: (_level, text) => texts.push(typeof text === 'string' ? text : ''),
    });
    expect(hello.programs.hello!.name).toBe('hello');
    expect(texts.some((text) => text.includes('BEGIN PROG LOAD LOG'))).toBe(true);
    using none = load(ring, { programs: { hello: { autoload: false } } });
    expect(Object.keys(none.programs)).toEqual([]);
  });
});
