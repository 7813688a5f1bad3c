// Calls every exported function that takes bytes, counts, indexes or descriptors with whatever fast-check makes up. Run in
// a process of its own: what must not happen is that it dies. Prints `N calls, N refused`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import * as btf from '../../../src/btf/index.ts';
import * as library from '../../../src/index.ts';
import { createMap, readStream, testRun } from '../../../src/kernel/index.ts';
import { bpf_map_type } from '../../../src/uapi/index.ts';

const [project = '', runs = '4000', seed = '1'] = process.argv.slice(2);
const kernel = library.openKernel();
const read = (file: string) => readFileSync(path.join(project, file));

/** A value of any kind: what a call may be given by mistake, or by somebody who means harm. */
type Any = () => unknown;

const lengths = [0, 1, 2, 3, 4, 7, 8, 9, 16, 63, 64, 65, 4095, 4096, 4097, 8192, 8193, 70_000];

function bytesOf(kind: number, length: number, fill: number): unknown {
  const bytes = new Uint8Array(length).fill(fill);
  switch (kind) {
    case 0:
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    case 1:
      return new Uint32Array(length).fill(fill);
    case 2:
      return new DataView(bytes.buffer);
    case 3:
      return new Uint8Array(new SharedArrayBuffer(length));
    case 4:
      return new Uint8Array(new ArrayBuffer(length + 16), 8, length);
    case 5:
      return Buffer.from(bytes);
    default:
      return bytes;
  }
}

const arrays = fc
  .tuple(fc.nat(12), fc.constantFrom(...lengths), fc.nat(255))
  .map(([kind, length, fill]) => bytesOf(kind, length, fill));
const numbers = fc.oneof(
  fc.constantFrom(
    -1,
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    64,
    0.5,
    -0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53,
  ),
  fc.nat(40),
);
const anything = fc.oneof(
  { arbitrary: arrays, weight: 6 },
  { arbitrary: numbers, weight: 6 },
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 65n }),
  fc.constantFrom(undefined, null, true, '', 'x', '__proto__', '0x10', Symbol.iterator, {}, [], () => 1),
  fc.array(numbers, { maxLength: 9 }),
  fc.dictionary(fc.constantFrom('keys', 'values', 'count', 'size', 'fd'), numbers),
);

/** Objects that the calls work on; some of them are closed. */
const closers: (() => void)[] = [];
function newMap(type: number, keySize: number, valueSize: number, maxEntries: number, flags = 0): library.BpfMap {
  const fd = createMap(kernel, { type, name: 'tsf_hostile', keySize, valueSize, maxEntries, flags });
  if (fd < 0) throw new Error(`creating a map of type ${type} fails with errno ${-fd}`);
  const map = new library.BpfMap(kernel, fd);
  closers.push(() => map.close());
  return map;
}
const types = bpf_map_type;
const maps = [
  newMap(types.BPF_MAP_TYPE_HASH, 8, 8, 16),
  newMap(types.BPF_MAP_TYPE_HASH, 4, 400_000, 2),
  newMap(types.BPF_MAP_TYPE_ARRAY, 4, 64, 4),
  newMap(types.BPF_MAP_TYPE_PERCPU_ARRAY, 4, 12, 4),
  newMap(types.BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 4096, 16),
  newMap(types.BPF_MAP_TYPE_LPM_TRIE, 8, 8, 16, 1),
  newMap(types.BPF_MAP_TYPE_QUEUE, 0, 4097, 4),
  newMap(types.BPF_MAP_TYPE_BLOOM_FILTER, 0, 16, 4),
  newMap(types.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096),
  newMap(types.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 8),
  newMap(types.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8),
];
for (const map of maps) {
  const key = map.info().keySize === 0 ? undefined : new Uint8Array(map.info().keySize);
  // Some take no elements from here.
  if (map.valueSize > 0) map.tryUpdate(key, new Uint8Array(map.valueSize).fill(0x77));
}
const closedMap = newMap(types.BPF_MAP_TYPE_HASH, 8, 8, 16);
closedMap.info();
closedMap.close();
const spec = () => library.parseObject(read('test/fixtures/objects/run-tc.bpf.o'), { path: 'run-tc.bpf.o' });
const object = library.loadObject(kernel, spec());
closers.push(() => object.close());
const program = object.programs[0]!;
closers.push(() => program.close());
const vmlinux = library.vmlinuxBtf(kernel);
const rawBtf = read('test/fixtures/objects/set-variables.bpf.o');
const rawObject = read('test/fixtures/objects/run-tc.bpf.o');
const rawTypes = object.btf!.bytes();
const context = { kernel, log: () => undefined };
const loader = library.generateLoader(spec(), { possibleCpus: 2 });

