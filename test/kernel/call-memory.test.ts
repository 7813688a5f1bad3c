// What the kernel sees of a call when the collector runs at the moment it is made, in optimised code.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { AF_INET, O_RDONLY, SOCK_DGRAM, SOL_SOCKET } from '../../src/sys/index.ts';
import { kernelThrough } from '../../src/sys/linux-kernel.ts';
import {
  bpf_cmd,
  type NativeStruct,
  perf_event_attr,
  type Pointer,
  plainStruct,
  structView,
  textTable,
} from '../../src/uapi/index.ts';
import { WatchedLibc } from '../support/live/watched-libc.ts';

const libc = new WatchedLibc();
const kernel = kernelThrough(() => libc);
const target = { pid: -1, cpu: 0, groupFd: -1, flags: 8 };
const folder = mkdtempSync(join(tmpdir(), 'tbr-call-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  libc.onCall = undefined;
  libc.answer = undefined;
  libc.collects = true;
  libc.calls = 0;
});

/** Bytes that tell where they are from; nobody else keeps them. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 7 + 1) & 0x7f;
  return bytes;
}

const sizes = [1, 4, 63, 64, 65, 200, 4096, 8192, 8193, 100_000];
const texts = Array.from({ length: 700 }, (_, i) => `function_${i}`);

/** A struct with a pointer to every size of array, and to a struct that has pointers itself: all are fresh. */
function freshStruct(): NativeStruct {
  const pointers = sizes.map(
    (size, i): Pointer => ({ offset: i * 8, target: pattern(size, i), start: 0, isWritten: i % 2 === 1 }),
  );
  const inner: Pointer = { offset: 8, target: pattern(40, 20), start: 3, isWritten: true };
  const nested = { bytes: pattern(32, 21), pointers: [inner] };
  const large = { bytes: pattern(50_000, 22), pointers: [{ ...inner, offset: 16 }] };
  const from = sizes.length * 8;
  for (const [i, struct] of [nested, large, textTable(texts.slice(0, 3)), textTable(texts)].entries()) {
    pointers.push({ offset: from + i * 8, target: struct, start: 0, isWritten: true });
  }
  return { bytes: pattern(from + 48, 23), pointers };
}

const address = (bytes: Uint8Array, offset: number) =>
  Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true));

/** The struct as the kernel finds it, with what its pointers name instead of addresses. */
function seen(at: number, like: NativeStruct): unknown[] {
  const bytes = libc.bytesAt(at, like.bytes.length);
  const below = like.pointers.map(({ offset, target, start }) => {
    const place = address(bytes, offset) - start;
    return target instanceof Uint8Array
      ? Buffer.from(libc.bytesAt(place, target.length)).toString('latin1')
      : seen(place, target);
  });
  for (const { offset } of like.pointers) bytes.fill(0, offset, offset + 8);
  return [Buffer.from(bytes).toString('latin1'), ...below];
}

/** The same, of the arrays as they were made. */
function meant({ bytes, pointers }: NativeStruct): unknown[] {
  const clean = bytes.slice();
  for (const { offset } of pointers) clean.fill(0, offset, offset + 8);
  const below = pointers.map(({ target: to }) =>
    to instanceof Uint8Array ? Buffer.from(to).toString('latin1') : meant(to),
  );
  return [Buffer.from(clean).toString('latin1'), ...below];
}

const shape = freshStruct();
const expected = JSON.stringify(meant(shape));
/** Nothing of the struct is kept by the function that makes the call. */
const callBpf = (command: number) => kernel.bpf(command, freshStruct());
const openEvent = () => kernel.perfEventOpen(freshStruct(), target);

/** Calls often without collections, so that the functions are optimised, then looks. */
function lookAt(make: () => unknown, looks: number): number {
  libc.answer = 0;
  libc.collects = false;
  for (let i = 0; i < 60; i++) make();
  libc.collects = true;
  let wrong = 0;
  let looked = 0;
  libc.onCall = (at) => {
    looked++;
    if (JSON.stringify(seen(at, shape)) !== expected) wrong++;
  };
  for (let i = 0; i < looks; i++) make();
  expect(looked).toBe(looks);
  return wrong;
}

