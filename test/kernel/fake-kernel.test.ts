// The kernel in memory of `tsbpftool/testing` beside the real one: the same calls, the same answers.
import { mkdirSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bindMap,
  createLink,
  createMap,
  detachLink,
  ElementCalls,
  freezeMap,
  loadBtf,
  loadProgram,
  lookupBatch,
  type MapRequest,
  nextId,
  openFdById,
  openFdPinned,
  pinFd,
  readMapInfo,
  tryBtfInfo,
  tryInfo,
  tryMapInfo,
  updateBatch,
} from '../../src/bpf/index.ts';
import { BtfBuilder } from '../../src/btf/public.ts';
import { Errno } from '../../src/errors/index.ts';
import { fakeKernel } from '../../src/fake/index.ts';
import { possibleCpus } from '../../src/host/index.ts';
import { readBatches } from '../../src/kernel/batch.ts';
import { BpfMap } from '../../src/kernel/index.ts';
import { type Kernel, openKernel } from '../../src/sys/index.ts';
import {
  BPF_F_MMAPABLE,
  BPF_F_NO_PREALLOC,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY,
  bpf_attach_type,
  bpf_link_info,
  bpf_map_type as types,
  bpf_prog_info,
  bpf_prog_type,
  isPerCpu,
  structView,
} from '../../src/uapi/index.ts';
import { kernelAtLeast } from '../support/feature.ts';

/** The fake kernel answers as this one and later ones. */
const likeNow = describe.skipIf(!kernelAtLeast('6.15'));

const real = openKernel();
const cpus = possibleCpus(real);
const pins = '/sys/fs/bpf/t_fake_kernel';
const { BPF_MAP_TYPE_HASH: hash, BPF_MAP_TYPE_ARRAY: array } = types;

beforeAll(() => {
  rmSync(pins, { recursive: true, force: true });
  mkdirSync(pins);
});
afterAll(() => rmSync(pins, { recursive: true, force: true }));

/** Runs a scene in the real kernel and in a new fake one, and answers what both answered. */
function both<T>(scene: (kernel: Kernel, folder: string) => T): T {
  const fake = fakeKernel({ cpus });
  fake.makeDirectory(pins, 0o700);
  const inFake = scene(fake, pins);
  const inReal = scene(real, pins);
  expect(inFake).toEqual(inReal);
  return inReal;
}

const u32 = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);

interface MapCase {
  readonly name: string;
  readonly request: MapRequest;
  readonly keys: readonly (Uint8Array | undefined)[];
  /** Elements come in an order of their own. */
  readonly isUnordered?: boolean;
}

const prefix = (bits: number, ...bytes: number[]) => Uint8Array.of(bits, 0, 0, 0, ...bytes);
const few = [0, 1, 2, 3, 4].map((key) => u32(key));
const mapCases: readonly MapCase[] = [
  { name: 'hash', request: { type: hash, valueSize: 8, maxEntries: 3 }, keys: few, isUnordered: true },
  {
    name: 'hash without preallocation',
    request: { type: hash, valueSize: 8, maxEntries: 3, flags: BPF_F_NO_PREALLOC },
    ...{ keys: few, isUnordered: true },
  },
  {
    name: 'per-CPU hash',
    request: { type: types.BPF_MAP_TYPE_PERCPU_HASH, valueSize: 8, maxEntries: 4 },
    ...{ keys: few, isUnordered: true },
  },
  {
    name: 'LRU hash with room',
    request: { type: types.BPF_MAP_TYPE_LRU_HASH, valueSize: 8, maxEntries: 1000 },
    ...{ keys: few, isUnordered: true },
  },
  { name: 'array', request: { type: array, valueSize: 8, maxEntries: 4 }, keys: few },
  { name: 'per-CPU array', request: { type: types.BPF_MAP_TYPE_PERCPU_ARRAY, valueSize: 8, maxEntries: 4 }, keys: few },
  {
    name: 'LPM trie',
    request: {
      ...{ type: types.BPF_MAP_TYPE_LPM_TRIE, keySize: 8, valueSize: 8, maxEntries: 5, flags: BPF_F_NO_PREALLOC },
    },
    keys: [
      prefix(0, 0, 0, 0, 0),
      prefix(8, 10, 0, 0, 0),
      prefix(8, 10, 1, 2, 3),
      prefix(16, 10, 1, 0, 0),
      prefix(24, 10, 1, 2, 0),
      prefix(32, 10, 1, 2, 3),
      prefix(32, 192, 168, 0, 1),
      prefix(33, 10, 1, 2, 3),
    ],
  },
  {
    name: 'queue',
    request: { type: types.BPF_MAP_TYPE_QUEUE, keySize: 0, valueSize: 8, maxEntries: 3 },
    keys: [undefined, few[0]],
  },
  {
    name: 'stack',
    request: { type: types.BPF_MAP_TYPE_STACK, keySize: 0, valueSize: 8, maxEntries: 3 },
    keys: [undefined, few[0]],
  },
  {
    name: 'ring buffer',
    request: { type: types.BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 },
    keys: [undefined, few[0]],
  },
  {
    name: 'array of perf events',
    request: { type: types.BPF_MAP_TYPE_PERF_EVENT_ARRAY, valueSize: 4, maxEntries: 4 },
    keys: few,
  },
  {
    name: 'array of programs',
    request: { type: types.BPF_MAP_TYPE_PROG_ARRAY, valueSize: 4, maxEntries: 4 },
    keys: few,
  },
];

