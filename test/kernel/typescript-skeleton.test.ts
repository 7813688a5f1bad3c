// Modules of `gen skeleton --lang ts`, run on the kernel: open, set variables, load, attach, dispose of.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BpfMap, EventSource, GlobalVariable, ObjectSkeleton, TypedMap } from '../../src/index.ts';

const project = path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
let folder: string;
let descriptors: string[];

/** A skeleton whose members are not checked here: what they are called is what is tested. */
// biome-ignore lint/suspicious/noExplicitAny: the class is made while the test runs
type AnySkeleton = ObjectSkeleton<any, any, any>;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tsk_skeletons-'));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(project, path.join(folder, 'node_modules/tsbpftool'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  descriptors = ofTheKernel();
});
afterEach(() => expect(ofTheKernel()).toEqual(descriptors));

/** What this process holds of BPF and perf events; Node and esbuild open others. */
function ofTheKernel(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return /bpf|btf|perf/.test(target) && target.startsWith('anon_inode') ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** The class of the module that the program generates of an object. */
async function skeletonOf(object: string, ...words: string[]): Promise<{ open(): AnySkeleton }> {
  const file = path.join(project, object);
  const text = execFileSync(process.execPath, [tool, 'gen', 'skeleton', file, '--lang', 'ts', ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const target = path.join(folder, `${path.basename(object, '.bpf.o')}.mjs`);
  writeFileSync(target, transformSync(text, { loader: 'ts', format: 'esm' }).code);
  const exported = (await import(pathToFileURL(target).href)) as Record<string, { open(): AnySkeleton }>;
  return Object.values(exported).find((value) => typeof value === 'function')!;
}

function runProgram(fd: number): void {
  const id = /^prog_id:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!;
  const packet = path.join(folder, 'packet');
  writeFileSync(packet, Buffer.alloc(64));
  const { status, stderr } = spawnSync(process.execPath, [tool, 'prog', 'run', 'id', id, 'data_in', packet]);
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
}

interface Event {
  pid: number;
  uid: number;
  command: string;
  message: string;
}

/** The first event of a program that this process started. */
async function eventOf(source: EventSource<Event>): Promise<Event> {
  source.open();
  const abort = new AbortController();
  const timeout = setTimeout(() => abort.abort(), 20_000);
  const { pid } = spawnSync('true');
  try {
    for await (const event of source.events(abort.signal)) if (event.pid === pid) return event;
  } finally {
    clearTimeout(timeout);
  }
  throw new Error(`no event of process ${pid}`);
}

describe('a TypeScript skeleton runs', () => {
  for (const name of ['hello-buffer-config', 'hello-ring-buffer-config']) {
    it(`${name}: events, a map, a constant`, async () => {
      const Hello = await skeletonOf(`examples/${name}.bpf.o`, '--event', 'output=event_t');
      using hello = Hello.open();
      expect(() => hello.maps).toThrow('is not loaded');
      const greeting = hello.variables.greeting as GlobalVariable<string> | undefined;
      if (greeting !== undefined) {
        expect(greeting.value).toBe('Hello World');
        greeting.value = 'Hi there';
        expect(() => {
          greeting.value = 'more than thirteen bytes';
        }).toThrow('greeting: 24 bytes do not fit char[13]');
      }
      hello.load().attach();
      const config = hello.maps.config as TypedMap<number, { message: string }>;
      const before = await eventOf(hello.maps.output as EventSource<Event>);
      expect(before).toMatchObject({ uid: 0, message: greeting === undefined ? before.message : 'Hi there' });
      config.set(0, { message: 'Hi root' });
      expect(config.get(0)).toEqual({ message: 'Hi root' });
      expect(await eventOf(hello.maps.output as EventSource<Event>)).toMatchObject({ uid: 0, message: 'Hi root' });
      if (greeting !== undefined) {
        expect(() => {
          greeting.value = 'late';
        }).toThrow('a constant is set before the object is loaded');
      }
    });
  }

  it('globals: variables before and after, where the program has them', async () => {
    const Globals = await skeletonOf('test/fixtures/objects/globals.bpf.o');
    using globals = Globals.open();
    const { variables } = globals;
    expect(Object.keys(variables).sort()).toEqual(
      ['initialised', 'limit', 'total', 'custom_data', 'custom_rodata', 'custom_bss', 'points'].sort(),
    );
    variables.initialised.value = 7;
    variables.limit.value = 5n;
    globals.load();
    const fd = (globals.programs.use_all as { fd: { number: number } }).fd.number;
    runProgram(fd);
    expect(variables.initialised.value).toBe(8);
    expect(variables.total.value).toBe(5n);
    expect(variables.points.value[1]).toEqual({ x: 3, y: 5 });
    variables.total.value = 100n;
    variables.custom_bss.value = -3;
    runProgram(fd);
    expect(variables.total.value).toBe(105n);
    expect(variables.custom_bss.value).toBe(-2);
    expect(variables.initialised.value).toBe(9);
    expect(globals.programs.use_all.attach).toBeTypeOf('function');
  });

  it('maps: typed elements, one for each processor, and maps as they are', async () => {
    const Maps = await skeletonOf('test/fixtures/objects/maps.bpf.o');
    using object = Maps.open();
    object.load();
    const hash = object.maps.a_hash as TypedMap;
    hash.set({ a: 1, b: 2, c: 3 }, { count: 4n, name: 'five' });
    expect(hash.get({ a: 1, b: 2, c: 3 })).toEqual({ count: 4n, name: 'five' });
    runProgram((object.programs.use as { fd: { number: number } }).fd.number);
    const counts = object.maps.a_percpu_array.get(0) as bigint[];
    expect(counts.reduce((sum, count) => sum + count, 0n)).toBe(1n);
    expect((object.maps.a_prog_array as BpfMap).info().maxEntries).toBe(8);
  });

  it('externs: configuration of the kernel, a program on a raw tracepoint', async () => {
    const Externs = await skeletonOf('test/fixtures/objects/externs.bpf.o', '--external');
    symlinkSync(path.join(project, 'test/fixtures/objects/externs.bpf.o'), path.join(folder, 'externs.bpf.o'));
    using externs = Externs.open();
    expect(() => externs.variables.CONFIG_HZ.value).toThrow('known only once the object is loaded');
    externs.load();
    const hz = externs.variables.CONFIG_HZ.value as bigint;
    expect(hz).toBeGreaterThan(0n);
    const link = externs.programs.use_all.attach() as { close(): void };
    for (let tries = 0; tries < 100 && externs.variables.results.value[6] === 0n; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(externs.variables.results.value[6]).toBe(hz);
    link.close();
    externs.close();
    expect(() => externs.variables.results.value).toThrow('the object is closed');
    expect(() => externs.load()).toThrow('is closed');
  });
});