describe('a collection at the call', () => {
  test.each(Object.entries(bpf_cmd).filter(([, command]) => command < bpf_cmd.__MAX_BPF_CMD))(
    'changes nothing of what %s is given',
    (_name, command) => {
      expect(lookAt(() => callBpf(command), 3)).toBe(0);
    },
  );

  // A call that is compiled into its caller has no argument on the stack that would keep the struct.
  test('changes nothing of what optimised code gives, which keeps nothing itself', () => {
    const length = 8200;
    const call = (fill: number) => {
      const large = new Uint8Array(length).fill(fill);
      const pointers = [{ offset: 0, target: large, start: 0, isWritten: false }];
      return kernel.bpf(1, { bytes: new Uint8Array(8), pointers });
    };
    libc.answer = 0;
    libc.collects = false;
    for (let i = 0; i < 30_000; i++) call(i & 0x7f);
    libc.collects = true;
    let wrong = 0;
    libc.onCall = (at) => {
      if (libc.bytesAt(address(libc.bytesAt(at, 8), 0), length).some((byte) => byte !== 0x33)) wrong++;
    };
    for (let i = 0; i < 50; i++) call(0x33);
    expect(wrong).toBe(0);
  });

  test('changes nothing of what perf_event_open is given', () => {
    expect(lookAt(openEvent, 20)).toBe(0);
  });

  test('changes nothing of what a call on another thread is given, as long as it lasts', async () => {
    libc.answer = 0;
    let wrong = 0;
    let looked = 0;
    libc.onCall = (at) => {
      looked++;
      if (JSON.stringify(seen(at, shape)) !== expected) wrong++;
    };
    const calls = Array.from({ length: 8 }, () => kernel.bpfInBackground(1, freshStruct()));
    // A call of the same kernel meanwhile uses memory of its own.
    callBpf(2);
    await Promise.all(calls);
    expect({ looked, wrong }).toEqual({ looked: 17, wrong: 0 });
  });
});

describe('what the kernel writes', () => {
  test('is in the arrays that wait for it, and in no other', () => {
    const given = freshStruct();
    const before = JSON.stringify(given.pointers.map(({ target: to }) => (to instanceof Uint8Array ? [...to] : 0)));
    libc.answer = 0;
    libc.onCall = (at) => {
      const attr = libc.bytesAt(at, given.bytes.length);
      for (const { offset, target: to, isWritten } of given.pointers) {
        if (!(to instanceof Uint8Array)) continue;
        // What only is read is a copy, or the array itself where it is large.
        if (isWritten) new Uint8Array(libc.view(BigInt(address(attr, offset)), to.length)).fill(0x55);
      }
    };
    kernel.bpf(1, given);
    const after = given.pointers.map(({ target: to }) => (to instanceof Uint8Array ? [...to] : 0));
    const first = JSON.parse(before) as number[][];
    for (const [i, { isWritten, target: to }] of given.pointers.entries()) {
      if (to instanceof Uint8Array)
        expect(after[i], `pointer ${i}`).toEqual(isWritten ? first[i]!.map(() => 0x55) : first[i]);
    }
  });

  test('of one array that is both read and written is what it wrote', () => {
    const both = pattern(24, 1);
    const pointers = [false, true].map((isWritten, i) => ({ offset: i * 8, target: both, start: 0, isWritten }));
    libc.answer = 0;
    libc.onCall = (at) => new Uint8Array(libc.view(BigInt(address(libc.bytesAt(at, 16), 8)), 24)).fill(9);
    kernel.bpf(10, { bytes: new Uint8Array(16), pointers });
    expect([...both]).toEqual(Array(24).fill(9));
  });

  test('into a struct behind a pointer is in that struct', () => {
    const inner = structView(perf_event_attr);
    libc.answer = 0;
    libc.onCall = (at) => new Uint8Array(libc.view(BigInt(address(libc.bytesAt(at, 16), 8)), 8)).fill(3);
    kernel.bpf(15, { bytes: new Uint8Array(16), pointers: [{ offset: 8, target: inner, start: 0, isWritten: true }] });
    expect(inner.u32('type')).toBe(0x03030303);
  });
});