type Step = readonly [
  what: 'lookup' | 'update' | 'delete' | 'take' | 'next',
  key: number,
  value: number,
  flags: number,
];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('lookup', 'update', 'update', 'update', 'delete', 'take', 'next'),
  fc.nat(7),
  fc.nat(3),
  fc.constantFrom(0, 0, 0, 1, 2, 3),
);

function runSteps(kernel: Kernel, { request, keys, isUnordered = false }: MapCase, steps: readonly Step[]): unknown[] {
  const fd = createMap(kernel, request);
  expect(fd).toBeGreaterThanOrEqual(0);
  try {
    const calls = new ElementCalls(kernel);
    const size = (request.valueSize ?? 4) * (isPerCpu(request.type) ? cpus : 1);
    const answers = steps.map(([what, index, number, flags]) => {
      const key = keys[index % keys.length];
      const value = new Uint8Array(size).fill(number + 1);
      switch (what) {
        case 'lookup':
          return [what, calls.lookup(fd, { key, value }), value];
        case 'take':
          return [what, calls.lookupAndDelete(fd, { key, value }), value];
        case 'update':
          return [what, calls.update(fd, { key, value, flags })];
        case 'delete':
          return [what, key === undefined ? 0 : calls.delete(fd, key)];
        default: {
          const next = new Uint8Array(request.keySize ?? 4);
          const result = calls.nextKey(fd, key, next);
          // What comes next is the map's own affair, not that something does.
          return isUnordered ? [what, keysOf(kernel, fd, request)] : [what, result, next];
        }
      }
    });
    return [...answers, keysOf(kernel, fd, request, { isSorted: isUnordered })];
  } finally {
    kernel.close(fd);
  }
}

/** All keys by BPF_MAP_GET_NEXT_KEY, and how the walk ended. */
function keysOf(
  kernel: Kernel,
  fd: number,
  { keySize = 4 }: MapRequest,
  { isSorted = true } = {},
): (string | number)[] {
  const calls = new ElementCalls(kernel);
  const found: string[] = [];
  let previous: Uint8Array | undefined;
  for (;;) {
    const next = new Uint8Array(keySize);
    const result = calls.nextKey(fd, previous, next);
    if (result < 0) return [...(isSorted ? found.sort() : found), result];
    found.push(next.toString());
    previous = next;
  }
}