const pick = <T>(list: readonly T[], any: Any): T => {
  const value = any();
  return list[typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value % list.length : 0]!;
};
const aMap = (any: Any) => pick([...maps, closedMap], any);

const margin = 8192;
const canary = 0xc5;
/** Arrays that were given out, with memory around them that nobody may write to. */
const guarded: Uint8Array[] = [];

/**
 * Bytes as a program might give them: most often of the right length, sometimes of another. Without the right ones few
 * calls would come past the first check.
 */
const near = (any: Any, length: number): Uint8Array => {
  const value = any();
  if (ArrayBuffer.isView(value)) return value as Uint8Array;
  const choice = typeof value === 'number' && Number.isInteger(value) ? Math.abs(value) % 12 : 0;
  const lengths = [
    length,
    length,
    length,
    length,
    length - 1,
    length + 1,
    length >> 1,
    4,
    length - 8,
    8,
    length,
    10_000,
  ];
  const around = new Uint8Array(Math.max(0, lengths[choice]!) + 2 * margin).fill(canary);
  guarded.push(around);
  return around.subarray(margin, around.length - margin).fill(0);
};

/** Flags of an element call: most often none. */
const flags = (any: Any): number => pick([0, 0, 0, any() as number], any);

/** Ends the process where a call wrote beyond an array. */
function checkGuards(name: string): void {
  for (const around of guarded.splice(0)) {
    // Handed on meanwhile.
    if (around.length === 0) continue;
    const isWhole = (part: Uint8Array) => part.every((byte) => byte === canary);
    if (isWhole(around.subarray(0, margin)) && isWhole(around.subarray(-margin))) continue;
    process.stderr.write(`${name} wrote beyond its array\n`);
    process.abort();
  }
}

const rings = [
  () => new library.RingBuffer(kernel, maps[8]!.fd.number),
  () => new library.PerfBuffer(kernel, maps[9]!.fd.number, { pages: 1 }),
];