describe('calls whose arrays are arguments', () => {
  test('files: read, write', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const fd = kernel.open(file, 2);
    expect(kernel.write(fd, pattern(5000, 3))).toBe(5000);
    kernel.close(fd);
    expect(Buffer.compare(readFileSync(file), pattern(5000, 3))).toBe(0);
    const again = kernel.open(file, O_RDONLY);
    const into = new Uint8Array(5000);
    expect(kernel.read(again, into)).toBe(5000);
    expect(Buffer.compare(into, pattern(5000, 3))).toBe(0);
    kernel.close(again);
  });

  test('sockets: bind, getsockname, setsockopt, sendto, recv', () => {
    const fd = kernel.socket(AF_INET, SOCK_DGRAM, 0);
    const own = new Uint8Array(16);
    own.set([AF_INET, 0, 0, 0, 127, 0, 0, 1]);
    expect(kernel.bind(fd, own)).toBe(0);
    const name = new Uint8Array(16);
    expect(kernel.getSocketName(fd, name)).toBe(0);
    expect([...name.subarray(4, 8)]).toEqual([127, 0, 0, 1]);
    expect(name[2]! | name[3]!).not.toBe(0);
    // SO_RCVBUF; a length that is wrong is refused.
    expect(kernel.setSocketOption(fd, SOL_SOCKET, 8, new Uint8Array(Uint32Array.of(8192).buffer))).toBe(0);
    expect(kernel.setSocketOption(fd, SOL_SOCKET, 8, new Uint8Array(0))).toBeLessThan(0);
    kernel.close(fd);
  });

  test('epoll: what was to be told comes back', () => {
    const fd = kernel.open('/proc/self/mounts', O_RDONLY);
    const epoll = kernel.epollCreate();
    expect(kernel.epollAdd(epoll, fd, 0x1234_5678)).toBe(0);
    const ready = new Uint32Array(4);
    expect(kernel.epollWait(epoll, ready, 0)).toBeLessThanOrEqual(1);
    kernel.close(epoll);
    kernel.close(fd);
  });

  test('ioctl with a struct, resource limits, clocks and names', () => {
    const [readEnd] = [kernel.open(join(folder, 'file'), O_RDONLY)];
    const waiting = new Uint8Array(4);
    // FIONREAD
    expect(kernel.ioctl(readEnd!, 0x541b, waiting)).toBe(0);
    expect(new DataView(waiting.buffer).getInt32(0, true)).toBe(5000);
    kernel.close(readEnd!);
    const limit = kernel.getResourceLimit(7);
    if (typeof limit === 'number') throw new Error('getrlimit failed');
    expect(kernel.setResourceLimit(7, limit)).toBe(0);
    expect(kernel.getResourceLimit(7)).toEqual(limit);
    expect(kernel.interfaceName(kernel.interfaceIndex('lo')!)).toBe('lo');
    expect(kernel.clock(1)).toBeGreaterThan(0n);
  });

  test('mount, and its end', () => {
    const options = { source: 'tbr', target: folder, type: 'tmpfs', flags: 0, data: 'size=1m,nr_inodes=10' };
    const result = kernel.mount(options);
    expect(result).toBe(0);
    const line = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .find((mount) => mount.startsWith('tbr '));
    expect(line).toContain(`${folder} tmpfs`);
    expect(line).toContain('nr_inodes=10');
    expect(kernel.unmount(folder, 0)).toBe(0);
  });

  test('add_key: the key has the name and the payload it was given', () => {
    // A keyring of this process, which ends with it.
    const serial = kernel.addKey({ type: 'user', description: 'tbr_key', payload: pattern(300, 9), keyring: -2 });
    expect(serial).toBeGreaterThan(0);
    const keys = readFileSync('/proc/keys', 'utf8');
    expect(keys).toMatch(/user\s+tbr_key: 300/);
  });
});

test('plain structs go as they are', () => {
  libc.answer = 0;
  libc.onCall = (at) => expect([...libc.bytesAt(at, 4)]).toEqual([1, 2, 3, 4]);
  kernel.bpf(0, plainStruct(Uint8Array.of(1, 2, 3, 4)));
  expect(libc.calls).toBeGreaterThan(0);
});
