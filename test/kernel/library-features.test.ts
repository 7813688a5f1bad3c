// What the library can do beyond loading, each on the running kernel: one test a feature, named as the feature is.
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { kernelAtLeast } from '../support/feature.ts';
import {
  attachedPrograms,
  BpfProgram,
  createMap,
  createProgram,
  defaultKernel,
  enableStatistics,
  enumNames,
  load,
  loadObject,
  maps,
  NetlinkError,
  openPerfEvent,
  op,
  parseObject,
  PerfBuffer,
  pins,
  removeClsact,
  RingBuffer,
  SyscallError,
  unpin,
  UserRingBuffer,
  VerifierError,
} from '../../src/index.ts';

const object = path.resolve(import.meta.dirname, '../fixtures/objects/library.bpf.o');
const packet = { data: new Uint8Array(64) };
const pinned = '/sys/fs/bpf/tsq_pin';

/** Keeps this process on one processor until it is disposed of, where there is taskset(1). */
function onOneProcessor(): Disposable {
  const set = (list: string) => spawnSync('taskset', ['-p', '-c', list, String(process.pid)], { stdio: 'ignore' });
  const before = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;
  set(/^\d+/.exec(before)![0]);
  return { [Symbol.dispose]: () => void set(before) };
}

interface Sample {
  readonly id: bigint;
  readonly level: string | number;
  readonly name: string;
}

const returning = (value: number) =>
  createProgram({ type: 'socket_filter', name: 'tsq_prog', code: [op.alu('=', 'r0', value), op.exit()] });

/** What is tried here came between 5.14 and 6.1: `bloom_filter`, taking elements out of hashes, user ring buffers. */
const isOld = !kernelAtLeast('6.1');