likeNow('elements of a map', () => {
  test.each(mapCases)('$name', (which) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        both((kernel) => runSteps(kernel, which, steps));
      }),
      { numRuns: 60 },
    );
  });

  test.each(mapCases.filter(({ request }) => (request.keySize ?? 4) > 0))(
    '$name, in batches',
    async ({ request, keys }) => {
      const scene = async (kernel: Kernel) => {
        const fd = createMap(kernel, request);
        const { type, valueSize = 4 } = request;
        const size = valueSize * (isPerCpu(type) ? cpus : 1);
        using map = new BpfMap(kernel, fd);
        const all = Buffer.concat(keys.slice(0, 3).map((key) => key!));
        const values = new Uint8Array(size * 3).fill(7);
        const update = { fd, keys: new Uint8Array(all), values, count: 3 };
        const written = [updateBatch(kernel, update), updateBatch(kernel, { ...update, count: 0 })];
        const keySize = request.keySize ?? 4;
        const room = { from: undefined, to: new Uint8Array(Math.max(keySize, 4)), keys: new Uint8Array(keySize * 9) };
        const one = lookupBatch(kernel, { ...room, fd, values: new Uint8Array(size * 9), count: 9 });
        const found: string[] = [];
        let failed: unknown;
        try {
          for await (const { count, keys, values } of readBatches(map)) {
            for (let i = 0; i < count; i++) {
              found.push(`${keys.slice(i * keySize, (i + 1) * keySize)}: ${values.slice(i * size, (i + 1) * size)}`);
            }
          }
        } catch (error) {
          failed = (error as { errno?: number }).errno;
        }
        return [written, one, found.sort(), failed];
      };
      expect(await scene(fakeKernel({ cpus }))).toEqual(await scene(real));
    },
  );

  test('are refused to descriptors and maps that may not', () => {
    both((kernel) => {
      const answers: unknown[] = [];
      const calls = new ElementCalls(kernel);
      const element = { key: u32(0), value: u32(5) };
      for (const flags of [BPF_F_RDONLY, BPF_F_WRONLY]) {
        const fd = createMap(kernel, { type: array, flags });
        answers.push(calls.update(fd, element), calls.lookup(fd, element), calls.nextKey(fd, undefined, u32(0)));
        answers.push(calls.delete(fd, u32(0)), freezeMap(kernel, fd));
        kernel.close(fd);
      }
      const fd = createMap(kernel, { type: hash });
      answers.push(calls.update(fd, element), freezeMap(kernel, fd), freezeMap(kernel, fd), calls.update(fd, element));
      answers.push(calls.delete(fd, u32(0)), calls.lookup(fd, element), element.value);
      answers.push(calls.lookup(fd, { ...element, flags: 4 }), calls.lookup(fd, { ...element, flags: 64 }));
      answers.push(calls.lookup(fd, { key: undefined, value: u32(0) }));
      kernel.close(fd);
      answers.push(calls.lookup(-1, element), calls.lookup(fd, element));
      return answers;
    });
  });

  test('that are maps and programs are written as descriptors and read as ids', () => {
    const fits = both((kernel) => {
      const inner = [1, 2, 2].map((maxEntries) => createMap(kernel, { type: array, maxEntries }));
      const program = loadProgram(kernel, { code: trivial });
      const calls = new ElementCalls(kernel);
      const answers: unknown[] = [];
      const outers = [types.BPF_MAP_TYPE_ARRAY_OF_MAPS, types.BPF_MAP_TYPE_HASH_OF_MAPS, types.BPF_MAP_TYPE_PROG_ARRAY];
      for (const type of outers) {
        const fd = createMap(kernel, { type, maxEntries: 2, ...(type !== outers[2] && { innerMapFd: inner[1]! }) });
        for (const value of [inner[0]!, inner[1]!, program, -1, 1 << 20]) {
          for (const flags of [0, 1, 2]) answers.push(calls.update(fd, { key: u32(1), value: u32(value), flags }));
        }
        const read = u32(0);
        const result = calls.lookup(fd, { key: u32(1), value: read });
        const [id] = new Uint32Array(read.buffer);
        const isInner = id === (tryMapInfo(kernel, inner[1]!) as { id: number }).id;
        const isProgram = id === infoOf(kernel, program).u32('id');
        answers.push(
          result,
          isInner,
          isProgram,
          keysOf(kernel, fd, { type }),
          calls.update(fd, { key: u32(9), value: u32(inner[2]!) }),
        );
        answers.push(calls.delete(fd, u32(1)), calls.delete(fd, u32(1)), calls.delete(fd, u32(9)));
        answers.push(
          calls.lookup(fd, { key: u32(1), value: read }),
          calls.lookupAndDelete(fd, { key: u32(1), value: read }),
        );
        kernel.close(fd);
      }
      for (const fd of [...inner, program]) kernel.close(fd);
      return answers;
    });
    expect(fits).toContain(true);
  });
});

/** `r0 = 0; exit` */
const trivial = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

/** `r1 = map; r0 = 0; exit` */
function naming(mapFd: number): Uint8Array {
  const code = new Uint8Array([0x18, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...trivial]);
  new DataView(code.buffer).setInt32(4, mapFd, true);
  return code;
}

function infoOf(kernel: Kernel, fd: number) {
  const info = structView(bpf_prog_info);
  expect(tryInfo(kernel, fd, info)).toBe(0);
  return info;
}