const calls: Record<string, (any: never) => unknown> = {
  lookup: (any: Any) => {
    const map = aMap(any);
    const { keySize } = map.info();
    return map.lookup(near(any, keySize), near(any, map.valueSize), flags(any));
  },
  update: (any: Any) => {
    const map = aMap(any);
    return map.update(near(any, map.info().keySize), near(any, map.valueSize), flags(any));
  },
  delete: (any: Any) => {
    const map = aMap(any);
    return map.delete(near(any, map.info().keySize));
  },
  lookupAndDelete: (any: Any) => {
    const map = aMap(any);
    return map.lookupAndDelete(near(any, map.info().keySize), near(any, map.valueSize));
  },
  nextKey: (any: Any) => {
    const map = aMap(any);
    return map.nextKey(near(any, map.info().keySize), near(any, map.info().keySize));
  },
  rawInfo: (any: Any) => aMap(any).rawInfo(Number(near(any, 88)) || 0),
  write: (any: Any) => {
    const map = aMap(any);
    const count = Number(any());
    const keys = near(any, map.info().keySize * Math.min(count || 0, 50));
    const values = near(any, map.valueSize * Math.min(count || 0, 50));
    return new library.ElementWriter(map, flags(any)).write({ keys, values, count });
  },
  writeInBackground: async (any: Any) => {
    const map = aMap(any);
    const count = Number(any());
    const keys = near(any, map.info().keySize * Math.min(count || 0, 50));
    const values = near(any, map.valueSize * Math.min(count || 0, 50));
    const writes = [0, 1].map(() => new library.ElementWriter(map).writeInBackground({ keys, values, count }));
    for (const bytes of [keys, values]) {
      if (bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer && bytes.byteOffset === 0) {
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      }
    }
    await Promise.all(writes);
  },
  readBatches: async (any: Any) => {
    for await (const { keys, values } of library.readBatches(aMap(any))) {
      for (const bytes of [keys, values]) {
        if (bytes.byteLength > 0) structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
      }
    }
  },
  readClosed: async (any: Any) => {
    const map = library.BpfMap.openById(kernel, maps[0]!.info().id);
    const batches = library.readBatches(map);
    const first = batches.next();
    if (typeof any() === 'number') map.close();
    await first;
    map.close();
    newMap(types.BPF_MAP_TYPE_ARRAY, 4, 65_536, 1);
    closers.pop()!();
    await batches.next();
  },
  typed: async (any: Any) => {
    const map = new library.TypedMap(aMap(any));
    for (const call of [
      () => map.get(any() as never),
      () => map.set(any() as never, any() as never, any() as never),
      () => map.has(any() as never),
      () => map.delete(any() as never),
      () => map.codec.key.decode(any() as never, any() as never),
      () => map.codec.value.into(any(), new Uint8Array(8), new DataView(new ArrayBuffer(8)), any() as never),
    ]) {
      tolerate(call);
    }
    for await (const _ of map.keys()) break;
  },
  adopt: (any: Any) => {
    const fd = any() as number;
    const made = pick([library.BpfMap, library.BpfProgram, library.BpfLink, library.BtfObject], any);
    // The descriptors of this process are not to be closed: what is adopted is a copy.
    const own = typeof fd === 'number' && fd > 2 ? kernel.duplicate(fd) : fd;
    try {
      new made(kernel, own).close();
    } finally {
      if (typeof own === 'number' && own > 2) kernel.close(own);
    }
  },
  open: (any: Any) => {
    tolerate(() => library.BpfMap.openById(kernel, any() as number, any() as number).close());
    tolerate(() => library.BpfProgram.openById(kernel, any() as number).close());
    tolerate(() => library.BpfLink.openById(kernel, any() as number).close());
    tolerate(() => library.BtfObject.openById(kernel, any() as number).close());
    tolerate(() => library.loadBtfById(kernel, any() as number));
    tolerate(() => library.maps.byId(kernel, any() as number, any() as never).close());
    tolerate(() => library.maps.pinned(kernel, any() as string).close());
    tolerate(() => [...library.objectIds(kernel, any() as never)]);
    tolerate(() => library.holders(kernel, any() as never));
  },
  ring: (any: Any) => {
    tolerate(() => new library.RingBuffer(kernel, any() as number).close());
    tolerate(() => new library.PerfBuffer(kernel, any() as number).close());
    const options = { pages: any() as number, cpus: [{ cpu: any() as number, index: any() as number }] };
    new library.PerfBuffer(kernel, maps[9]!.fd.number, options).close();
  },
  closedRing: async (any: Any) => {
    const ring = pick(rings, any)();
    const [records, other] = [ring.records(), ring.records()];
    const waiting = [records.next(), records.next(), other.next()];
    if (typeof any() === 'number') await other.return(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    tolerate(() => ring.poll(0, () => ring.close()));
    ring.close();
    await Promise.all(waiting);
    tolerate(() => ring.consume(() => undefined));
    ring.close();
    ring.records();
  },
  arrays: (any: Any) => program.arrays(any() as never, { ...program.info(), ...(any() as object) }),
  testRun: (any: Any) =>
    testRun(program, {
      repeat: Math.min(Number(any()) || 0, 5),
      data: near(any, 64),
      dataOut: near(any, 64),
      context: any() as Uint8Array,
      contextOut: any() as Uint8Array,
      dataOutSize: any() as number,
      contextOutSize: any() as number,
    }),
  stream: (any: Any) => readStream(program, any() as number, any() as Uint8Array),
  load: (any: Any) => {
    const given = spec();
    const map = pick(given.maps, any);
    const change = any();
    if (typeof change === 'number') Object.assign(map, { valueSize: change, initialValue: any() });
    const index = pick([0, 1, 2, 3, any()], any) as number;
    library
      .loadObject(kernel, given, {
        tokenPath: '',
        contents: new Map([[index, near(any, given.maps[index]?.valueSize ?? 0)]]),
        ...(typeof any() === 'string' ? { replaceMaps: new Map([[any() as number, any() as number]]) } : {}),
      })
      .close();
  },
  loadOptions: (any: Any) => library.loadObject(kernel, spec(), any() as never).close(),
  kernelBtf: (any: Any) => library.loadObject(kernel, spec(), { kernelBtf: any() as Uint8Array }).close(),
  makeLoader: (any: Any) =>
    library.makeLoaderProgram(kernel, spec(), { contents: new Map([[any() as number, any() as Uint8Array]]) }),
  generateLoader: (any: Any) =>
    library.generateLoader(spec(), {
      possibleCpus: any() as number,
      contents: new Map([[any() as number, any() as Uint8Array]]),
    }),
  runLoader: (any: Any) => {
    const changed = pick(['data', 'instructions', 'maps', 'programs'] as const, any);
    const run = library.runLoaderProgram(kernel, { ...loader, [changed]: any() }, { log: near(any, 4096) });
    for (const fd of [...run.maps, ...run.programs]) if (fd > 2) kernel.close(fd);
  },
  attach: (any: Any) => {
    const target = { name: 'none', fd: -1, spec: { sectionName: String(any()).slice(0, 20), expectedAttachType: 0 } };
    const binary = process.execPath;
    tolerate(() =>
      library.attachKprobeMulti(context, target, { addresses: any() as bigint[], cookies: any() as bigint[] }),
    );
    tolerate(() =>
      library.attachUprobeMulti(context, target, { binary, offsets: any() as number[], cookies: any() as bigint[] }),
    );
    tolerate(() =>
      library.attachUprobeMulti(context, target, { binary, offsets: [1], counterOffsets: any() as number[] }),
    );
    tolerate(() => library.attachCgroup(context, target, { fd: any() as number }));
    tolerate(() => library.attachTcx(context, target, { ifindex: any() as number, expectedRevision: any() as bigint }));
    tolerate(() => library.attachXdp(context, target, { ifindex: any() as number }));
    tolerate(() => library.attachIterator(context, target, { mapFd: any() as number }));
    tolerate(() => library.attachSockMap(context, target, { mapFd: any() as number }));
    tolerate(() => library.attachNetns(context, target, { fd: any() as number }));
    tolerate(() => library.attachNetfilter(context, target, any() as never));
    tolerate(() => library.attachRawTracepoint(context, target, any() as never));
  },
  parse: (any: Any) => {
    tolerate(() => library.parseObject(any() as Uint8Array, { path: String(any()) }));
    tolerate(() => btf.parseBtf(any() as Uint8Array));
    tolerate(() => btf.parseBtfExt(any() as Uint8Array));
    tolerate(() => btf.dedupBtf(any() as never));
    tolerate(() => btf.dumpC(any() as never, any() as never));
    tolerate(() => btf.dumpRaw(any() as never, any() as never));
    const bytes = rawBtf.slice();
    const at = Number(any());
    if (at < bytes.length) bytes[at] = 0xff;
    library.parseObject(bytes, { path: 'changed' });
  },
  values: (any: Any) => {
    const id = pick([1, 2, 3, 12, 25, 100, 130, any() as number], any);
    tolerate(() => btf.compileValueDecoder(vmlinux, id)(any() as Uint8Array, any() as number));
    tolerate(() => btf.compileValueEncoder(vmlinux, id)(any()));
    tolerate(() =>
      btf
        .compileValueEncoder(vmlinux, id)
        .into(any(), new Uint8Array(4), new DataView(new ArrayBuffer(4)), any() as number),
    );
    tolerate(() => btf.jsonSchemaFor(vmlinux, id, any() as never));
    tolerate(() => btf.typeText(vmlinux, id));
    tolerate(() => btf.sizeOf(vmlinux, any() as number));
    tolerate(() => btf.alignOf(vmlinux, any() as number));
    tolerate(() => vmlinux.typeById(any() as number));
    tolerate(() => btf.findMember(vmlinux, any() as never));
    tolerate(() => btf.parseJsonValue(any() as string, any() as string));
    const builder = new btf.BtfBuilder(any() as never);
    builder.add(any() as never);
  },
  types: (any: Any) => {
    const changed = () => {
      const bytes = rawTypes.slice();
      for (let i = 0; i < 4; i++) bytes[Number(any())] = Number(any());
      return pick([rawTypes, bytes, any() as Uint8Array], any);
    };
    tolerate(() => {
      const merger = new btf.BtfMerger(pick([{}, any() as never], any));
      merger.add(btf.parseBtf(changed()));
      merger.add(any() as never);
      merger.finish();
    });
    tolerate(() => {
      const minimizer = new btf.BtfMinimizer(btf.parseBtf(changed()));
      minimizer.add({ kind: any() as number, rootId: any() as number, access: any() as number[] });
      minimizer.finish();
    });
    tolerate(() => btf.dedupBtf(btf.parseBtf(changed()), any() as never));
    const types = btf.parseBtf(changed());
    const type = types.typeById(Number(any()));
    for (const call of [
      () => btf.rawText(types, type ?? (any() as never)),
      () => btf.rawJson(types, type ?? (any() as never), any() as never),
      () => btf.writeTypeScript(types, { write: () => undefined, roots: any() as number[] }),
      () => btf.writeTypeScript(any() as never, any() as never),
      () => btf.findTypes(types, any() as string),
      () => btf.definitionText(types, any() as number),
      () => btf.funcPrototype(types, any() as never),
      () => btf.relocateBtf(any() as never, any() as never),
    ]) {
      tolerate(call);
    }
  },
  objects: (any: Any) => {
    const bytes = rawObject.slice();
    for (let i = 0; i < 4; i++) bytes[Number(any())] = Number(any());
    const given = pick([rawObject, bytes, any() as Uint8Array], any);
    for (const call of [
      () => library.linkObjects([{ bytes: given, name: String(any()) }, any() as never]),
      () => library.linkObjects([{ bytes: given, name: 'one' }], any() as never),
      () => library.linkObjects(any() as never, any() as never),
      () => library.generateSkeleton(given, pick([{ path: 'run.bpf.o' }, any()], any) as never),
      () => library.describeObject(library.parseObject(given, { path: 'run.bpf.o' }), any() as never),
      () => library.describeObject(any() as never),
      () => library.minimizeBtf(any() as never, any() as never, any() as never),
      () => library.minimizeBtf(btf.parseBtf(rawTypes), [library.parseObject(given, { path: 'x' })] as never),
      () => library.explainRefusal({ errno: any() as number, log: any() as string, sourceOf: any() as never } as never),
    ]) {
      tolerate(call);
    }
  },
  skeletons: (any: Any) => {
    const source = { object: pick([rawObject, any() as Uint8Array], any), name: String(any()) };
    tolerate(() => new library.ObjectSkeleton(source, { kernel }).close());
    tolerate(() => new library.ObjectSkeleton(source as never, any() as never).close());
    tolerate(() => new library.ObjectSkeleton(any() as never).close());
    tolerate(() => library.profileTarget(pick([program, any() as never], any)));
    tolerate(() =>
      new library.Profiler(kernel, { target: any() as never, counters: pick([[], any() as never], any) }).close(),
    );
    tolerate(() => new library.Profiler(kernel, any() as never).close());
  },
  attachOne: (any: Any) => {
    const section = String(any()).slice(0, 20);
    const none = { name: 'none', fd: -1, spec: { sectionName: section, expectedAttachType: any() as number } };
    const target = pick([none, program, any() as never], any);
    for (const call of [
      () => library.attachFreplace(context, target, any() as never),
      () => library.attachKprobe(context, target, any() as never),
      () => library.attachKsyscall(context, target, any() as never),
      () => library.attachNetkit(context, target, any() as never),
      () => library.attachPerfEvent(context, target, { fd: -1, cookie: any() as bigint }),
      () => library.attachTrace(context, target, any() as never),
      () => library.attachTracepoint(context, target, { category: any() as string, name: any() as string }),
      () => library.attachTracingMulti(context, target, any() as never),
      () => library.attachUprobe(context, target, { binary: process.execPath, offset: any() as number } as never),
      () => library.attachUprobe(context, target, any() as never),
      () => library.attachUsdt(context, target, { binary: process.execPath, provider: any(), name: any() } as never),
      () => library.registerStructOps(context, object, pick([object.maps[0]!, any() as never], any)),
      () => library.autoAttach(any() as never, target as never),
    ]) {
      tolerate(() => (call() as { close?(): void } | undefined)?.close?.());
    }
  },
};

/** Text, names and shapes as somebody may mistake them. */
const shapes: readonly unknown[] = [
  'u8',
  'u32',
  's64',
  'char[4]',
  'char[0]',
  'char[99999999]',
  { a: 'u8' },
  { a: {} },
  8,
  0,
];
const own = library.load(path.join(project, 'test/fixtures/objects/library.bpf.o'));
closers.push(() => own.close());
const packet = new Uint8Array(64);

const newer: Record<string, (any: Any) => unknown> = {
  createMap: (any) => {
    const type = pick([...library.enumNames.mapType.all().map(([name]) => name), any()], any);
    const shape = () => pick([...shapes, any(), undefined], any);
    const map = { type, key: shape(), value: shape(), maxEntries: pick([1, 16, 4096, any()], any) };
    const extra = pick(
      [
        {},
        { flags: any() },
        { flags: ['mmapable'] },
        { inner: any() },
        { name: any() },
        { extra: any(), numaNode: any() },
      ],
      any,
    );
    if (typeof map.maxEntries === 'number' && map.maxEntries > 1e5) map.maxEntries = 1e5;
    using made = library.createMap({ ...map, ...(extra as object) } as never) as library.TypedMap;
    for (const call of [
      () => made.set(any() as never, any() as never, any() as never),
      () => made.get(any() as never),
      () => made.setMany?.([[any(), any()], any()] as never, any() as never),
      () => made.setMany?.(any() as never),
      () => made.deleteMany?.([any(), any()] as never),
      () => made.take?.(any() as never),
      () => (made as unknown as library.QueueMap).push?.(any() as never, any() as never),
      () => (made as unknown as library.QueueMap).peek?.(),
      () => (made as unknown as library.QueueMap).has?.(any() as never),
      () => (made as unknown as library.MapOfMaps).idOf?.(any() as never),
      () => [...((made as unknown as library.MapOfMaps).ids?.() ?? [])],
    ]) {
      tolerate(call);
    }
  },
  createProgram: (any) => {
    const { op } = library;
    const code: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      tolerate(() => {
        code.push(
          pick(
            [
              () =>
                op.alu(
                  pick(['=', '+=', '<<=', any()] as never[], any),
                  pick(['r0', 'r1', any()] as never[], any),
                  any() as number,
                ),
              () =>
                op.load(
                  pick(['u8', 'u64', any()] as never[], any),
                  'r0',
                  op.at(pick(['r1', 'r10', any()] as never[], any), any() as number),
                ),
              () => op.store('u64', op.at('r10', -8), any() as number),
              () => op.constant('r0', any() as bigint),
              () => op.mapAddress('r1', any() as string),
              () => op.call(pick(['ktime_get_ns', any()] as never[], any)),
              () => op.jump('==', 'r0', 0, String(any())),
              () => op.label(String(any())),
              any,
            ],
            any,
          )(),
        );
      });
    }
    code.push(op.alu('=', 'r0', 0), op.exit());
    const type = pick([...library.enumNames.programType.all().map(([name]) => name), any()], any);
    tolerate(() => library.assemble(pick([code, any()], any) as never));
    const program = {
      type,
      code: pick([code, near(any, 64)], any),
      maps: pick([{}, any(), { x: any() }], any),
      name: any(),
    };
    using made = library.createProgram(program as never);
    tolerate(() => made.run({ data: near(any, 64), context: any() } as never));
  },
  run: (any) => {
    const one = pick(Object.values(own.programs), any);
    for (const input of [
      any(),
      { data: near(any, 64), repeat: pick([1, 2, any()], any), dataRoom: pick([undefined, 0, 1, 64, any()], any) },
      { data: packet, context: near(any, pick([192, 40, 8], any)) },
      { context: any() },
    ]) {
      if (typeof (input as { repeat?: number })?.repeat === 'number' && (input as { repeat: number }).repeat > 9)
        continue;
      tolerate(() => one.run(input as never));
    }
    tolerate(() => one.readStream(any() as never));
  },
  records: async (any) => {
    const events = pick([own.maps.ring!, own.maps.perf!], any);
    const now = Date.now();
    const ends: unknown[] = [
      any(),
      { deadline: any() },
      { signal: any() },
      { deadline: now, type: any(), enums: any() },
    ];
    for (const end of ends) {
      tolerate(() => void events.records(end as never).return(undefined));
      tolerate(() => void events.raw(end as never).return(undefined));
      tolerate(() => void events.events(end as never).return(undefined));
    }
    tolerate(() => events.open(any() as never));
    own.programs.send_ring!.run({ data: packet });
    own.programs.send_perf!.run({ data: packet });
    const stream = events.records({ type: 'sample', deadline: now + 1 });
    const waiting = [stream.next(), stream.next()];
    if (typeof any() === 'number') events.close();
    await Promise.allSettled(waiting);
    events.close();
  },
  userRing: (any) => {
    const { orders } = own.maps;
    tolerate(() => orders!.send(near(any, 64)));
    tolerate(() => orders!.send(any(), { type: pick(['sample', any()], any) as string }));
    tolerate(() => orders!.send({ id: any(), name: any(), level: any() }, { type: 'sample' }));
    tolerate(() => own.programs.drain!.run({ data: packet }));
    const { ring } = orders!;
    if (typeof any() === 'number') orders!.close();
    tolerate(() => ring.send(near(any, 64)));
    tolerate(() => ring.pending);
    tolerate(() => new library.UserRingBuffer(kernel, any() as number).close());
  },
  variables: (any) => {
    using globals = library.load(path.join(project, 'test/fixtures/objects/globals.bpf.o'));
    for (const variable of Object.values(globals.variables)) {
      tolerate(() => variable.set(any()));
      tolerate(() => variable.set([{ x: any() }, any()]));
      tolerate(() => (variable.value = any()));
      tolerate(() => variable.get());
    }
    const { points } = globals.variables;
    tolerate(() =>
      points!.set([
        {
          get x() {
            globals.close();
            return 1;
          },
        },
      ]),
    );
    tolerate(() => points!.get());
    tolerate(() => points!.set([{ x: 1 }]));
  },
  links: (any) => {
    using link = own.programs.count_in!.attach({ device: 'lo' });
    const to = pick(
      [own.programs.count_more!, own.programs.tick!, own.maps.ring!, { fd: { number: any() } }, any()],
      any,
    );
    tolerate(() => link.update(to as never, any() as never));
    tolerate(() => link.update(to as never, { expected: any() } as never));
    tolerate(() => link.pin(any() as string));
    tolerate(() => link.read());
    if (typeof any() === 'number') link.close();
    tolerate(() => link.update(to as never));
    tolerate(() => link.details());
  },
  places: (any) => {
    for (const call of [
      () => library.attachedPrograms(any() as never, any() as never),
      () => library.attachedPrograms({ attachType: 'tcx_ingress', ifindex: any() } as never),
      () => library.attachedPrograms({ attachType: any(), device: any() } as never),
      () => library.attachedPrograms({ attachType: 'cgroup_inet_egress', cgroup: any(), effective: any() } as never),
      () => library.attachedPrograms({ attachType: 'sk_skb_verdict', map: any() } as never),
      () => [...library.pins(any() as never)].slice(0, 3),
      () => [...library.pins({ under: any(), kind: any() } as never)].slice(0, 3),
      () => library.unpin(any() as never),
      () => library.prefixKey(any() as never),
      () => library.prefixText(any() as never),
      () => library.removeClsact(pick([any(), 99_999], any) as number),
      () => library.enumNames.mapType.numberOf(any() as never),
      () => library.enumNames.helper.nameOf(any() as never),
    ]) {
      tolerate(call);
    }
  },
  perfEvents: (any) => {
    const event = pick(['cpu-clock', 'task-clock', { type: any(), config: any() }, any()], any);
    const settings = pick([{}, { frequency: any() }, { period: any() }, { cpu: any() }, { pid: any() }], any);
    tolerate(() => library.openPerfEvent(any() as never).close());
    using opened = library.openPerfEvent({ event, pid: 0, ...(settings as object) } as never);
    opened.enable();
    if (typeof any() === 'number') opened.close();
    tolerate(() => opened.read());
    tolerate(() => own.programs.tick!.attach({ event, cpu: 0, ...(settings as object) } as never).close());
    tolerate(() => own.programs.tick!.attach({ fd: -1, cookie: any() } as never).close());
    const target = any();
    // What is taken over is closed: the descriptors of this process are not to be tried.
    if (typeof target !== 'object' || target === null || !('fd' in target)) {
      tolerate(() => own.programs.tick!.attach(target as never).close());
    }
  },
  filters: (any) => {
    const attach = (target: unknown) =>
      tolerate(() => own.programs.send_ring!.attach(target as library.TcTarget).close());
    attach(any());
    attach({ device: any(), direction: 'ingress' });
    attach({ ifindex: pick([99_999, any()], any), direction: any() });
    attach({ device: 'lo', direction: 'ingress', priority: any(), handle: any(), replace: any() });
    const socket = (target: unknown) =>
      tolerate(() => own.programs.nothing!.attach(target as library.SocketTarget).close());
    for (const wrong of [
      any(),
      { socket: -1 },
      { socket: 99_999 },
      { socket: any() },
      { socket: { _handle: any() } },
    ]) {
      // The descriptors of this process are not to be tried.
      if (typeof (wrong as { socket?: unknown })?.socket !== 'number') socket(wrong);
    }
  },
};
Object.assign(calls, newer);

let made = 0;
let refused = 0;

/** Anything may be refused, by an exception; anything that is thrown is an Error. */
function tolerate(call: () => unknown): void {
  made++;
  try {
    call();
  } catch (error) {
    refused++;
    if (!(error instanceof Error)) throw new Error(`something thrown that is no error: ${String(error)}`);
  }
}

await fc.assert(
  fc.asyncProperty(
    fc.constantFrom(...Object.keys(calls)),
    fc.array(anything, { minLength: 4, maxLength: 24 }),
    async (name, values) => {
      let next = 0;
      const any: Any = () => values[next++ % values.length];
      made++;
      try {
        await calls[name]!(any as never);
        checkGuards(name);
      } catch (error) {
        refused++;
        if (!(error instanceof Error) || error.message.startsWith('something thrown')) throw error;
      }
    },
  ),
  { numRuns: Number(runs), seed: Number(seed), endOnFailure: true },
);
for (const close of closers.reverse()) close();
process.stdout.write(`${made} calls, ${refused} refused\n`);
