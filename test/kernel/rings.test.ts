import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BpfMap, createMap, PerfBuffer, RingBuffer } from '../../src/kernel/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import {
  attr_prog_load,
  attr_test_run,
  bpf_cmd,
  bpf_func_id,
  bpf_map_type,
  bpf_prog_type,
  structView,
} from '../../src/uapi/index.ts';

const k = openKernel();
const open: { close(): void }[] = [];
let descriptors = 0;

beforeEach(() => {
  k.systemConfiguration(30);
  descriptors = readdirSync('/proc/self/fd').length;
});
afterEach(() => {
  for (const object of open.splice(0).reverse()) object.close();
  expect(readdirSync('/proc/self/fd').length).toBe(descriptors);
});

function mustCreateMap(type: number, keySize: number, valueSize: number, maxEntries: number): BpfMap {
  const fd = createMap(k, { type, name: 'tsk_ring', keySize, valueSize, maxEntries });
  expect(fd).toBeGreaterThanOrEqual(0);
  const map = new BpfMap(k, fd);
  open.push(map);
  return map;
}

type Instruction = [code: number, registers: number, off: number, imm: number];

/** A tc program from instructions; run once a call. */
function mustLoad(instructions: Instruction[]): () => void {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, registers, off, imm]] of instructions.entries()) {
    view.setUint8(i * 8, code);
    view.setUint8(i * 8 + 1, registers);
    view.setInt16(i * 8 + 2, off, true);
    view.setInt32(i * 8 + 4, imm, true);
  }
  const license = new TextEncoder().encode('GPL\0');
  const log = new Uint8Array(65536);
  const attr = structView(attr_prog_load)
    .set('prog_type', bpf_prog_type.BPF_PROG_TYPE_SCHED_CLS)
    .set('insn_cnt', instructions.length)
    .point('insns', bytes)
    .point('license', license)
    .set('log_level', 1)
    .set('log_size', log.length)
    .receive('log_buf', log);
  const fd = k.bpf(bpf_cmd.BPF_PROG_LOAD, attr);
  expect(fd, Buffer.from(log).toString().replace(/\0+$/, '')).toBeGreaterThanOrEqual(0);
  open.push({ close: () => k.close(fd) });
  const packet = new Uint8Array(64);
  return () => {
    const run = structView(attr_test_run)
      .set('prog_fd', fd)
      .point('data_in', packet)
      .set('data_size_in', packet.length)
      .set('repeat', 1);
    expect(k.bpf(bpf_cmd.BPF_PROG_TEST_RUN, run)).toBe(0);
  };
}

const storeOnStack = (imm: number): Instruction => [0x7a, 0x0a, -8, imm];
const loadMap = (register: number, fd: number): Instruction[] => [
  [0x18, 0x10 | register, 0, fd],
  [0, 0, 0, 0],
];
const moveTo = (register: number, imm: number): Instruction => [0xb7, register, 0, imm];
const end: Instruction[] = [moveTo(0, 0), [0x95, 0, 0, 0]];

describe('the ring buffer', () => {
  function producer(map: BpfMap): () => void {
    return mustLoad([
      storeOnStack(7),
      ...loadMap(1, map.fd.number),
      [0xbf, 0xa2, 0, 0],
      [0x07, 2, 0, -8],
      moveTo(3, 8),
      moveTo(4, 0),
      [0x85, 0, 0, bpf_func_id.BPF_FUNC_ringbuf_output],
      ...end,
    ]);
  }

  test('hands over records in order, past the end of the ring', () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
    const run = producer(map);
    const ring = new RingBuffer(k, map.fd.number);
    open.push(ring);
    expect(ring.poll(0, () => {})).toBe(0);
    let seen = 0;
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 100; i++) run();
      const count = ring.poll(1000, (data) => {
        expect(data).toEqual(Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0));
        seen++;
      });
      expect(count).toBe(100);
    }
    expect(seen).toBe(1000);
  });

  test('is read asynchronously until aborted', async () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
    const run = producer(map);
    const ring = new RingBuffer(k, map.fd.number);
    open.push(ring);
    const abort = new AbortController();
    setTimeout(run, 10);
    setTimeout(run, 60);
    let seen = 0;
    for await (const data of ring.records(abort.signal)) {
      expect(data.length).toBe(8);
      if (++seen === 2) setTimeout(() => abort.abort(), 20);
    }
    expect(seen).toBe(2);
  });

  test('refuses another kind of map', () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_ARRAY, 4, 4, 1);
    expect(() => new RingBuffer(k, map.fd.number)).toThrow(/ring buffer/);
  });
});

describe('the perf buffer', () => {
  function producer(map: BpfMap): () => void {
    return mustLoad([
      storeOnStack(9),
      ...loadMap(2, map.fd.number),
      [0x18, 3, 0, -1],
      [0, 0, 0, 0],
      [0xbf, 0xa4, 0, 0],
      [0x07, 4, 0, -8],
      moveTo(5, 8),
      [0x85, 0, 0, bpf_func_id.BPF_FUNC_perf_event_output],
      ...end,
    ]);
  }

  test('hands over samples past the end of a ring', () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64);
    const run = producer(map);
    const buffer = new PerfBuffer(k, map.fd.number, { pages: 1, maxEntries: 64 });
    open.push(buffer);
    let seen = 0;
    let last = 0n;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 50; i++) run();
      buffer.poll(1000, (record) => {
        if (record.kind !== 'sample') throw new Error(`unexpected ${record.kind}`);
        expect(record.data.subarray(0, 8)).toEqual(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0));
        expect(record.time > 0n).toBe(true);
        last = record.time;
        seen++;
      });
    }
    expect(last > 0n).toBe(true);
    expect(seen).toBe(1000);
  });

  test('reports how many samples were lost', () => {
    const map = mustCreateMap(bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64);
    const run = producer(map);
    const buffer = new PerfBuffer(k, map.fd.number, { pages: 1, maxEntries: 64 });
    open.push(buffer);
    for (let i = 0; i < 1000; i++) run();
    let samples = 0n;
    let lost = 0n;
    const note = (record: { kind: string; count?: bigint }) => {
      if (record.kind === 'sample') samples++;
      else lost += record.count ?? 0n;
    };
    buffer.consume(note);
    // The kernel tells of the loss with the next sample that fits, on the CPU that lost it.
    for (let i = 0; i < 64 && samples + lost < 1001n; i++) {
      run();
      buffer.consume(note);
    }
    expect(lost > 0n).toBe(true);
  });
});