describe.skipIf(isOld)('maps', () => {
  it('are created by names, typed by shapes', () => {
    using map = createMap({
      type: 'hash',
      name: 'tsq_map',
      key: 'u32',
      value: { packets: 'u64', name: 'char[16]', flag: 'u8', inside: { x: 's16' } },
      maxEntries: 10,
    });
    const value = { packets: 2n ** 63n, name: 'text', flag: 3, inside: { x: -4 } };
    map.set(1, value);
    expect(map.get(1)).toEqual(value);
    expect(map.info).toMatchObject({ name: 'tsq_map', keySize: 4, valueSize: 32, maxEntries: 10 });
    expect(map.info.btfId).toBeGreaterThan(0);
    using bytes = createMap({ type: 'hash', key: 4, value: 8, maxEntries: 10 });
    bytes.set(Uint8Array.of(1, 0, 0, 0), new Uint8Array(8).fill(7));
    expect(bytes.get(Uint8Array.of(1, 0, 0, 0))).toEqual(new Uint8Array(8).fill(7));
    using perCpu = createMap({ type: 'percpu_array', value: 'u64', maxEntries: 1 });
    expect(perCpu.get(0)!.every((one) => one === 0n)).toBe(true);
    using ring = createMap({ type: 'ringbuf', flags: [], maxEntries: 8192 });
    expect(ring.info.maxEntries).toBe(8192);
  });

  it('set, delete and take many elements', () => {
    using map = createMap({ type: 'hash', key: 'u32', value: 'u64', maxEntries: 20_000 });
    const entries = Array.from({ length: 20_000 }, (_, i): [number, bigint] => [i, BigInt(i * 2)]);
    map.setMany(entries);
    expect(map.get(19_999)).toBe(39_998n);
    expect(map.deleteMany([1, 99_999, 2, 3, 77_777])).toBe(3);
    expect(map.deleteMany(entries.map(([key]) => key))).toBe(19_997);
    map.set(5, 6n);
    expect(map.take(5)).toBe(6n);
    expect(map.take(5)).toBeUndefined();
    expect(() =>
      map.setMany(entries.map(([key, value]) => [key + 1, value]).concat([[1_000_000, 1n]]) as never),
    ).toThrow(SyscallError);
  });

  it('take prefixes as keys of tries', () => {
    using trie = createMap({ type: 'lpm_trie', key: 8, value: 'u32', maxEntries: 10 });
    trie.set('10.0.0.0/8', 1);
    trie.setMany([['10.1.0.0/16', 2]]);
    expect([trie.get('10.2.3.4'), trie.get('10.1.2.3/32'), trie.get('11.0.0.1')]).toEqual([1, 2, undefined]);
    expect(trie.delete('10.0.0.0/8')).toBe(true);
    expect(() => trie.get('2001:db8::/32')).toThrow("takes 20 bytes, the map's keys have 8");
    expect(() => trie.get('10.0.0.0/33')).toThrow('at most 32 bits');
  });

  it('queues and stacks: push, peek, pop, drain, evict', () => {
    using queue = createMap({ type: 'queue', value: { a: 'u32' }, maxEntries: 2 });
    expect([queue.push({ a: 1 }), queue.push({ a: 2 }), queue.push({ a: 3 })]).toEqual([true, true, false]);
    expect(queue.push({ a: 4 }, { evict: true })).toBe(true);
    expect(queue.peek()).toEqual({ a: 2 });
    expect([...queue.drain()]).toEqual([{ a: 2 }, { a: 4 }]);
    expect(queue.pop()).toBeUndefined();
    using stack = createMap({ type: 'stack', value: 'u8', maxEntries: 2 });
    stack.push(1);
    stack.push(2);
    expect([stack.pop(), stack.pop(), stack.pop()]).toEqual([2, 1, undefined]);
    using filter = createMap({ type: 'bloom_filter', value: 'u32', maxEntries: 100 });
    filter.push(7);
    expect(filter.has(7)).toBe(true);
  });

  it('maps of maps hold live maps, arrays of programs live programs', () => {
    using outer = createMap({
      type: 'hash_of_maps',
      key: 'u32',
      maxEntries: 4,
      inner: { type: 'array', value: 'u64', maxEntries: 2 },
    });
    {
      using inner = createMap({ type: 'array', value: 'u64', maxEntries: 2 });
      inner.set(1, 42n);
      outer.set(5, inner);
    }
    {
      using found = outer.get(5)!;
      expect(found.get(1)).toBe(42n);
      expect([...outer.ids()]).toEqual([[5, found.info.id]]);
    }
    expect([outer.get(6), outer.delete(5), outer.delete(5)]).toEqual([undefined, true, false]);
    using programs = createMap({ type: 'prog_array', maxEntries: 2 });
    using program = returning(3);
    programs.set(1, program);
    using same = programs.get(1)!;
    expect(same.run(packet).returnValue).toBe(3);
    expect(programs.get(0)).toBeUndefined();
  });
});

