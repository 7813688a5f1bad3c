// What the library is given that does not fit: refused before the kernel sees it, or ended, never foreign memory.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClosedError, SyscallError, TsbpfError, UsageError } from '../../src/errors/index.ts';
import {
  attachCgroup,
  attachKprobeMulti,
  attachUprobeMulti,
  BpfLink,
  BpfMap,
  BpfProgram,
  BtfObject,
  ElementWriter,
  generateLoader,
  type LoadOptions,
  loadObject,
  makeLoaderProgram,
  type ObjectSpec,
  parseObject,
  PerfBuffer,
  RingBuffer,
  readBatches,
  runLoaderProgram,
  TypedMap,
} from '../../src/index.ts';
import { possibleCpus } from '../../src/host/index.ts';
import { createMap, fdKind, readStream, testRun } from '../../src/kernel/index.ts';
import { openKernel, PROT_READ, PROT_WRITE } from '../../src/sys/index.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';
import { inVirtualMachine } from '../support/feature.ts';
import { detached, wrongBytes, wrongCounts } from '../support/live/wrong-values.ts';

const kernel = openKernel();
const project = path.resolve(import.meta.dirname, '../..');
const open: { close(): void }[] = [];
let descriptors = 0;

const hostileCalls = path.join(project, '.cache/hostile-calls.mjs');

beforeAll(() => {
  // There is no compiler in the virtual machines.
  if (inVirtualMachine) return;
  buildSync({
    entryPoints: [path.join(project, 'test/support/live/hostile-calls.ts')],
    outfile: hostileCalls,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['koffi'],
    logLevel: 'error',
  });
});
beforeEach(() => {
  kernel.systemConfiguration(30);
  descriptors = readdirSync('/proc/self/fd').length;
});
afterEach(() => {
  for (const object of open.splice(0).reverse()) object.close();
  // Fewer where what a test before forgot was collected meanwhile.
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(descriptors);
});

interface MapShape {
  readonly type?: number;
  readonly keySize?: number;
  readonly valueSize?: number;
  readonly maxEntries?: number;
  readonly flags?: number;
}

function newMap({ type = bpf_map_type.BPF_MAP_TYPE_HASH, ...shape }: MapShape = {}): BpfMap {
  const sizes = { keySize: 8, valueSize: 8, maxEntries: 64, ...shape };
  const fd = createMap(kernel, { type, name: 'tsf_map', ...sizes });
  expect(fd).toBeGreaterThanOrEqual(0);
  const map = new BpfMap(kernel, fd);
  open.push(map);
  return map;
}

const ringMap = () => newMap({ type: bpf_map_type.BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 });
const perfMap = () =>
  newMap({ type: bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY, keySize: 4, valueSize: 4, maxEntries: 64 });

function fixture(name: string): ObjectSpec {
  const file = path.join(project, 'test/fixtures/objects', `${name}.bpf.o`);
  return parseObject(readFileSync(file), { path: file, log: () => undefined });
}

function load(name: string, options: LoadOptions = {}) {
  const object = loadObject(kernel, fixture(name), options);
  open.push(object);
  return object;
}

/** A program that returns at once. */
function newProgram(): BpfProgram {
  const object = load('run-tc');
  const program = object.programs[0]!;
  open.push(program);
  return program;
}