likeNow('maps', () => {
  const shapes = [
    { valueSize: 0 }, { valueSize: 8 }, { maxEntries: 0 }, { keySize: 0 }, { keySize: 3 }, { keySize: 5 }, { keySize: 261 },
    { valueSize: 1 << 23 }, { name: 'has space' }, { name: 'fine.name_1' }, { flags: BPF_F_NO_PREALLOC },
    { flags: BPF_F_RDONLY | BPF_F_WRONLY }, { keySize: 0, valueSize: 0, maxEntries: 4096 },
    { keySize: 0, valueSize: 0, maxEntries: 4000 }, { keySize: 0, valueSize: 0, maxEntries: 3 * 4096 },
    { keySize: 0, valueSize: 4 }, { keySize: 8, flags: BPF_F_NO_PREALLOC }, { btfFd: 1 << 20 },
  ]; // biome-ignore format: a table
  test.each(mapCases)('are made or refused alike: $name', ({ request: { type } }) => {
    both((kernel) =>
      shapes.map((shape) => {
        const fd = createMap(kernel, { type, name: 't_fake', ...shape });
        if (fd < 0) return fd;
        const info = readMapInfo(kernel, fd);
        kernel.close(fd);
        return { ...info, id: 0 };
      }),
    );
  });

  test('show what mmap(2) shows', () => {
    both((kernel) => {
      const fd = createMap(kernel, { type: array, valueSize: 8, maxEntries: 3, flags: BPF_F_MMAPABLE });
      const memory = kernel.map({ fd, length: 4096, protection: 3 });
      if (typeof memory === 'number') throw new Error(`refused with ${memory}`);
      const calls = new ElementCalls(kernel);
      const value = new Uint8Array(8).fill(3);
      calls.update(fd, { key: u32(2), value });
      const seen = new Uint8Array(memory.buffer, 16, 8).slice();
      new Uint8Array(memory.buffer, 8, 8).fill(9);
      calls.lookup(fd, { key: u32(1), value });
      memory.close();
      kernel.close(fd);
      const plain = createMap(kernel, { type: array });
      const refused = kernel.map({ fd: plain, length: 4096, protection: 3 });
      kernel.close(plain);
      return [seen, value, refused, kernel.map({ fd: -1, length: 4096, protection: 1 })];
    });
  });

  test('say what they are, as far as there is room', () => {
    both((kernel) => {
      const fd = createMap(kernel, {
        type: hash,
        name: 't_fake',
        valueSize: 12,
        maxEntries: 7,
        flags: BPF_F_RDONLY_PROG,
      });
      const answers = [8, 40, 88, 104].map((size) => {
        const info = structView({ name: 'some', size, members: {} });
        const result = tryInfo(kernel, fd, info);
        info.bytes.fill(0, 4, 8);
        return [result, info.bytes];
      });
      const tooMuch = structView({ name: 'more', size: 512, members: {} });
      tooMuch.bytes[511] = 1;
      answers.push([tryInfo(kernel, fd, tooMuch), tryInfo(kernel, -1, tooMuch)] as never);
      kernel.close(fd);
      return answers;
    });
  });
});

