import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kernelVersion, mountPrivately, possibleCpus, symbolsAt, symbolsNamed } from '../../src/host/index.ts';
import {
  BpfMap,
  createMap,
  fdKind,
  holders,
  objectIds,
  pinFd,
  pinnedPaths,
  queryAttached,
  readBatches,
  tryReadBatches,
  networkDevices,
  RouteNetlink,
  setXdp,
} from '../../src/kernel/index.ts';
import { compareTrieKeys } from '../../src/kernel/trie-order.ts';
import { type Kernel, openKernel } from '../../src/sys/index.ts';
import { attr_map_batch, bpf_attach_type, bpf_map_type, structView } from '../../src/uapi/index.ts';
import { kernelAtLeast } from '../support/feature.ts';

const k = openKernel();
const open: { close(): void }[] = [];
let descriptors = 0;

beforeEach(() => {
  k.systemConfiguration(30);
  descriptors = readdirSync('/proc/self/fd').length;
});
afterEach(() => {
  for (const object of open.splice(0).reverse()) object.close();
  // Fewer where what a test before forgot was collected meanwhile.
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(descriptors);
});

function mustCreateMap(type: number, keySize: number, valueSize: number, maxEntries: number, flags = 0): BpfMap {
  const fd = createMap(k, { type, name: 'tsk_object', keySize, valueSize, maxEntries, flags });
  expect(fd).toBeGreaterThanOrEqual(0);
  const map = new BpfMap(k, fd);
  open.push(map);
  return map;
}

const number = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);

function fill(map: BpfMap, count: number): void {
  for (let i = 0; i < count; i++) map.update(number(i), new Uint8Array(map.info().valueSize));
}

/** The same map, through a kernel whose background calls are these. */
function withBackground(map: BpfMap, bpfInBackground: Kernel['bpfInBackground']): BpfMap {
  const kernel = new Proxy(k, {
    get(target, name) {
      if (name === 'bpfInBackground') return bpfInBackground;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const same = new BpfMap(kernel, k.duplicate(map.fd.number));
  open.push(same);
  return same;
}

/** The 32-bit keys, in the order in which they are read. */
async function readAll(map: BpfMap, between?: (batch: number) => void): Promise<number[]> {
  const read: number[] = [];
  let batch = 0;
  for await (const { keys, count } of readBatches(map)) {
    read.push(...new Uint32Array(keys.buffer, keys.byteOffset, count));
    between?.(batch++);
  }
  return read;
}

describe('batches', () => {
  test('hold every element of a hash once', async () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_HASH, 4, 8, 50_000);
    fill(map, 50_000);
    const keys = await readAll(map);
    expect(keys.length).toBe(50_000);
    expect(new Set(keys).size).toBe(50_000);
  });

  test('hold what stayed exactly once while other elements come and go', async () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_HASH, 4, 8, 60_000);
    fill(map, 40_000);
    const keys = await readAll(map, (batch) => {
      for (let i = batch * 1000; i < batch * 1000 + 1000; i++) {
        map.delete(number(i * 2 + 1));
        // It may be full.
        map.tryUpdate(number(100_000 + i), new Uint8Array(8));
      }
    });
    const stayed = keys.filter((key) => key < 40_000 && key % 2 === 0);
    expect(stayed.length).toBe(20_000);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('work for arrays, per-CPU values and empty maps', async () => {
    const array = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_ARRAY, 4, 4, 1000);
    expect((await readAll(array)).length).toBe(1000);
    const perCpu = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_PERCPU_HASH, 4, 4, 10);
    perCpu.update(number(3), new Uint8Array(8 * possibleCpus(k)).fill(1));
    expect(await readAll(perCpu)).toEqual([3]);
    const empty = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_HASH, 4, 4, 10);
    expect(await readAll(empty)).toEqual([]);
  });

  test('are refused, with nothing read, for maps that have none', async () => {
    const programs = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4);
    const { done, value } = await tryReadBatches(programs).next();
    expect({ done, value }).toEqual({ done: true, value: expect.any(Number) });
    expect(value).toBeLessThan(0);
  });

  test('give way to single elements where there are none', async () => {
    const programs = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4);
    expect(await readAll(programs)).toEqual([]);
    const devices = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_DEVMAP, 4, 4, 8);
    for (const key of [2, 5]) devices.update(number(key), number(k.interfaceIndex('lo')!));
    expect((await tryReadBatches(devices).next()).done).toBe(true);
    expect(await readAll(devices)).toEqual([2, 5]);
  });

  test('end their call before the map is closed when nobody wants the rest', async () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_HASH, 4, 8, 50_000);
    fill(map, 50_000);
    const calls: Promise<number>[] = [];
    const watched = withBackground(map, (command, attr) => {
      const call = k.bpfInBackground(command, attr);
      calls.push(call);
      return call;
    });
    const batches = tryReadBatches(watched);
    expect((await batches.next()).done).toBe(false);
    let ended = false;
    void calls[0]!.then(() => {
      ended = true;
    });
    expect(await batches.return(0)).toEqual({ done: true, value: 0 });
    expect({ calls: calls.length, ended }).toEqual({ calls: 1, ended: true });
  });
});

