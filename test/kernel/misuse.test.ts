// What the functions beyond loading are given that does not fit: refused with words, nothing left open, nothing written.
import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AnyProgram,
  assemble,
  attachedPrograms,
  ClosedError,
  createMap,
  createProgram,
  defaultKernel,
  encodeInstructions,
  enumNames,
  load,
  NetlinkError,
  openPerfEvent,
  ObjectError,
  op,
  pins,
  prefixKey,
  prefixText,
  removeClsact,
  SyscallError,
  TsbpfError,
  unpin,
  UsageError,
  UserRingBuffer,
  VerifierError,
} from '../../src/index.ts';
import { detached, wrongBytes, wrongCounts } from '../support/live/wrong-values.ts';

const fixture = (name: string) => path.resolve(import.meta.dirname, `../fixtures/objects/${name}.bpf.o`);
const kernel = defaultKernel();
const packet = { data: new Uint8Array(64) };
/** No object with members, whatever is expected. */
const noObjects: unknown[] = [undefined, null, 7, 'x', 1n, true];
let descriptors = 0;

beforeEach(() => {
  kernel.systemConfiguration(30);
  descriptors = readdirSync('/proc/self/fd').length;
});
afterEach(() => expect(readdirSync('/proc/self/fd').length).toBe(descriptors));

/** That each is refused as a mistake of the caller's, in words that say what it is about. */
function refuses(values: readonly unknown[], call: (value: never) => unknown, words: string | RegExp = /./): void {
  const otherwise: unknown[] = [];
  for (const value of values) {
    try {
      call(value as never);
      otherwise.push([value, 'was taken']);
    } catch (error) {
      const { message } = error as Error;
      const isClear = typeof words === 'string' ? message.includes(words) : words.test(message);
      if (!(error instanceof UsageError) || !isClear) otherwise.push([value, error]);
    }
  }
  expect.soft(otherwise).toEqual([]);
}