describe('a key', () => {
  it('of another length finds, writes and deletes nothing', () => {
    const map = newMap();
    const key = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    map.update(key, new Uint8Array(8));
    expect(map.lookup(key, new Uint8Array(8))).toHaveLength(8);
    for (const wrong of wrongBytes(8) as Uint8Array[]) {
      expect(() => map.lookup(wrong, new Uint8Array(8))).toThrow(UsageError);
      expect(() => map.update(wrong, new Uint8Array(8))).toThrow(UsageError);
      expect(() => map.delete(wrong)).toThrow(UsageError);
      expect(() => map.lookupAndDelete(wrong, new Uint8Array(8))).toThrow(UsageError);
      expect(() => map.nextKey(wrong, new Uint8Array(8))).toThrow(UsageError);
    }
    expect(map.lookup(key, new Uint8Array(8))).toHaveLength(8);
    expect(() => map.lookup(Uint8Array.of(1, 2), new Uint8Array(8))).toThrow(
      "key of map 'tsf_map': expected 8 bytes, got 2",
    );
  });

  it('has room when it comes back', () => {
    const map = newMap();
    map.update(new Uint8Array(8), new Uint8Array(8));
    for (const wrong of wrongBytes(8, { canBeLonger: true }) as Uint8Array[]) {
      expect(() => map.nextKey(undefined, wrong)).toThrow(UsageError);
    }
    const room = new Uint8Array(12).fill(0xaa);
    expect(map.nextKey(undefined, room)).toEqual(room.subarray(0, 8));
    expect([...room]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa]);
  });
});

describe('a value', () => {
  it.each([8, 4096, 400_000])('of %i bytes has room when it comes back, and is whole when it goes', (valueSize) => {
    const map = newMap({ valueSize, maxEntries: 2 });
    const key = new Uint8Array(8);
    const value = new Uint8Array(valueSize).fill(0x5a);
    map.update(key, value);
    for (const wrong of [...wrongBytes(valueSize, { canBeLonger: true }), new Uint8Array(4)] as Uint8Array[]) {
      expect(() => map.lookup(key, wrong)).toThrow(UsageError);
      expect(() => map.lookupAndDelete(key, wrong)).toThrow(UsageError);
    }
    for (const wrong of wrongBytes(valueSize) as Uint8Array[]) {
      expect(() => map.update(key, wrong)).toThrow(UsageError);
    }
    const room = new Uint8Array(valueSize + 16).fill(0xaa);
    expect(map.lookup(key, room)).toHaveLength(map.valueSize);
    expect(Buffer.compare(room.subarray(0, valueSize), value)).toBe(0);
    expect([...room.subarray(valueSize)]).toEqual(Array(16).fill(0xaa));
  });

  it('of a per-CPU map is that of all CPUs', () => {
    const map = newMap({ type: bpf_map_type.BPF_MAP_TYPE_PERCPU_HASH, valueSize: 4 });
    const size = 8 * possibleCpus(kernel);
    expect(map.valueSize).toBe(size);
    map.update(new Uint8Array(8), new Uint8Array(size));
    expect(() => map.update(new Uint8Array(8), new Uint8Array(4))).toThrow(UsageError);
    expect(() => map.lookup(new Uint8Array(8), new Uint8Array(4))).toThrow(UsageError);
    expect(map.lookup(new Uint8Array(8), new Uint8Array(size))).toHaveLength(size);
  });

  it('of a map without keys is checked too', () => {
    const queue = newMap({ type: bpf_map_type.BPF_MAP_TYPE_QUEUE, keySize: 0, valueSize: 16 });
    expect(() => queue.update(undefined, new Uint8Array(4))).toThrow(UsageError);
    queue.update(undefined, new Uint8Array(16).fill(3));
    expect(() => queue.lookupAndDelete(undefined, new Uint8Array(15))).toThrow(UsageError);
    expect(() => queue.lookupAndDelete(new Uint8Array(4), new Uint8Array(16))).toThrow(UsageError);
    expect(queue.lookupAndDelete(undefined, new Uint8Array(16))).toHaveLength(16);
  });
});