describe('elements', () => {
  test.each([4, 4096, 4097, 100_000])('of %i bytes go into a queue, which has no keys, and come out', (size) => {
    const queue = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_QUEUE, 0, size, 1);
    const value = Uint8Array.from({ length: size }, (_, i) => i % 251);
    queue.update(new Uint8Array(0), value);
    const taken = new Uint8Array(size);
    expect(queue.lookupAndDelete(new Uint8Array(0), taken)).toBe(taken);
    expect(Buffer.compare(taken, value)).toBe(0);
    const untouched = new Uint8Array(size).fill(7);
    expect(queue.lookupAndDelete(undefined, untouched)).toBeUndefined();
    expect(untouched.every((byte) => byte === 7)).toBe(true);
  });
});

describe('a trie', () => {
  /** A prefix of an IPv4 address, as `struct bpf_lpm_trie_key`. */
  function prefix(bits: number, address: number): Uint8Array {
    const key = new Uint8Array(8);
    key.set(number(bits));
    new DataView(key.buffer).setUint32(4, bits === 0 ? 0 : (address & (-1 << (32 - bits))) >>> 0);
    return key;
  }

  const text = (key: Uint8Array) => Buffer.from(key).toString('hex');

  function filledTrie(count: number): { trie: BpfMap; keys: Map<string, Uint8Array> } {
    const trie = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_LPM_TRIE, 8, 4, count, 1);
    const keys = new Map<string, Uint8Array>();
    // Few distinct first bits, so that prefixes contain one another.
    for (let i = 0; keys.size < count; i++) {
      const hash = Math.imul(i + 1, 2654435761) >>> 0;
      const key = prefix(hash % 33, Math.imul(hash ^ (hash >>> 13), 0x5bd1e995));
      if (trie.tryUpdate(key, number(i)) === 0) keys.set(text(key), key);
    }
    return { trie, keys };
  }

  test('is walked by the kernel in the order that tells repetitions from news', () => {
    const { trie, keys } = filledTrie(3000);
    const walked: string[] = [];
    for (let next = trie.nextKey(); next !== undefined; next = trie.nextKey(next)) walked.push(text(next));
    const view = (key: Uint8Array) => new DataView(key.buffer);
    const sorted = [...keys.values()].sort((a, b) => compareTrieKeys(view(a), 0, view(b), 0));
    expect(walked).toEqual(sorted.map(text));
  });

  test('has what stayed exactly once, though the key a batch ended with is deleted', async () => {
    const { trie, keys } = filledTrie(40_000);
    const seen: string[] = [];
    const deleted = new Set<string>();
    // What the first call brings, which is not made in the background.
    let read = 2048;
    // Late enough for what is deleted below.
    let goOn = () => {};
    const deletedFirst = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow = withBackground(trie, async (command, attr) => {
      await deletedFirst;
      const result = k.bpf(command, attr);
      read += structView(attr_map_batch, attr.bytes.slice()).u32('count');
      return result;
    });
    const batches = tryReadBatches(slow);
    let rounds = 0;
    for (let next = await batches.next(); ; next = await batches.next()) {
      if (next.done) {
        // Tries have batches since 5.14.
        if (next.value !== 0) expect({ seen, result: next.value }).toMatchObject({ seen: [] });
        break;
      }
      const { keys: bytes, count } = next.value;
      for (let i = 0; i < count; i++) seen.push(text(bytes.slice(i * 8, i * 8 + 8)));
      const last = seen.at(-1)!;
      // The last of the first four parts ends with what the first call ended with.
      if (rounds++ < 4 && trie.delete(keys.get(last)!)) deleted.add(last);
      if (rounds === 4) goOn();
    }
    if (seen.length === 0) return expect(kernelAtLeast('5.14')).toBe(false);
    expect(deleted.size).toBeGreaterThan(0);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(keys.size);
    // The kernel did start over.
    expect(read).toBeGreaterThan(keys.size + 1000);
  });
});