describe('createMap', () => {
  const hash = { type: 'hash', key: 'u32', value: 'u32', maxEntries: 4 } as const;

  it('wants a description, a type and sizes that there are', () => {
    refuses(noObjects, (map) => createMap(map), 'a map is described by an object');
    refuses(['hsh', '', 1, undefined, null, {}, '__proto__'], (type) => createMap({ ...hash, type }), 'no map type');
    refuses(wrongCounts, (maxEntries) => createMap({ ...hash, maxEntries }), 'maxEntries');
    refuses(wrongCounts.slice(0, 5), (key) => createMap({ ...hash, key }), 'key');
    refuses(['u33', 'char[]', 'char[-1]', 'char[1e9]', '', 1n, [], { a: 5 }, { a: null }, { '': 'u8' }], (value) =>
      createMap({ ...hash, value }),
    );
    refuses([4095, 5000, 0], (maxEntries) => createMap({ type: 'ringbuf', maxEntries }), 'a power of two');
    refuses(['x', 5, {}, [5], ['no_such'], [null]], (flags) => createMap({ ...hash, flags }), /flag/);
    refuses(['1', 1, {}], (extra) => createMap({ type: 'bloom_filter', extra }), 'extra is a bigint');
    refuses([1n << 64n, -1n], (extra) => createMap({ type: 'bloom_filter', extra }), '64 bits without a sign');
    refuses(wrongCounts, (numaNode) => createMap({ ...hash, numaNode }), 'numaNode');
    refuses([5, {}, null, []], (name) => createMap({ ...hash, name }), 'name of the map');
  });

  it('has inner maps where they belong', () => {
    const outer = { type: 'hash_of_maps', key: 'u32', maxEntries: 4 } as const;
    refuses([undefined, null, 5, 'x', {}, { map: {} }, { map: null }], (inner) => createMap({ ...outer, inner }));
    expect(() => createMap({ ...hash, inner: hash })).toThrow('is no map of maps');
    expect(() => createMap({ ...outer, inner: { ...outer, inner: hash } })).toThrow(TsbpfError);
  });

  it('says what the kernel refuses, and holds nothing', () => {
    expect(() => createMap({ type: 'array', key: 8, value: 4, maxEntries: 1 })).toThrow(/EINVAL/);
    expect(() => createMap({ ...hash, name: 'no spaces' })).toThrow(/EINVAL/);
    expect(() => createMap({ ...hash, value: 2 ** 30, maxEntries: 2 ** 30 })).toThrow(/E2BIG|ENOMEM/);
  });

  it('takes elements that fit, in lists or none of them', () => {
    using map = createMap(hash);
    refuses([undefined, null, 5, {}], (list) => map.setMany(list), 'setMany');
    refuses([[5], [null], ['ab'], [{}], [[1, 'x']], [['x', 1]], [[1, 2 ** 40]], [[1]]], (list) => map.setMany(list));
    refuses([[[1, 1]]], (list) => map.setMany(list, 'sometimes' as never), 'no mode');
    refuses([undefined, null, 5, {}], (list) => map.deleteMany(list), 'deleteMany');
    refuses([['x'], [null], [-1], [2 ** 32]], (list) => map.deleteMany(list));
    map.setMany([]);
    expect(map.deleteMany([])).toBe(0);
    expect(map.get(1)).toBeUndefined();
    using bytes = createMap({ type: 'hash', key: 8, value: 8, maxEntries: 4 });
    for (const wrong of wrongBytes(8).filter((value) => !Array.isArray(value)) as Uint8Array[]) {
      expect(() => bytes.setMany([[wrong, new Uint8Array(8)]])).toThrow(UsageError);
      expect(() => bytes.setMany([[new Uint8Array(8), wrong]])).toThrow(UsageError);
      expect(() => bytes.deleteMany([wrong])).toThrow(UsageError);
      expect(() => bytes.take(wrong)).toThrow(UsageError);
    }
    expect(bytes.take(new Uint8Array(8))).toBeUndefined();
  });

  it('without keys takes values that fit', () => {
    using queue = createMap({ type: 'queue', value: 8, maxEntries: 2 });
    // A list of numbers is taken for bytes.
    const wrong = wrongBytes(8).filter((value) => !Array.isArray(value));
    refuses(wrong, (value) => queue.push(value));
    expect(queue.pop()).toBeUndefined();
    expect(() => queue.has(new Uint8Array(8))).toThrow('is no bloom filter');
    using filter = createMap({ type: 'bloom_filter', value: 8, maxEntries: 2 });
    refuses(wrong, (value) => filter.has(value));
    queue.close();
    for (const call of [() => queue.push(new Uint8Array(8)), () => queue.pop(), () => queue.peek()]) {
      expect(call).toThrow(ClosedError);
    }
  });

  it('that holds objects takes open ones of its kind', () => {
    using outer = createMap({
      type: 'hash_of_maps',
      key: 'u32',
      maxEntries: 2,
      inner: { type: 'array', maxEntries: 1 },
    });
    using programs = createMap({ type: 'prog_array', maxEntries: 1 });
    using program = createProgram({ type: 'socket_filter', code: [op.alu('=', 'r0', 0), op.exit()] });
    using gone = createMap({ type: 'array', maxEntries: 1 });
    gone.close();
    refuses([...noObjects, {}, { fd: 'x' }, { fd: {} }, { map: null }], (held) => outer.set(1, held));
    refuses([...noObjects, {}, { fd: 'x' }, { fd: {} }], (held) => programs.set(0, held));
    expect(() => outer.set(1, gone)).toThrow(ClosedError);
    expect(() => outer.set(1, program as never)).toThrow(SyscallError);
    expect(() => programs.set(0, outer.map as never)).toThrow(SyscallError);
    expect(() => programs.set(7, program)).toThrow(SyscallError);
    expect([outer.get(1), programs.get(0)]).toEqual([undefined, undefined]);
    expect(() => outer.get('x' as never)).toThrow(UsageError);
  });

  it('takes prefixes that are some', () => {
    refuses(['', '10', '10.0.0.0/33', '::/129', '10.0.0.0/', '/8', '10.0.0.0/-1', '1.2.3.4.5', 'x'], (text) =>
      prefixKey(text),
    );
    refuses([5, undefined, null, {}, 1n], (text) => prefixKey(text));
    refuses([...wrongBytes(8), Uint8Array.of(255, 0, 0, 0, 1, 2, 3, 4)], (key) => prefixText(key));
  });
});