describe('programs', () => {
  it('are run with data and context in and out, repeated, timed', () => {
    using program = createProgram({
      type: 'sched_cls',
      code: [
        op.alu('=', 'r6', 'r1'),
        // Constants are stored into a context only since 6.4.
        op.alu('=', 'r7', 77),
        op.store('u32', op.at('r6', 8), 'r7'),
        op.store('u64', op.at('r10', -8), 0x11),
        op.alu('=', 'r2', 0),
        op.alu('=', 'r3', 'r10'),
        op.alu('+=', 'r3', -8),
        op.alu('=', 'r4', 1),
        op.alu('=', 'r5', 0),
        op.call('skb_store_bytes'),
        op.alu('=', 'r0', 9),
        op.exit(),
      ],
    });
    const { returnValue, data, context } = program.run({ data: new Uint8Array(64), context: new Uint8Array(192) });
    expect({ returnValue, first: data[0], length: data.length }).toEqual({ returnValue: 9, first: 0x11, length: 64 });
    expect(new DataView(context.buffer, context.byteOffset).getUint32(8, true)).toBe(77);
    expect(program.run({ ...packet, repeat: 10_000 }).duration).toBeGreaterThan(0);
    expect(program.type).toBe('sched_cls');
    expect(() => program.run()).toThrow('give the data, at least 14 bytes of a packet');
  });

  it('are assembled with labels and maps, and refused with the verifier log', () => {
    using count = createMap({ type: 'array', value: 'u64', maxEntries: 1 });
    using program = createProgram({
      type: 'xdp',
      maps: { count },
      code: [
        op.store('u32', op.at('r10', -4), 0),
        op.mapAddress('r1', 'count'),
        op.alu('=', 'r2', 'r10'),
        op.alu('+=', 'r2', -4),
        op.call('map_lookup_elem'),
        op.jump('==', 'r0', 0, 'out'),
        op.load('u64', 'r1', op.at('r0')),
        op.alu('+=', 'r1', 1),
        op.store('u64', op.at('r0'), 'r1'),
        op.label('out'),
        op.alu('=', 'r0', 2),
        op.exit(),
      ],
    });
    expect(program.run({ ...packet, repeat: 5 }).returnValue).toBe(2);
    expect(count.get(0)).toBe(5n);
    try {
      createProgram({ type: 'xdp', code: [op.exit()] });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(VerifierError);
      expect((error as VerifierError).log).toContain('R0 !read_ok');
    }
  });

  it('are measured while statistics are enabled', () => {
    using program = returning(1);
    {
      using _ = enableStatistics();
      program.run({ ...packet, repeat: 100 });
    }
    const { runCount, runTimeNs, averageNs } = program.statistics();
    expect(runCount).toBe(100n);
    expect(Number(runTimeNs) / 100).toBe(averageNs);
    if (!kernelAtLeast('6.17')) {
      expect(() => program.readStream('stdout')).toThrow('streams of programs: not supported (needs Linux >= 6.17)');
      return;
    }
    expect(program.readStream('stdout')).toBe('');
    expect(program.readStream('stderr')).toBe('');
  });
});