describe('objects', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tsbpf-objects-'));
    mkdirSync(join(folder, 'bpf'));
    expect(mountPrivately(k, join(folder, 'bpf'), 'bpf')).toBeUndefined();
  });
  afterAll(() => {
    // The directory was bound on itself before the file system came over it.
    k.unmount(join(folder, 'bpf'), 0);
    k.unmount(join(folder, 'bpf'), 0);
    rmSync(folder, { recursive: true });
  });

  test('are found by id, by pin and by holder', () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_ARRAY, 4, 4, 1);
    const { id } = map.info();
    expect([...objectIds(k, 'map')]).toContain(id);
    expect(fdKind(k, map.fd.number)).toBe('map');
    const paths = ['a', 'b'].map((name) => join(folder, 'bpf', name));
    for (const path of paths) expect(pinFd(k, map.fd.number, path)).toBe(0);
    expect(pinFd(k, map.fd.number, paths[0]!)).toBe(-17);
    expect(pinnedPaths(k, 'map').get(id)?.toSorted()).toEqual(paths);
    expect(pinnedPaths(k, 'prog').has(id)).toBe(false);
    const again = BpfMap.openPinned(k, paths[1]!);
    open.push(again);
    expect(again.info()).toEqual(map.info());
    expect(holders(k, 'map').get(id)).toBeUndefined();
    expect(() => BpfMap.openById(k, 0xffff_fff0)).toThrow(/ENOENT/);
    for (const path of paths) expect(k.unlink(path)).toBe(0);
  });

  test('stay as they are once frozen', () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_ARRAY, 4, 4, 1);
    map.freeze();
    expect(() => map.update(number(0), number(1))).toThrow(/^map 'tsk_object': failed to update an element: .*EPERM/);
    // EPERM, or on older kernels EBUSY.
    expect([-1, -16]).toContain(map.tryFreeze());
  });
});

describe('the kernel tells', () => {
  test('which devices there are, over netlink', () => {
    const netlink = new RouteNetlink(k);
    open.push(netlink);
    expect(networkDevices(netlink).map(({ name }) => name)).toContain('lo');
  });

  test('that a device to attach to is missing', () => {
    expect(() => setXdp(k, { index: 987_654, programFd: -1, flags: 0 })).toThrow(
      expect.objectContaining({ errno: 19 }),
    );
  });

  test('that nothing is attached to a fresh device', () => {
    const attachType = bpf_attach_type.BPF_TCX_INGRESS;
    const found = queryAttached(k, { ifindex: 1, attachType, details: 'links' });
    if (typeof found === 'number') expect(found).toBe(-22);
    else expect(found.programs).toEqual([]);
  });

  test('its version and symbols', () => {
    expect(kernelVersion(k).major).toBeGreaterThanOrEqual(4);
    const symbol = symbolsNamed(k, ['bpf_map_lookup_elem', 'no_such_symbol']).get('bpf_map_lookup_elem');
    if (symbol === undefined || symbol.address === 0n) return;
    expect(symbolsAt(k, [symbol.address]).get(symbol.address)?.address).toBe(symbol.address);
  });
});