describe('the assembler', () => {
  it('knows its operators, registers, sizes, conditions and helpers', () => {
    const no: unknown[] = ['', 'x', '**=', 'r11', 'r-1', 'r1.5', '__proto__', 'toString', 5, null, undefined, {}];
    const wrongRegisters = no.filter((wrong) => typeof wrong !== 'number');
    refuses(no, (operator) => op.alu(operator, 'r0', 1), 'operator');
    refuses(no, (operator) => op.alu32(operator, 'r0', 1), 'operator');
    refuses(no, (register) => op.alu('=', register, 1), 'register');
    refuses(wrongRegisters, (register) => op.alu('=', 'r0', register), 'register');
    refuses(no, (register) => op.at(register), 'register');
    refuses(no, (size) => op.load(size, 'r0', op.at('r1')), 'size');
    refuses(no, (size) => op.store(size, op.at('r1'), 1), 'size');
    refuses([...noObjects, {}, { base: 'r1' }, { base: 'r1', offset: 2 ** 20 }], (place) => op.load('u8', 'r0', place));
    refuses(no, (condition) => op.jump(condition, 'r0', 1, 'out'), 'condition');
    refuses(no, (condition) => op.jump32(condition, 'r0', 1, 'out'), 'condition');
    refuses(no, (helper) => op.call(helper), 'helper');
    refuses([2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN], (value) => op.alu('=', 'r0', value), '32 bits');
    refuses([0x8000, -0x8001, 0.5, '8', null], (offset) => op.at('r1', offset), '16 bits');
    refuses(
      [1n << 64n, -(1n << 63n) - 1n, 5, '5', null, undefined],
      (value) => op.constant('r0', value),
      'does not fit 64 bits',
    );
    refuses([0.5, 2 ** 40, null, undefined, {}], (map) => op.mapAddress('r1', map));
  });

  it('resolves labels that are there once, and near', () => {
    expect(() => assemble([op.goto('out')])).toThrow("there is no label 'out'");
    expect(() => assemble([op.label('a'), op.label('a')])).toThrow('is there twice');
    const long = Array.from({ length: 40_000 }, () => op.alu('=', 'r0', 0));
    expect(() => assemble([op.goto('out'), ...long, op.label('out')])).toThrow('40000 instructions away');
    refuses([...noObjects, {}], (statements) => assemble(statements), 'statements');
    refuses([...noObjects, {}, [], { kind: 'slot' }, { kind: 'jump', to: 'x' }], (statement) => assemble([statement]));
    refuses([...noObjects, {}], (list) => encodeInstructions(list));
  });

  it('makes programs of code that is some', () => {
    const code = [op.alu('=', 'r0', 0), op.exit()];
    const socket = { type: 'socket_filter', code } as const;
    refuses(noObjects, (program) => createProgram(program), 'a program is described by an object');
    refuses(['xpd', '', 5, null, undefined], (type) => createProgram({ ...socket, type }), 'no program type');
    refuses(
      [[], null, undefined, {}, 'exit', 5, new Uint8Array(0), new Uint8Array(7), detached(8), new Uint32Array(4)],
      (wrong) => createProgram({ ...socket, code: wrong }),
    );
    refuses(['xpd', 5, null], (attachType) => createProgram({ ...socket, attachType }), 'no attach type');
    refuses([5, null, {}], (name) => createProgram({ ...socket, name }), 'name');
    refuses([5, null, {}], (license) => createProgram({ ...socket, license }), 'license');
    const named = [op.mapAddress('r1', 'count'), ...code];
    refuses(
      [undefined, {}, { other: 1 }, { count: null }, { count: 5 }, { count: {} }, { count: { fd: 'x' } }],
      (maps) => createProgram({ ...socket, code: named, maps }),
    );
    using gone = createMap({ type: 'array', maxEntries: 1 });
    gone.close();
    expect(() => createProgram({ ...socket, code: named, maps: { count: gone } })).toThrow(ClosedError);
    expect(() => createProgram({ ...socket, code: encodeInstructions([]) })).toThrow(UsageError);
    expect(() => createProgram({ ...socket, code: new Uint8Array(8).fill(0xff) })).toThrow(VerifierError);
    expect(() => createProgram({ ...socket, code: [op.goto('self'), op.label('self')] })).toThrow(VerifierError);
  });
});