describe('elements written together', () => {
  const shapes: [string, MapShape][] = [
    ['a hash', {}],
    ['an array', { type: bpf_map_type.BPF_MAP_TYPE_ARRAY, keySize: 4, maxEntries: 64 }],
    ['a trie', { type: bpf_map_type.BPF_MAP_TYPE_LPM_TRIE, flags: 1 }],
    ['a per-CPU hash', { type: bpf_map_type.BPF_MAP_TYPE_PERCPU_HASH }],
  ];

  it.each(shapes)('into %s are as many as there are bytes for', async (_name, shape) => {
    const map = newMap(shape);
    const { keySize } = map.info();
    const { valueSize } = map;
    const writer = new ElementWriter(map);
    const keys = new Uint8Array(keySize);
    const values = new Uint8Array(valueSize).fill(0x11);
    const both = (elements: { keys: unknown; values: unknown; count: unknown }) => {
      expect(() => writer.write(elements as never)).toThrow(UsageError);
      return expect(writer.writeInBackground(elements as never)).rejects.toThrow(UsageError);
    };
    await both({ keys, values, count: 40 });
    await both({ keys, values, count: 2 });
    await both({ keys: new Uint8Array(2 * keySize), values, count: 2 });
    for (const count of wrongCounts) await both({ keys, values, count });
    for (const wrong of wrongBytes(keySize, { canBeLonger: true })) await both({ keys: wrong, values, count: 1 });
    for (const wrong of wrongBytes(valueSize, { canBeLonger: true })) await both({ keys, values: wrong, count: 1 });
    expect(writer.tryWrite({ keys, values, count: 1 })).toEqual({ count: 1, errno: 0 });
    expect(writer.tryWrite({ keys, values, count: 0 })).toEqual({ count: 0, errno: 0 });
  });

  it('on another thread are those that were there at the call, however many calls there are', async () => {
    const map = newMap({ maxEntries: 4096 });
    const writer = new ElementWriter(map);
    const writes = Array.from({ length: 8 }, (_, call) => {
      const keys = new Uint8Array(BigUint64Array.from({ length: 100 }, (_, i) => BigInt(call * 1000 + i)).buffer);
      const values = keys.slice();
      const write = writer.writeInBackground({ keys, values, count: 100 });
      keys.fill(0xff);
      structuredClone(values.buffer, { transfer: [values.buffer] });
      return write;
    });
    await Promise.all(writes);
    let count = 0;
    for await (const { key, value } of elementsOf(map)) {
      expect(value).toBe(key);
      expect(Number(key % 1000n)).toBeLessThan(100);
      count++;
    }
    expect(count).toBe(800);
  });

  it('are written to the map even if it is closed meanwhile, and never to another that has its number', async () => {
    const map = newMap();
    const keeper = new BpfMap(kernel, kernel.duplicate(map.fd.number));
    open.push(keeper);
    const { number } = map.fd;
    const writer = new ElementWriter(map);
    const write = writer.writeInBackground({ keys: new Uint8Array(8), values: new Uint8Array(8), count: 1 });
    map.close();
    const other = newMap({ valueSize: 4096 });
    expect(other.fd.number).not.toBe(number);
    await write;
    expect(kernel.close(number)).toBe(-9);
    expect(keeper.lookup(new Uint8Array(8))).toHaveLength(8);
    await expect(
      writer.writeInBackground({ keys: new Uint8Array(8), values: new Uint8Array(8), count: 1 }),
    ).rejects.toThrow(ClosedError);
  });
});

async function* elementsOf(map: BpfMap): AsyncGenerator<{ key: bigint; value: bigint }> {
  for await (const { keys, values, count } of readBatches(map)) {
    const [keyView, valueView] = [keys, values].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset));
    for (let i = 0; i < count; i++) {
      yield { key: keyView!.getBigUint64(i * 8, true), value: valueView!.getBigUint64(i * 8, true) };
    }
  }
}