describe.skipIf(isOld)('events', () => {
  it('of rings are decoded: 64 bits as bigint, text cut at its NUL, enums as asked', async () => {
    using library = load(object);
    const { ring } = library.maps;
    const send = library.programs.send_ring!;
    const names = ring!.records<Sample>({ type: 'sample' });
    send.run(packet);
    const { value } = await names.next();
    expect(value).toMatchObject({ id: 1n, level: 'LOUD', name: 'abc' });
    send.run(packet);
    const numbers = ring!.records<Sample>({ type: 'sample', enums: 'numbers' });
    expect((await numbers.next()).value).toMatchObject({ id: 2n, level: 5 });
    send.run(packet);
    expect(((await ring!.raw().next()).value as Uint8Array).length).toBe(64);
  });

  it('of rings are paused, resumed, gathered by a watermark, ended by a deadline; those without room are counted by programs', async () => {
    using library = load(object);
    const map = library.maps.ring!.map;
    const send = library.programs.send_ring!;
    using reader = new RingBuffer(map.kernel, map.fd.number, { watermark: 8 * 72, latency: 5_000 });
    send.run({ ...packet, repeat: 7 });
    const stream = reader.records();
    const first = stream.next();
    // What was there before anybody waited is handed out at once.
    expect((await first).value).toBeInstanceOf(Uint8Array);
    for (let i = 0; i < 6; i++) await stream.next();
    let came = 0;
    const later = stream.next().then(() => came++);
    send.run(packet);
    await pause(100);
    expect(came).toBe(0);
    send.run({ ...packet, repeat: 8 });
    reader.pause();
    reader.resume();
    await stream.return(undefined);
    await later;
    expect(reader.available).toBe(9 * 72);
    reader.pause();
    for await (const _ of reader.records({ deadline: Date.now() + 50 })) expect.unreachable();
    expect(reader.isPaused).toBe(true);
    reader.resume();
    let read = 0;
    for await (const _ of reader.records({ deadline: Date.now() + 200 })) read++;
    expect(read).toBe(9);
    send.run({ ...packet, repeat: 2000 });
    const room = Math.floor((1 << 16) / 72);
    expect(Number(library.variables.dropped!.get())).toBe(2000 - room);
    expect(reader.consume(() => undefined)).toBe(room);
    expect([reader.lost, reader.lostBytes]).toEqual([0n, 0]);
  });

  it('of perf buffers are paused and resumed, woken by a watermark, and those lost are counted', async () => {
    // Each processor has a buffer, whose next record tells what was lost of it: where this process stays, it comes.
    using _here = onOneProcessor();
    using library = load(object);
    const { perf } = library.maps;
    const send = library.programs.send_perf!;
    perf!.open({ pages: 1, watermark: 1024 });
    const events = perf!.records<Sample>({ type: 'sample' });
    for (let i = 0; i < 20; i++) send.run(packet);
    const seen: bigint[] = [];
    for (let i = 0; i < 20; i++) {
      const { value } = await events.next();
      expect(value).toMatchObject({ name: 'abc' });
      seen.push((value as Sample).id);
    }
    // Each processor has a buffer of its own, and this process may have changed from one to another.
    expect(seen.sort((one, other) => Number(one - other))).toEqual(Array.from({ length: 20 }, (_, i) => BigInt(i + 1)));
    perf!.reader.pause();
    send.run(packet);
    expect(library.variables.dropped!.get()).toBe(1n);
    perf!.reader.resume();
    for (let i = 0; i < 500; i++) send.run(packet);
    const sent = 500 - (Number(library.variables.dropped!.get()) - 1);
    let read = 0;
    for await (const _ of perf!.records({ type: 'sample', deadline: Date.now() + 100 })) read++;
    expect(sent).toBeLessThan(500);
    // The next record of the same processor tells how many were lost before it.
    let more = 0;
    for (; perf!.lost === 0n && more < 50; more++) {
      send.run(packet);
      for await (const _ of perf!.records({ type: 'sample', deadline: Date.now() + 20 })) read++;
    }
    expect(read).toBe(sent + more);
    expect(perf!.lost).toBeGreaterThan(0n);
    expect(perf!.lost).toBeLessThanOrEqual(BigInt(500 - sent));
  });

  it('of overwritable perf buffers are the last ones, in order, each once', () => {
    using library = load(object);
    const { perf } = library.maps;
    perf!.open({ pages: 1, overwritable: true });
    const reader = perf!.reader as import('../../src/index.ts').PerfBuffer;
    const ids = () =>
      reader
        .recent()
        .flatMap((record) =>
          record.kind === 'sample'
            ? [new DataView(record.data.buffer, record.data.byteOffset).getBigUint64(0, true)]
            : [],
        );
    for (let i = 0; i < 3; i++) library.programs.send_perf!.run(packet);
    expect(ids().sort()).toEqual([1n, 2n, 3n]);
    expect(ids()).toEqual([]);
    for (let i = 0; i < 1000; i++) library.programs.send_perf!.run(packet);
    const last = ids();
    expect(last.length).toBeGreaterThan(20);
    expect(last).toContain(1003n);
    expect(last.length).toBeLessThan(200);
    expect(library.variables.dropped!.get()).toBe(0n);
    expect(() => reader.consume(() => undefined)).toThrow('take recent()');
  });

  it('of user ring buffers go to programs', () => {
    using library = load(object);
    const { orders } = library.maps;
    expect(orders!.send({ id: 3n, name: 'x' }, { type: 'sample' })).toBe(true);
    expect(orders!.send(new Uint8Array(BigUint64Array.of(4n).buffer))).toBe(true);
    library.programs.drain!.run(packet);
    expect([library.variables.taken!.get(), library.variables.sum!.get()]).toEqual([2n, 7n]);
    let sent = 0;
    while (orders!.send({ id: 1n }, { type: 'sample' })) sent++;
    expect(sent).toBe(Math.floor(4096 / 72));
    library.programs.drain!.run(packet);
    expect(library.variables.taken!.get()).toBe(BigInt(2 + sent));
    for (let round = 0; round < 200; round++) {
      expect(orders!.send({ id: 1n }, { type: 'sample' })).toBe(true);
      library.programs.drain!.run(packet);
    }
    expect(library.variables.taken!.get()).toBe(BigInt(202 + sent));
    expect(orders!.ring.pending).toBe(0);
  });
});