likeNow('objects', () => {
  test('are there by id as long as something refers to them', () => {
    both((kernel) => {
      const map = createMap(kernel, { type: array });
      const other = createMap(kernel, { type: hash });
      const program = loadProgram(kernel, { code: naming(map), name: 't_fake' });
      const info = infoOf(kernel, program);
      const bound = [bindMap(kernel, program, other), bindMap(kernel, program, other), bindMap(kernel, other, program)];
      const ids = new Uint32Array(4);
      const withMaps = structView(bpf_prog_info).set('nr_map_ids', 4).receive('map_ids', new Uint8Array(ids.buffer));
      bound.push(tryInfo(kernel, program, withMaps));
      const [mapId, otherId] = [map, other].map((fd) => readMapInfo(kernel, fd).id);
      const both = [...ids].map((id) => (id === mapId ? 'first' : id === otherId ? 'second' : id));
      kernel.close(map);
      const again = openFdById(kernel, 'map', mapId!);
      const isThere = again >= 0;
      kernel.close(again);
      kernel.close(program);
      kernel.close(other);
      settle();
      return [
        ...bound, both, isThere, withMaps.u32('nr_map_ids'),
        openFdById(kernel, 'map', mapId!), openFdById(kernel, 'prog', info.u32('id')), openFdById(kernel, 'btf', 1 << 30),
        nextId(kernel, 'map', 0x7fff_fff0), info.text('name'), info.u32('type'), info.u32('gpl_compatible'),
      ]; // biome-ignore format: a table
    });
  });

  test('are pinned, opened and gone', () => {
    both((kernel, folder) => {
      const fd = createMap(kernel, { type: array });
      const { id } = readMapInfo(kernel, fd);
      const answers: unknown[] = [
        pinFd(kernel, fd, `${folder}/map`), pinFd(kernel, fd, `${folder}/map`), pinFd(kernel, fd, `${folder}/with.dot`),
        pinFd(kernel, fd, `${folder}/none/map`), pinFd(kernel, fd, '/tmp/t_fake_map'), pinFd(kernel, -1, `${folder}/other`),
        pinFd(kernel, fd, `${folder}/map/below`), openFdPinned(kernel, `${folder}/other`), openFdPinned(kernel, folder),
      ]; // biome-ignore format: a table
      kernel.close(fd);
      const pinned = openFdPinned(kernel, `${folder}/map`, BPF_F_RDONLY);
      answers.push(readMapInfo(kernel, pinned).id === id);
      answers.push(new ElementCalls(kernel).update(pinned, { key: u32(0), value: u32(1) }));
      kernel.close(pinned);
      answers.push(kernel.readDirectory(folder), kernel.status(`${folder}/map`).kind, kernel.removeDirectory(folder));
      answers.push(kernel.fileSystemType(folder), kernel.unlink(`${folder}/map`), kernel.unlink(`${folder}/map`));
      settle();
      answers.push(openFdById(kernel, 'map', id));
      return answers;
    });
  });

  test('are told apart by their descriptors', () => {
    both((kernel) => {
      const btf = new BtfBuilder();
      btf.add({ kind: 'int', name: 'int', size: 4, signed: true, char: false, bool: false, bits: 32, bitOffset: 0 });
      const bytes = btf.finish();
      const fds = {
        map: createMap(kernel, { type: array }),
        prog: loadProgram(kernel, { code: trivial }),
        btf: loadBtf(kernel, bytes),
      };
      const kinds = Object.values(fds).map((fd) => kernel.readLink(`/proc/self/fd/${fd}`));
      const calls = new ElementCalls(kernel);
      const info = tryBtfInfo(kernel, fds.btf);
      const answers = [
        calls.lookup(fds.prog, { key: u32(0), value: u32(0) }), calls.lookup(fds.btf, { key: u32(0), value: u32(0) }),
        bindMap(kernel, fds.map, fds.map), pinFd(kernel, fds.btf, `${pins}/btf`), kernel.close(fds.map), kernel.close(fds.map),
        loadBtf(kernel, new Uint8Array(24)), loadBtf(kernel, new Uint8Array(3)),
        loadProgram(kernel, { code: trivial, type: 9999 }), loadProgram(kernel, { code: new Uint8Array(0) }),
        loadProgram(kernel, { code: naming(1 << 20) }), loadProgram(kernel, { code: naming(fds.prog) }),
      ]; // biome-ignore format: a table
      kernel.close(fds.prog);
      kernel.close(fds.btf);
      return [kinds, answers, typeof info === 'number' ? info : { ...info, id: 0 }];
    });
  });
});

/** The kernel frees some objects a moment after their last use. */
function settle(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}

likeNow('links', () => {
  test('hold their program, are detached and refuse a second one for XDP', () => {
    both((kernel) => {
      const xdp = bpf_prog_type.BPF_PROG_TYPE_XDP;
      const { BPF_XDP: attachType } = bpf_attach_type;
      const program = loadProgram(kernel, { code: trivial, type: xdp, expectedAttachType: attachType });
      const filter = loadProgram(kernel, { code: trivial });
      const target = 1;
      const link = createLink(kernel, { programFd: program, target, attachType });
      const answers: unknown[] = [
        createLink(kernel, { programFd: program, target, attachType }),
        createLink(kernel, { programFd: filter, target, attachType }),
        createLink(kernel, { programFd: -1, target, attachType }),
        createLink(kernel, { programFd: program, target, attachType: 9999 }),
      ];
      const view = structView(bpf_link_info);
      answers.push(tryInfo(kernel, link, view), view.u32('type'), view.u32('xdp.ifindex'));
      answers.push(view.u32('prog_id') === infoOf(kernel, program).u32('id'));
      kernel.close(program);
      const again = openFdById(kernel, 'prog', view.u32('prog_id'));
      answers.push(again >= 0, detachLink(kernel, link), detachLink(kernel, -1));
      for (const fd of [again, link, filter]) kernel.close(fd);
      settle();
      answers.push(openFdById(kernel, 'link', view.u32('id')));
      return answers;
    });
  });
});

test('a call that only the real kernel has is an error that names it', () => {
  expect(Errno.ENOTSUPP).toBe(524);
  const fake = fakeKernel();
  expect(() => fake.socket(1, 1, 0)).toThrow('socket() of the fake kernel: not supported');
  expect(() => createMap(fake, { type: types.BPF_MAP_TYPE_ARENA })).toThrow('a map of type arena in the fake kernel');
});