describe('batches of elements', () => {
  function filled(): BpfMap {
    const map = newMap({ maxEntries: 20_000 });
    const keys = new Uint8Array(BigUint64Array.from({ length: 20_000 }, (_, i) => BigInt(i)).buffer);
    new ElementWriter(map).write({ keys, values: keys, count: 20_000 });
    return map;
  }

  it("are the caller's: what it does to them does not matter to the next", async () => {
    const map = filled();
    const seen = new Set<bigint>();
    const kept: Uint8Array[] = [];
    for await (const { keys, values, count } of readBatches(map)) {
      const view = new DataView(keys.buffer, keys.byteOffset);
      for (let i = 0; i < count; i++) seen.add(view.getBigUint64(i * 8, true));
      // Parts of one batch share their arrays: only whole ones can be handed on.
      if (values.buffer.byteLength > 0) kept.push(values.slice());
    }
    expect(seen.size).toBe(20_000);
    expect(kept.length).toBeGreaterThan(1);
  });

  it('end when the map is closed', async () => {
    const map = filled();
    const batches = readBatches(map);
    expect((await batches.next()).done).toBe(false);
    map.close();
    await expect(async () => {
      while ((await batches.next()).done !== true);
    }).rejects.toThrow(ClosedError);
  });

  it('may be left at any time', async () => {
    for (let rounds = 0; rounds < 5; rounds++) {
      const map = filled();
      for await (const _ of readBatches(map)) break;
      map.close();
    }
  });
});

describe('a descriptor', () => {
  it('is taken over only for what it is', () => {
    const program = newProgram();
    const map = newMap();
    const objects = [
      { kind: 'map', make: BpfMap },
      { kind: 'prog', make: BpfProgram },
      { kind: 'link', make: BpfLink },
      { kind: 'btf', make: BtfObject },
    ] as const;
    const file = kernel.open('/proc/self/status', 0);
    open.push({ close: () => void kernel.close(file) });
    for (const fd of [map.fd.number, program.fd.number, file, -1, 4096, 0.5, Number.NaN]) {
      const kind = fdKind(kernel, fd);
      for (const object of objects) {
        if (object.kind !== kind) expect(() => new object.make(kernel, fd)).toThrow(UsageError);
      }
      if (kind !== 'map') {
        expect(() => new RingBuffer(kernel, fd)).toThrow(UsageError);
        expect(() => new PerfBuffer(kernel, fd)).toThrow(UsageError);
      }
    }
    // They stay the caller's.
    expect([map, program].map(({ fd }) => fdKind(kernel, fd.number))).toEqual(['map', 'prog']);
  });

  it('of another kind of map makes no buffer, and leaves the map as it was', () => {
    const map = newMap({ keySize: 4, valueSize: 4 });
    expect(() => new PerfBuffer(kernel, map.fd.number)).toThrow(UsageError);
    expect(() => new RingBuffer(kernel, map.fd.number)).toThrow(UsageError);
    expect(map.nextKey(undefined, new Uint8Array(4))).toBeUndefined();
  });
});

describe('a closed object', () => {
  const bytes = new Uint8Array(8);

  it('does nothing but throw, and may be closed again', async () => {
    const map = newMap();
    map.close();
    map.close();
    const typed = new TypedMap(map);
    const calls = [
      () => map.lookup(bytes, bytes),
      () => map.update(bytes, bytes),
      () => map.delete(bytes),
      () => map.lookupAndDelete(bytes, bytes),
      () => map.nextKey(undefined, bytes),
      () => map.freeze(),
      () => map.info(),
      () => map.rawInfo(88),
      () => map.tryPin('/sys/fs/bpf/tsf_nothing'),
      () => map.pin('/sys/fs/bpf/tsf_nothing'),
      () => new ElementWriter(map),
      () => typed.get(bytes),
      () => typed.set(bytes, bytes),
      () => typed.has(bytes),
      () => typed.delete(bytes),
      () => typed.info,
      () => typed.codec,
    ];
    for (const call of calls) expect(call).toThrow(ClosedError);
    await expect(readBatches(map).next()).rejects.toThrow(ClosedError);
    await expect(typed.entries().next()).rejects.toThrow(ClosedError);
    const program = newProgram();
    program.close();
    for (const call of [
      () => program.info(),
      () => program.infoWithMaps(),
      () => program.arrays({ xlated: true }),
      () => testRun(program, { repeat: 1 }),
      () => readStream(program, 1, bytes),
    ]) {
      expect(call).toThrow(ClosedError);
    }
  });

  it('that knew its sizes does nothing but throw either', () => {
    const map = newMap();
    map.update(bytes, bytes);
    map.close();
    const other = newMap();
    expect(() => map.lookup(bytes, bytes)).toThrow(ClosedError);
    expect(() => map.update(bytes, bytes)).toThrow(ClosedError);
    map.close();
    expect(other.nextKey(undefined, bytes)).toBeUndefined();
  });
});