describe('program.run()', () => {
  it('takes bytes, counts and room that are some', () => {
    using library = load(fixture('library'));
    const { send_ring: program } = library.programs;
    refuses([null, 7, 'x', 1n, true], (input) => program!.run(input), 'a run is given an object');
    const noBytes = [new Uint32Array(16), new ArrayBuffer(64), Array(64).fill(0), 'x', 5, null, {}];
    refuses(noBytes, (data) => program!.run({ data }), 'data');
    refuses(noBytes, (context) => program!.run({ ...packet, context }), 'context');
    refuses([0, ...wrongCounts], (repeat) => program!.run({ ...packet, repeat }), 'repeat');
    refuses(wrongCounts, (dataRoom) => program!.run({ ...packet, dataRoom }), 'dataRoom');
    for (const data of [new Uint8Array(0), new Uint8Array(13), detached(64), undefined]) {
      expect(() => program!.run({ data } as never)).toThrow(/at least 14 bytes of a packet.*EINVAL/);
    }
    expect(() => program!.run({ data: new Uint8Array(1 << 20) })).toThrow(SyscallError);
    expect(() => program!.run({ ...packet, dataRoom: 8 })).toThrow('give more dataRoom');
    expect(program!.run({ ...packet, dataRoom: 0 }).data).toHaveLength(0);
    expect(() => program!.run({ ...packet, context: new Uint8Array(4096).fill(1) })).toThrow(SyscallError);
    expect(() => library.programs.tick!.run(packet)).toThrow('cannot be run so');
    refuses(
      ['stdin', '', 1, null, undefined, '__proto__'],
      (stream) => program!.readStream(stream),
      'stdout and stderr',
    );
    program!.close();
    for (const call of [() => program!.run(packet), () => program!.statistics(), () => program!.readStream('stdout')]) {
      expect(call).toThrow(ClosedError);
    }
  });

  it('of programs of type syscall takes a context only', () => {
    const code = [
      op.load('u64', 'r2', op.at('r1')),
      op.alu('+=', 'r2', 1),
      op.store('u64', op.at('r1'), 'r2'),
      op.alu('=', 'r0', 5),
      op.exit(),
    ];
    using program = createProgram({ type: 'syscall', code });
    const context = new Uint8Array(BigUint64Array.of(41n).buffer);
    const output = program.run({ context });
    expect([output.returnValue, new DataView(output.context.buffer).getBigUint64(0, true)]).toEqual([5, 42n]);
    expect([...context]).toEqual([41, 0, 0, 0, 0, 0, 0, 0]);
    for (const input of [packet, { context, repeat: 2 }, { dataRoom: 4 }]) {
      expect(() => program.run(input)).toThrow('a program of type syscall is run once, and has a context only');
    }
    for (const short of [undefined, new Uint8Array(0), new Uint8Array(7), detached(8), new Uint8Array(1 << 17)]) {
      expect(() => program.run({ context: short } as never)).toThrow(/EINVAL/);
    }
    using none = createProgram({ type: 'syscall', code: [op.alu('=', 'r0', 6), op.exit()] });
    expect(none.run().returnValue).toBe(6);
    expect(none.run({ context: new Uint8Array(0) }).returnValue).toBe(6);
  });
});

describe('streams of records', () => {
  it.each(['ring', 'perf'])('of a %s end when they are told to, by what can end them', async (name) => {
    using library = load(fixture('library'));
    const events = library.maps[name]!;
    const wrongEnds: unknown[] = [null, 7, 'x', { signal: 'x' }, { signal: {} }, { signal: null }];
    const wrongTimes: unknown[] = ['5', null, {}, Number.NaN, new Date(Number.NaN), 5n];
    for (const make of [
      (end: never) => events.records({ type: 'sample', ...(end as object) }),
      (end: never) => events.raw(end),
      (end: never) => events.events(end),
    ]) {
      refuses(
        wrongTimes.map((deadline) => ({ deadline })),
        make,
        'deadline',
      );
      refuses(
        wrongEnds.filter((end) => typeof end === 'object' && end !== null),
        make,
        'signal',
      );
    }
    refuses(wrongEnds, (end) => events.raw(end));
    refuses([null, 7, 'x'], (options) => events.records(options));
    refuses(['no_t', '', '__proto__'], (type) => events.records({ type }), 'has no type');
    refuses([5, null, {}], (type) => events.records({ type }), 'type');
    refuses(['sometimes', 5, null], (enums) => events.records({ type: 'sample', enums }), 'enums');
    const stream = events.records({ type: 'sample', deadline: Number.POSITIVE_INFINITY });
    const waiting = [stream.next(), stream.next()];
    events.close();
    events.close();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ done: true, value: undefined })));
    await stream.return(undefined);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    const again = events.records({ type: 'sample', deadline: Date.now() + 5 });
    expect(await again.next()).toEqual({ done: true, value: undefined });
  });

  it('of a type that is longer than the events end with an error, and the reader goes on', async () => {
    using library = load(fixture('library'));
    const { ring } = library.maps;
    const wide = ring!.records({ type: '__sk_buff', deadline: Date.now() + 1000 });
    library.programs.send_ring!.run(packet);
    await expect(wide.next()).rejects.toThrow(/an event of 'ring' has 64 bytes, its type \d+/);
    library.programs.send_ring!.run(packet);
    expect((await ring!.raw().next()).value).toHaveLength(64);
  });
});