describe.skipIf(isOld)('links and hooks', () => {
  it('are updated to another program, and tell of themselves', (context) => {
    if (!kernelAtLeast('6.6')) context.skip('tcx (needs Linux >= 6.6)');
    using library = load(object);
    const { count_in: one, count_more: other } = library.programs;
    using link = one!.attach({ device: 'lo' });
    expect(link.type).toBe('tcx');
    expect(link.details()).toMatchObject({ kind: 'tcx', ifindex: 1 });
    expect(link.info().programId).toBe(one!.info().id);
    expect(attachedPrograms({ device: 'lo', attachType: 'tcx_ingress' }).programs).toContainEqual({
      programId: one!.info().id,
      linkId: link.info().id,
    });
    link.update(other!, { expected: one! });
    expect(link.info().programId).toBe(other!.info().id);
    expect(() => link.update(one!, { expected: one! })).toThrow('it runs another program than expected');
    expect(() => link.update({} as never)).toThrow('give it as it is');
    expect(() => link.read()).toThrow('that is for iterators');
  });

  it('of control groups are queried, attached by path', () => {
    const group = '/sys/fs/cgroup/tsq_group';
    const root = defaultKernel().exists('/sys/fs/cgroup/cgroup.controllers') ? group : undefined;
    if (root === undefined) return;
    mkdirSync(group);
    try {
      using library = load(object);
      const hook = { cgroup: group, attachType: 'cgroup_inet_egress' } as const;
      expect(attachedPrograms(hook).programs).toEqual([]);
      using link = library.programs.pass!.attach({ path: group });
      expect(attachedPrograms(hook).programs.map(({ programId }) => programId)).toEqual([link.info().programId]);
    } finally {
      rmdirSync(group);
    }
  });

  it('iterators are read', () => {
    using library = load(object, { programs: { list_maps: { autoload: true } } });
    using link = library.programs.list_maps!.attach();
    const ids = link.readText().trim().split('\n');
    expect(ids).toContain(`map ${library.maps.ring!.map.info().id}`);
    expect(link.read().length).toBeGreaterThan(0);
  });

  it('pins are made, walked and removed', () => {
    using map = createMap({ type: 'array', maxEntries: 1 });
    map.pin(pinned);
    try {
      expect([...pins({ kind: 'map' })]).toContainEqual({ path: pinned, kind: 'map', id: map.info.id });
      expect([...pins({ kind: 'prog', under: '/sys/fs/bpf' })].map(({ path: place }) => place)).not.toContain(pinned);
    } finally {
      expect(unpin(pinned)).toBe(true);
    }
    expect(unpin(pinned)).toBe(false);
    expect(() => unpin('/etc/passwd')).toThrow('is on no BPF file system');
  });

  it('tc filters are added to clsact, replaced and deleted', () => {
    using library = load(object);
    const { send_ring: one, send_perf: other } = library.programs;
    try {
      const filter = one!.attach({ device: 'lo', direction: 'ingress' });
      expect(filter.priority).toBeGreaterThan(0);
      const { priority, handle } = filter;
      expect(() => other!.attach({ device: 'lo', direction: 'ingress', priority, handle })).toThrow(NetlinkError);
      using replaced = other!.attach({ device: 'lo', direction: 'ingress', priority, handle, replace: true });
      expect([replaced.priority, replaced.handle]).toEqual([priority, handle]);
      filter.close();
      filter.close();
      using again = one!.attach({ ifindex: 1, direction: 'ingress', priority, handle });
      expect(again.handle).toBe(handle);
      expect(() => one!.attach({ device: 'lo', direction: 'sideways' } as never)).toThrow("'ingress' or on 'egress'");
    } finally {
      removeClsact(1);
      removeClsact(1);
    }
  });

  it('sockets get filters, which end with the attachment', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
    try {
      using library = load(object);
      const received: string[] = [];
      socket.on('message', (message) => received.push(message.toString()));
      const say = async (text: string) => {
        socket.send(text, socket.address().port, '127.0.0.1');
        await pause(50);
      };
      await say('before');
      const attached = library.programs.nothing!.attach({ socket });
      await say('dropped');
      attached.close();
      attached.close();
      await say('after');
      expect(received).toEqual(['before', 'after']);
    } finally {
      socket.close();
    }
  });

  it('perf events are opened by name, counted, and attached to on every CPU', async () => {
    using clock = openPerfEvent({ event: 'task-clock', pid: 0 });
    clock.enable();
    for (let i = 0; i < 1e5; i++);
    clock.disable();
    expect(clock.read()).toBeGreaterThan(0n);
    expect(() => openPerfEvent({ event: 'cpu-clok' })).toThrow('it is cpu-clock, ');
    using library = load(object);
    using link = library.programs.tick!.attach({ event: 'cpu-clock', frequency: 1000 });
    await pause(100);
    expect(library.variables.ticks!.get()).toBeGreaterThan(0n);
    expect(link.type).toBe('perf_event');
  });
});