describe.each([
  ['a ring buffer', () => new RingBuffer(kernel, ringMap().fd.number)],
  ['a perf buffer', () => new PerfBuffer(kernel, perfMap().fd.number, { pages: 1 })],
])('%s', (_name, make) => {
  it('throws once it is closed, however often it is', () => {
    const buffer = make();
    buffer.close();
    buffer.close();
    buffer[Symbol.dispose]();
    expect(() => buffer.consume(() => undefined)).toThrow(ClosedError);
    expect(() => buffer.poll(0, () => undefined)).toThrow(ClosedError);
    expect(() => buffer.records()).toThrow(ClosedError);
  });

  it('ends those who wait for records when it is closed', async () => {
    const buffer = make();
    const waiting = Array.from({ length: 3 }, () => buffer.records().next());
    const twice = buffer.records();
    waiting.push(twice.next(), twice.next());
    await pause(20);
    buffer.close();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ done: true, value: undefined })));
  });

  it('ends a wait by its signal and by return, and others go on', async () => {
    const buffer = make();
    const abort = new AbortController();
    const [aborted, returned, other] = [buffer.records(abort.signal), buffer.records(), buffer.records()];
    const waiting = [aborted.next(), returned.next()];
    const last = other.next();
    await pause(20);
    abort.abort();
    await returned.return(undefined);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ done: true, value: undefined })));
    expect(await Promise.race([last, pause(30, 'waits')])).toBe('waits');
    expect(await buffer.records(AbortSignal.abort()).next()).toEqual({ done: true, value: undefined });
    buffer.close();
    expect(await last).toEqual({ done: true, value: undefined });
    expect(await other.next()).toEqual({ done: true, value: undefined });
  });
});

describe('a perf buffer', () => {
  it('refuses sizes and places that mean nothing', () => {
    const map = perfMap();
    for (const pages of [...wrongCounts, 0, 3, 12, 2 ** 31] as number[]) {
      expect(() => new PerfBuffer(kernel, map.fd.number, { pages })).toThrow(UsageError);
    }
    for (const wrong of [...wrongCounts, 64, 2 ** 32] as number[]) {
      expect(() => new PerfBuffer(kernel, map.fd.number, { cpus: [{ cpu: 0, index: wrong }] })).toThrow(UsageError);
    }
    for (const wrong of wrongCounts as number[]) {
      expect(() => new PerfBuffer(kernel, map.fd.number, { cpus: [{ cpu: wrong, index: 0 }] })).toThrow(UsageError);
    }
    expect(() => new PerfBuffer(kernel, map.fd.number, { cpus: [{ cpu: 99_999, index: 0 }] })).toThrow(TsbpfError);
  });
});

describe('memory that was mapped', () => {
  it("is empty, and nobody else's, once it was closed", () => {
    const map = newMap({ type: bpf_map_type.BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 4096, flags: 1 << 10 });
    const mapping = kernel.map({ fd: map.fd.number, length: 8192, protection: PROT_READ | PROT_WRITE });
    if (typeof mapping === 'number') throw new Error(`mmap: ${mapping}`);
    const view = new Uint8Array(mapping.buffer);
    view.fill(7);
    mapping.close();
    mapping.close();
    expect(() => mapping.buffer).toThrow(ClosedError);
    const again = kernel.map({ fd: map.fd.number, length: 8192, protection: PROT_READ | PROT_WRITE });
    if (typeof again === 'number') throw new Error(`mmap: ${again}`);
    open.push(again);
    expect(view.every((byte) => byte === 0)).toBe(true);
    view.fill(9);
    expect(new Uint8Array(again.buffer).every((byte) => byte === 7)).toBe(true);
  });
});