describe('a user ring buffer', () => {
  it('sends samples that fit, to programs', () => {
    using library = load(fixture('library'));
    const { orders } = library.maps;
    const noBytes = [new Uint32Array(2), new ArrayBuffer(8), [1], 'x', 5, null, {}, undefined];
    refuses(noBytes, (sample) => orders!.ring.send(sample), 'sample');
    refuses([...noBytes, {}], (value) => orders!.send(value), 'declares no type');
    refuses([{ id: 'x' }, { id: 1n << 64n }, { nothing: 1 }, 5, null, 'x'], (value) =>
      orders!.send(value, { type: 'sample' }),
    );
    refuses(['no_t', 5, null, ''], (type) => orders!.send({}, { type }));
    expect(() => orders!.send(new Uint8Array(4089))).toThrow('at most 4088');
    expect(orders!.ring.pending).toBe(0);
    expect(orders!.send(detached(8))).toBe(true);
    expect(orders!.send(new Uint8Array(4088))).toBe(false);
    library.programs.drain!.run(packet);
    expect(orders!.send(new Uint8Array(4088))).toBe(true);
    library.programs.drain!.run(packet);
    expect(library.variables.taken!.get()).toBe(2n);
    const { ring } = orders!;
    ring.close();
    ring.close();
    expect(() => ring.send(new Uint8Array(8))).toThrow(ClosedError);
    expect(() => ring.pending).toThrow(ClosedError);
    expect(() => ring.largest).toThrow(ClosedError);
    refuses([-1, 0.5, 99_999, 'x', null, library.maps.queue!.map.fd.number], (fd) => new UserRingBuffer(kernel, fd));
  });
});

describe('variables', () => {
  it('take what fits, whole or in part, and nothing once the object is closed', () => {
    const globals = load(fixture('globals'));
    const { points, initialised, limit } = globals.variables;
    const before = [points!.get(), initialised!.get()];
    refuses(['x', null, undefined, {}, 2 ** 40, 1n << 40n, 0.5, [1]], (value) => initialised!.set(value));
    const wrongPoints: unknown[] = [
      ...[5, null, 'x', {}, [5], [null], [{ x: 1, z: 2 }], [{ x: 2 ** 40 }], [{ x: {} }]],
      ...[Array(9999).fill({ x: 1 }), new Uint8Array(4096), detached(8)],
    ];
    refuses(wrongPoints, (value) => points!.set(value));
    refuses([1n, 5, 'x'], (value) => limit!.set(value), 'a constant is set before');
    expect([points!.get(), initialised!.get()]).toEqual(before);
    points!.set([]);
    expect(points!.get()).toEqual(before[0]);
    // What is given closes the object while it is read.
    const closing = {
      get x() {
        globals.close();
        return 1;
      },
    };
    expect(() => points!.set([closing])).toThrow(UsageError);
    for (const call of [() => points!.get(), () => points!.set([{ x: 1 }]), () => initialised!.value]) {
      expect(call).toThrow('is closed');
    }
  });
});