it.skipIf(isOld)('names no kernel: maps by id, path and name, rings by their map, objects by their spec', () => {
  using array = createMap({ type: 'array', name: 'tsq_default', value: 'u32', maxEntries: 1 });
  using ring = createMap({ type: 'ringbuf' });
  using orders = createMap({ type: 'user_ringbuf' });
  using events = createMap({ type: 'perf_event_array' });
  array.set(0, 7);
  array.pin(pinned);
  try {
    using byId = maps.byId(array.info.id, { readOnly: true });
    using byPath = maps.pinned(pinned);
    const [byName, ...others] = maps.byName('tsq_default');
    expect([byId, byPath, byName].map((map) => map?.info.id)).toEqual(Array(3).fill(array.info.id));
    expect(others).toEqual([]);
    expect(() => byId.set(0, 8)).toThrow(SyscallError);
    byName?.close();
    using same = maps.byId(defaultKernel(), array.info.id);
    expect(same.get(0)).toEqual(byPath.get(0));
  } finally {
    unpin(pinned);
  }
  using reader = new RingBuffer(ring, { watermark: 64 });
  using bare = new RingBuffer(ring.map);
  using writer = new UserRingBuffer(orders);
  using perf = new PerfBuffer(events, { pages: 1 });
  expect([reader.available, bare.available, writer.pending, perf.consume(() => undefined)]).toEqual([0, 0, 0, 0]);
  for (const wrong of [null, 5, {}, undefined, { map: null }]) {
    expect(() => new RingBuffer(wrong as never)).toThrow('a ring is opened by its map');
  }
  using loaded = loadObject(parseObject(readFileSync(object), { path: object }));
  expect(loaded.maps.length).toBeGreaterThan(3);
});

it.skipIf(isOld)('the kernel: features are asked of the default one, enumerations have names', () => {
  expect(defaultKernel().features.mapType('ringbuf')).toEqual({ outcome: 'supported' });
  expect(enumNames.programType.nameOf(6)).toBe('xdp');
  expect(enumNames.attachType.numberOf('xdp')).toBe(37);
  expect(enumNames.linkType.all()).toContainEqual(['tcx', 11]);
  expect(enumNames.helper.nameOf(1)).toBe('map_lookup_elem');
  expect(enumNames.command.numberOf('map_create')).toBe(0);
  expect(() => enumNames.mapType.numberOf('percpu' as never)).toThrow('it is percpu_hash, percpu_array');
  using program = returning(0);
  using same = BpfProgram.openById(program.kernel, program.info().id);
  expect(same.type).toBe('socket_filter');
  using ring = createMap({ type: 'user_ringbuf' });
  using writer = new UserRingBuffer(ring.map.kernel, ring.map.fd.number);
  expect(writer.largest).toBe(4088);
});