describe('a test run', () => {
  const data = new Uint8Array(64).fill(0x42);

  it('writes no further than there is room', () => {
    const program = newProgram();
    const room = new Uint8Array(64);
    for (const size of [...wrongCounts, 65, 0xffff_ffff] as number[]) {
      if (size === null) continue;
      expect(() => testRun(program, { data, repeat: 1, dataOut: room, dataOutSize: size })).toThrow(UsageError);
    }
    for (const wrong of [new Uint32Array(4), [], 'x', {}, null] as unknown as Uint8Array[]) {
      expect(() => testRun(program, { data, repeat: 1, dataOut: wrong })).toThrow(UsageError);
    }
    for (const request of [
      { dataOut: new Uint8Array(0) },
      { dataOut: detached(64) },
      { dataOut: room, dataOutSize: 0 },
    ]) {
      expect(testRun(program, { data, repeat: 1, ...request })).toMatchObject({ dataSize: 64 });
      expect([...room]).toEqual(Array(64).fill(0));
    }
    expect(testRun(program, { data, repeat: 1, dataOut: new Uint8Array(8) })).toBe(-28);
    expect(testRun(program, { data, repeat: 1, dataOut: room })).toMatchObject({ dataSize: 64 });
    // The program wrote behind the addresses.
    expect([...room.subarray(12, 20)]).toEqual([0x42, 0x42, 0xde, 0xad, 0x7f, 0x41, 0x42, 0x42]);
  });
});

describe('an object that is loaded', () => {
  const dataMap = (spec: ObjectSpec) => spec.maps.findIndex(({ sectionName }) => sectionName !== undefined);

  it('begins with contents of the right size, for maps that have any', () => {
    const spec = fixture('set-variables');
    const index = dataMap(spec);
    const { valueSize } = spec.maps[index]!;
    const other = spec.maps.length;
    const refused = (contents: [unknown, unknown][]) => {
      const given = { contents: new Map(contents) as Map<number, Uint8Array> };
      expect(() => loadObject(kernel, spec, given)).toThrow(UsageError);
      expect(() => makeLoaderProgram(kernel, spec, given)).toThrow(UsageError);
      expect(() => generateLoader(spec, { possibleCpus: 2, ...given })).toThrow(UsageError);
    };
    for (const wrong of wrongBytes(valueSize)) refused([[index, wrong]]);
    for (const wrong of [...wrongCounts, other, 'x']) refused([[wrong, new Uint8Array(valueSize)]]);
    using loaded = loadObject(kernel, spec, { contents: new Map([[index, new Uint8Array(valueSize).fill(1)]]) });
    expect(loaded.maps.length).toBeGreaterThan(0);
  });

  it('has no contents for a map without data', () => {
    const spec = fixture('bench');
    const index = spec.maps.findIndex(({ sectionName }) => sectionName === undefined);
    const contents = new Map([[index, new Uint8Array(spec.maps[index]!.valueSize)]]);
    expect(() => loadObject(kernel, spec, { contents })).toThrow(/contents: map '.*' takes none/);
  });

  it('has zeroes behind its data where a map was made larger, and is refused where one was made smaller', () => {
    const spec = fixture('set-variables');
    const map = spec.maps.find(({ origin, initialValue }) => origin === 'data' && initialValue !== undefined)!;
    const before = map.initialValue!.slice();
    map.valueTypeId = 0;
    map.keyTypeId = 0;
    map.valueSize = before.length + 4096;
    using loaded = loadObject(kernel, spec);
    const opened = loaded.maps.find((made) => made.spec === map)!;
    const value = new Uint8Array(map.valueSize);
    expect(opened.lookup(new Uint8Array(4), value)).toBe(value);
    expect(Buffer.compare(value.subarray(0, before.length), before)).toBe(0);
    expect(value.subarray(before.length).every((byte) => byte === 0)).toBe(true);
    map.valueSize = before.length - 1;
    expect(() => loadObject(kernel, spec)).toThrow(UsageError);
  });

  it('takes maps instead of its own by an index it has, and only maps', () => {
    const spec = fixture('bench');
    const program = newProgram();
    for (const wrong of [...wrongCounts, spec.maps.length] as number[]) {
      expect(() => loadObject(kernel, spec, { replaceMaps: new Map([[wrong, newMap().fd.number]]) })).toThrow(
        UsageError,
      );
    }
    for (const wrong of [program.fd.number, -1, 9999, 0.5] as number[]) {
      expect(() => loadObject(kernel, spec, { replaceMaps: new Map([[0, wrong]]) })).toThrow(UsageError);
    }
  });
});