describe('links', () => {
  it('are updated to open programs of their kind', () => {
    using library = load(fixture('library'));
    const { count_in: one, count_more: other, tick, send_ring: classifier } = library.programs;
    const link = one!.attach({ device: 'lo' });
    refuses([...noObjects, {}, { fd: 'x' }, { fd: {} }], (to) => link.update(to), 'give it as it is');
    refuses(
      [...noObjects.slice(1), {}, { fd: 5 }],
      (expected) => link.update(other!, { expected }),
      'give it as it is',
    );
    for (const wrong of [tick!, library.maps.ring!.map, { fd: { number: 99_999 } }, { fd: { number: -1 } }]) {
      expect(() => link.update(wrong)).toThrow(SyscallError);
    }
    refuses([0.5, Number.NaN], (number) => link.update({ fd: { number } }));
    expect(link.info().programId).toBe(one!.info().id);
    expect(() => link.read()).toThrow('that is for iterators');
    const again = load(fixture('library'));
    again.close();
    classifier!.close();
    expect(() => link.update(classifier!)).toThrow(ClosedError);
    link.close();
    link.close();
    for (const call of [() => link.update(other!), () => link.info(), () => link.details(), () => link.type]) {
      expect(call).toThrow(ClosedError);
    }
  });

  it('go to places that are named', () => {
    using library = load(fixture('library'));
    const { count_in: tcx, pass, list_maps: _ } = { ...library.programs } as Record<string, AnyProgram>;
    refuses([null, 5, 'lo', {}, { device: 5 }, { device: null }], (target) => tcx!.attach(target));
    refuses(
      wrongCounts.filter((wrong) => wrong !== null),
      (ifindex) => tcx!.attach({ ifindex } as never),
    );
    expect(() => tcx!.attach({ device: 'tsq_none' })).toThrow(/ENODEV/);
    expect(() => tcx!.attach({ ifindex: 99_999 })).toThrow(ObjectError);
    refuses([null, 5, '/', {}, { path: 5 }, { path: null }], (target) => pass!.attach(target));
    expect(() => pass!.attach({ path: '/nonexistent' })).toThrow(/ENOENT/);
    expect(() => pass!.attach({ path: '/tmp' })).toThrow(TsbpfError);
  });
});

describe('pins and hooks', () => {
  it('are walked and asked for where they can be', () => {
    refuses([5, null, {}], (under) => [...pins({ under })], 'under');
    refuses(['maps', 5, null, ''], (kind) => [...pins({ kind })], 'kind');
    for (const under of ['/nonexistent', '/proc/self/status', '/proc/self/fdinfo', '']) {
      expect([...pins({ under })]).toEqual([]);
    }
    refuses([5, null, undefined, {}, 'a\0b'], (place) => unpin(place));
    for (const place of ['/etc/passwd', '/proc/self/status', '/']) expect(() => unpin(place)).toThrow('is no pin');
    expect([unpin(''), unpin('/nonexistent/pin')]).toEqual([false, false]);
    expect(() => unpin('/sys/fs/bpf')).toThrow(SyscallError);
    const hook = { attachType: 'tcx_ingress', device: 'lo' } as const;
    refuses(noObjects, (wrong) => attachedPrograms(wrong), 'a hook is');
    refuses([{ attachType: 'tcx_ingress' }, { ...hook, device: 5 }, { ...hook, device: null }], (wrong) =>
      attachedPrograms(wrong),
    );
    refuses(['tcx', 5, null, undefined], (attachType) => attachedPrograms({ ...hook, attachType }), 'no attach type');
    refuses(wrongCounts, (ifindex) => attachedPrograms({ attachType: 'tcx_ingress', ifindex }));
    refuses([...noObjects, {}, { fd: 5 }, { fd: {} }], (map) =>
      attachedPrograms({ attachType: 'sk_skb_verdict', map }),
    );
    expect(() => attachedPrograms({ ...hook, device: 'tsq_none' })).toThrow(/ENODEV/);
    expect(() => attachedPrograms({ attachType: 'cgroup_inet_egress', cgroup: '/nonexistent' })).toThrow(/ENOENT/);
    expect(() => attachedPrograms({ attachType: 'cgroup_inet_egress', cgroup: '/tmp' })).toThrow(SyscallError);
    expect(() => attachedPrograms({ attachType: 'xdp', device: 'lo' })).toThrow(
      'is the attach type one of such a place?',
    );
    refuses(['xpd', 5, null, ''], (name) => enumNames.linkType.numberOf(name), 'there is no link type');
    for (const number of [-1, 0.5, 1e9, Number.NaN, 'x'])
      expect(enumNames.helper.nameOf(number as never)).toBeUndefined();
  });
});

