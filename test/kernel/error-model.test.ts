// What callers of the library are told when something does not work: absence by undefined or false, all else by an error
// with the call, its object and the errno's name.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import {
  attachTracepoint,
  attachXdp,
  BpfMap,
  BpfProgram,
  ElementsRefused,
  ElementWriter,
  loadObject,
  type LoadedObject,
  type LoadOptions,
  parseObject,
  registerStructOps,
  TsbpfError,
  VerifierError,
} from '../../src/index.ts';
import { createMap } from '../../src/kernel/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';

const kernel = openKernel();
const open: { close(): void }[] = [];
afterEach(() => {
  for (const object of open.splice(0).reverse()) object.close();
});

function newMap(type: number, { keySize = 4, flags = 0 } = {}): BpfMap {
  const fd = createMap(kernel, { type, name: 'tse_map', keySize, valueSize: 4, maxEntries: 2, flags });
  const map = new BpfMap(kernel, fd);
  open.push(map);
  return map;
}

function load(name: string, options: LoadOptions = {}): LoadedObject {
  const file = path.resolve(import.meta.dirname, `../fixtures/objects/${name}.bpf.o`);
  const object = loadObject(kernel, parseObject(readFileSync(file), { path: file }), options);
  open.push(object);
  return object;
}

/** What a call throws. */
function refusal(call: () => unknown): TsbpfError {
  try {
    call();
  } catch (error) {
    if (error instanceof TsbpfError) return error;
    throw error;
  }
  throw new Error('nothing is thrown');
}

const number = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);

describe('what is not there', () => {
  it('is undefined or false', () => {
    const hash = newMap(bpf_map_type.BPF_MAP_TYPE_HASH);
    expect(hash.lookup(number(1))).toBeUndefined();
    expect(hash.delete(number(1))).toBe(false);
    expect(hash.nextKey()).toBeUndefined();
    hash.update(number(1), number(7));
    expect(hash.lookup(number(1))).toEqual(number(7));
    expect(hash.nextKey()).toEqual(number(1));
    expect(hash.nextKey(number(1))).toBeUndefined();
    expect(hash.delete(number(1))).toBe(true);
    const queue = newMap(bpf_map_type.BPF_MAP_TYPE_QUEUE, { keySize: 0 });
    expect(queue.lookupAndDelete(undefined)).toBeUndefined();
    queue.update(undefined, number(3));
    expect(queue.lookupAndDelete(undefined)).toEqual(number(3));
  });

  it('and room that is given holds what is there, and no more is answered', () => {
    const hash = newMap(bpf_map_type.BPF_MAP_TYPE_HASH);
    hash.update(number(1), number(7));
    const room = new Uint8Array(16).fill(0xaa);
    const value = hash.lookup(number(1), room)!;
    expect(value.buffer).toBe(room.buffer);
    expect([...value]).toEqual([7, 0, 0, 0]);
    expect(hash.lookup(number(2), room)).toBeUndefined();
  });
});

describe('what the kernel refuses', () => {
  it.each([
    ['BPF_NOEXIST', (map: BpfMap) => map.update(number(1), number(1), 1), 17, /EEXIST/],
    ['a full map', (map: BpfMap) => map.update(number(9), number(1)), 7, /E2BIG/],
    ['flags', (map: BpfMap) => map.lookup(number(1), undefined, 1 << 20), 22, /EINVAL/],
    ['a place that is no bpffs', (map: BpfMap) => map.pin('/tmp/tse_map'), 1, /'\/tmp\/tse_map'.*EPERM/],
  ])('says so: %s', (_what, call, errno, message) => {
    const map = newMap(bpf_map_type.BPF_MAP_TYPE_HASH);
    for (const key of [1, 2]) map.update(number(key), number(key));
    const error = refusal(() => call(map));
    expect(error).toMatchObject({ name: 'SyscallError', code: 'ERR_SYSCALL', errno });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/tse_map/);
  });

  it('tells how far a write came', () => {
    const map = newMap(bpf_map_type.BPF_MAP_TYPE_HASH);
    const [keys, values] = [new Uint8Array(Uint32Array.of(1, 2, 3, 4).buffer), new Uint8Array(16)];
    const error = refusal(() => new ElementWriter(map).write({ keys, values, count: 4 }));
    expect(error).toBeInstanceOf(ElementsRefused);
    expect(error).toMatchObject({ written: 2, errno: 7 });
    expect(error.message).toMatch(/^map 'tse_map': failed to write elements after 2: .*E2BIG/);
    expect([...'12'].map((key) => map.lookup(number(Number(key))) !== undefined)).toEqual([true, true]);
  });

  it('leaves no pin where not all can be made', () => {
    const object = load('globals');
    for (const pin of [() => object.pinMaps('/proc/self'), () => object.pinPrograms('/tmp')]) {
      const error = refusal(pin);
      expect(error).toMatchObject({ name: 'ObjectError', errno: 22 });
      expect(error.message).toMatch(/is not on BPF FS/);
    }
    expect(object.maps.some(({ pinned }) => pinned)).toBe(false);
  });

  it('of an id that is none, by its call', () => {
    expect(refusal(() => BpfProgram.openById(kernel, 0xffff_fff0))).toMatchObject({
      errno: 2,
      message: 'open program 4294967280: No such file or directory (ENOENT)',
    });
  });
});

describe('a program that the verifier refuses', () => {
  it('is told with the last line of the log, which is a property and printed once', () => {
    const error = refusal(() => load('rejected')) as VerifierError;
    expect(error).toBeInstanceOf(VerifierError);
    // Kernels from 7.3 on add a report.
    const reason = error.log
      .replace(/^Verification failed: [\s\S]*/m, '')
      .split('\n')
      .findLast((line) => line !== '' && !/^(processed|verification|stack)/.test(line))!;
    expect(error.message).toMatch(/^prog '\w+': failed to load: EACCES: /);
    expect(error.message.endsWith(reason)).toBe(true);
    expect(error.message.split('\n')).toHaveLength(1);
    const printed = inspect(error, { maxStringLength: null });
    const line = error.log.split('\n').find((candidate) => /^\d+: \(/.test(candidate))!;
    expect(printed.split(line.slice(0, 20))).toHaveLength(2);
  });
});

describe('without a log', () => {
  it('programs and maps attach, or throw, all the same', () => {
    const object = load('globals');
    const [program] = object.programs;
    expect(refusal(() => attachXdp({ kernel }, program!, { ifindex: 0x7fff_ffff }))).toMatchObject({
      name: 'ObjectError',
    });
    expect(refusal(() => attachTracepoint({ kernel }, program!, { category: 'no', name: 'such' }))).toMatchObject({
      name: 'ObjectError',
    });
    expect(refusal(() => registerStructOps({ kernel }, object, object.maps[0]!)).message).toMatch(/can't attach/);
  });
});