describe('a loader program', () => {
  it('that has more than one can have, or nothing, is not run', () => {
    const loader = generateLoader(fixture('bench'), { possibleCpus: 2 });
    const many = Array(5000).fill(loader.maps[0]);
    for (const wrong of [
      { ...loader, maps: many },
      { ...loader, programs: many },
      { ...loader, instructions: detached(64) },
      { ...loader, data: new Uint8Array(0) },
      { ...loader, data: 'x' as unknown as Uint8Array },
    ]) {
      expect(() => runLoaderProgram(kernel, wrong)).toThrow(UsageError);
    }
    const cut = { ...loader, data: loader.data.slice(0, 8) };
    expect(() => runLoaderProgram(kernel, cut)).toThrow(SyscallError);
  });
});

describe('places to attach to', () => {
  it('have as many cookies and counters as there are', () => {
    const program = { name: 'none', fd: -1, spec: { sectionName: '', expectedAttachType: 0 } };
    const context = { kernel, log: () => undefined };
    const binary = process.execPath;
    expect(() => attachKprobeMulti(context, program, { functions: ['a', 'b'], cookies: [1n] })).toThrow(UsageError);
    expect(() => attachKprobeMulti(context, program, { addresses: [] })).toThrow(UsageError);
    expect(() => attachKprobeMulti(context, program, { addresses: [1n], cookies: [1n, 2n] })).toThrow(UsageError);
    expect(() => attachUprobeMulti(context, program, { binary, offsets: [1, 2], cookies: [1n] })).toThrow(UsageError);
    expect(() => attachUprobeMulti(context, program, { binary, offsets: [1], counterOffsets: [] })).toThrow(UsageError);
    expect(() => attachCgroup(context, program, { fd: -1 })).toThrow(TsbpfError);
  });
});

/** The allocator's own checks: it ends the process where something was written beyond what it gave out. */
function checkedAllocator(): NodeJS.ProcessEnv {
  const library = ['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu', '/lib64']
    .map((folder) => `${folder}/libc_malloc_debug.so.0`)
    .find((file) => existsSync(file));
  return library === undefined ? {} : { LD_PRELOAD: library, GLIBC_TUNABLES: 'glibc.malloc.check=3' };
}

describe('everything that is exported', () => {
  it.skipIf(inVirtualMachine)('survives whatever it is given, in a process of its own', { timeout: 180_000 }, () => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [hostileCalls, project], {
      encoding: 'utf8',
      timeout: 150_000,
      env: { ...process.env, ...checkedAllocator() },
    });
    expect({ signal, status }, `${stdout}\n${stderr}`.slice(-4000)).toEqual({ signal: null, status: 0 });
    const [, made, refused] = /^(\d+) calls, (\d+) refused\n$/.exec(stdout) ?? [];
    // Calls that are all refused at once would prove nothing.
    expect(Number(refused)).toBeGreaterThan(100);
    expect(Number(made) - Number(refused)).toBeGreaterThan(100);
  });
});