describe('perf events', () => {
  it('are named, and counted until they are closed', () => {
    const clock = { event: 'cpu-clock' } as const;
    refuses(noObjects, (request) => openPerfEvent(request), 'perf event');
    refuses(
      ['', 'cpu-clok', 5, null, undefined, {}, { type: 1 }, { type: 'x', config: 0n }, { type: 1, config: 0 }],
      (event) => openPerfEvent({ event }),
    );
    for (const what of ['frequency', 'period', 'cpu', 'pid']) {
      const zero = what === 'frequency' || what === 'period' ? [0] : [];
      refuses(
        [...wrongCounts.filter((wrong) => what !== 'period' || wrong !== 2 ** 40), ...zero],
        (value) => openPerfEvent({ ...clock, [what]: value }),
        what,
      );
    }
    expect(() => openPerfEvent({ ...clock, frequency: 1, period: 1 })).toThrow('give one');
    expect(() => openPerfEvent({ ...clock, frequency: 2 ** 31 })).toThrow(SyscallError);
    expect(() => openPerfEvent({ ...clock, cpu: 99_999 })).toThrow(SyscallError);
    expect(() => openPerfEvent({ ...clock, pid: 0x7fff_ffff })).toThrow(/ESRCH/);
    const event = openPerfEvent({ ...clock, pid: 0 });
    event.close();
    event.close();
    for (const call of [() => event.enable(), () => event.disable(), () => event.read()])
      expect(call).toThrow(ClosedError);
    using library = load(fixture('library'));
    const { tick } = library.programs;
    refuses([null, 5, 'cpu-clock', {}, { event: 'cpu-clok' }, { fd: 'x' }, { fd: null }], (target) =>
      tick!.attach(target),
    );
    refuses(['x', 5, null], (cookie) => tick!.attach({ ...clock, cpu: 0, cookie } as never), 'cookie');
    expect(() => tick!.attach({ fd: -1 })).toThrow(ObjectError);
    expect(() => tick!.attach({ fd: 99_999 })).toThrow(ObjectError);
  });
});

describe('tc filters and socket filters', () => {
  it('of tc have a device, a direction and numbers', () => {
    using library = load(fixture('library'));
    const { send_ring: program } = library.programs;
    const ingress = { device: 'lo', direction: 'ingress' } as const;
    // Null is as if nothing was given.
    const numbersWrong = wrongCounts.filter((wrong) => wrong !== null);
    refuses([null, 5, 'lo', {}, { device: 'lo' }, { direction: 'ingress' }], (target) => program!.attach(target));
    refuses(['in', '', 5, null], (direction) => program!.attach({ ...ingress, direction }), "'ingress' or on 'egress'");
    refuses([...numbersWrong, 0x10000], (priority) => program!.attach({ ...ingress, priority }), 'priority');
    refuses(numbersWrong, (handle) => program!.attach({ ...ingress, handle }), 'handle');
    refuses(wrongCounts, (ifindex) => program!.attach({ direction: 'ingress', ifindex } as never));
    refuses(wrongCounts, (ifindex) => removeClsact(ifindex));
    expect(() => program!.attach({ ...ingress, replace: true })).toThrow('say which filter is replaced');
    expect(() => program!.attach({ direction: 'ingress', ifindex: 99_999 })).toThrow(NetlinkError);
    removeClsact(99_999);
    const filter = program!.attach(ingress);
    filter.close();
    filter.close();
    removeClsact(1);
    program!.close();
    expect(() => program!.attach(ingress)).toThrow(ClosedError);
    removeClsact(1);
  });

  it('of sockets have a socket that is open', async () => {
    using library = load(fixture('library'));
    const { nothing, send_ring: _ } = library.programs;
    const socket = createSocket('udp4');
    const closed = createSocket('udp4');
    await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => void closed.bind(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => void closed.close(resolve));
    try {
      refuses(
        [null, 5, 'x', {}, { socket: null }, { socket: 'x' }, { socket: -1 }, { socket: 0.5 }, { socket: {} }],
        (target) => nothing!.attach(target),
      );
      expect(() => nothing!.attach({ socket: closed })).toThrow(UsageError);
      expect(() => nothing!.attach({ socket: 99_999 })).toThrow(/EBADF/);
      expect(() => nothing!.attach({ socket: library.maps.ring!.map.fd.number })).toThrow(/ENOTSOCK/);
      const attached = nothing!.attach({ socket });
      attached.close();
      attached.close();
      nothing!.close();
      expect(() => nothing!.attach({ socket })).toThrow(ClosedError);
    } finally {
      await new Promise<void>((resolve) => void socket.close(resolve));
    }
  });
});
