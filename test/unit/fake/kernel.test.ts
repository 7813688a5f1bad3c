// The library on a kernel in memory, as its users' tests run it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FakeKernel, fakeKernel } from '../../../src/fake/index.ts';
import {
  attachCgroup,
  attachXdp,
  autoAttach,
  BpfLink,
  BpfMap,
  BpfProgram,
  loadObject,
  maps,
  objectIds,
  parseObject,
  PerfBuffer,
  RingBuffer,
  TypedMap,
} from '../../../src/index.ts';

const project = path.resolve(import.meta.dirname, '../../..');
const log = () => undefined;

function loadFile(kernel: FakeKernel, file: string) {
  return loadObject(kernel, parseObject(readFileSync(path.join(project, file)), { path: file }), { log });
}

const empty = { maps: 0, programs: 0, links: 0, btfs: 0, descriptors: 0 };

describe('a kernel in memory', () => {
  it('has what a loaded object brings, and nothing of it once that is closed', async () => {
    const kernel = fakeKernel();
    {
      using object = loadFile(kernel, 'examples/hello-ring-buffer-config.bpf.o');
      using config = new TypedMap<number, { message: string }>(
        BpfMap.openById(kernel, object.map('config')!.info().id),
      );
      config.set(501, { message: 'Hi user 501!' });
      expect(config.get(501)).toEqual({ message: 'Hi user 501!' });
      expect(config.get(502)).toBeUndefined();
      const entries: unknown[] = [];
      for await (const entry of config) entries.push(entry);
      expect(entries).toEqual([[501, { message: 'Hi user 501!' }]]);
      const [program] = object.programs;
      expect(program!.info()).toMatchObject({ name: program!.name.slice(0, 15), gplCompatible: true });
      expect(program!.infoWithMaps().mapIds).toContain(object.map('config')!.info().id);
      expect(program!.fullName(program!.info())).toBe(program!.name);
      using link = autoAttach({ kernel, log }, program!);
      expect(link).toBeDefined();
      expect([...objectIds(kernel, 'link')]).toHaveLength(1);
      expect(kernel.counts()).toMatchObject({ programs: 1, links: 1, btfs: 1 });
    }
    expect(kernel.counts()).toEqual(empty);
  });

  it('has records that a test pushes into ring buffers, as bytes or by their type', async () => {
    const kernel = fakeKernel();
    using object = loadFile(kernel, 'examples/hello-ring-buffer-config.bpf.o');
    using ring = new RingBuffer(kernel, object.map('output')!.fd.number);
    expect(kernel.push('output', Uint8Array.of(1, 2, 3))).toBe(true);
    const seen: Uint8Array[] = [];
    expect(ring.poll(1000, (record) => seen.push(record))).toBe(1);
    expect(seen).toEqual([Uint8Array.of(1, 2, 3)]);
    setTimeout(() => kernel.push(object.map('output')!.info().id, { pid: 7, message: 'hi' }, { type: 'event_t' }), 5);
    for await (const record of ring.records()) {
      expect(new DataView(record.buffer).getUint32(0, true)).toBe(7);
      break;
    }
    for (let i = 0; i < 10_000; i++) {
      const record = Uint8Array.of(i, i >> 8);
      kernel.push('output', record);
      ring.consume((found) => expect(found).toEqual(record));
    }
    expect(ring.consume(log)).toBe(0);
  });

  it('refuses a record where there is no room, and none is lost that was taken', () => {
    const kernel = fakeKernel();
    using object = loadFile(kernel, 'examples/hello-ring-buffer-config.bpf.o');
    using ring = new RingBuffer(kernel, object.map('output')!.fd.number);
    let taken = 0;
    while (kernel.push('output', new Uint8Array(1000))) taken++;
    expect(taken).toBe(Math.floor((object.map('output')!.maxEntries - 1) / 1008));
    expect(ring.consume(log)).toBe(taken);
    expect(kernel.push('output', new Uint8Array(1000))).toBe(true);
  });

  it('has perf buffers that tell of what they lost', () => {
    const kernel = fakeKernel({ cpus: 3 });
    using object = loadFile(kernel, 'examples/hello-buffer-config.bpf.o');
    expect(() => kernel.push('output', new Uint8Array(8))).toThrow('nobody listens to CPU 0');
    using buffer = new PerfBuffer(kernel, object.map('output')!.fd.number, { pages: 1 });
    expect(kernel.push('output', Uint8Array.of(5, 6), { cpu: 2 })).toBe(true);
    const records: unknown[] = [];
    expect(buffer.poll(0, (record) => records.push(record))).toBe(1);
    expect(records).toMatchObject([{ kind: 'sample', cpu: 2 }]);
    let refused = 0;
    while (refused < 3) if (!kernel.push('output', new Uint8Array(500))) refused++;
    buffer.consume(log);
    kernel.push('output', new Uint8Array(4));
    const kinds: unknown[] = [];
    buffer.consume((record) => kinds.push(record.kind === 'lost' ? [record.kind, record.count] : record.kind));
    expect(kinds).toEqual([['lost', 3n], 'sample']);
  });

  it('keeps pins, and finds objects by path, name and id', () => {
    const kernel = fakeKernel();
    {
      using object = loadFile(kernel, 'examples/hello-ring-buffer-config.bpf.o');
      object.pinMaps('/sys/fs/bpf/app');
    }
    expect(kernel.readDirectory('/sys/fs/bpf/app').sort()).toEqual(['config', 'hello_ri_rodata', 'output']);
    using config = maps.pinned(kernel, '/sys/fs/bpf/app/config');
    const [byName] = maps.byName(kernel, 'config');
    expect(byName!.info).toEqual(config.info);
    byName!.close();
    expect(() => BpfProgram.openPinned(kernel, '/sys/fs/bpf/app/config')).toThrow('not a BPF program');
    for (const name of ['config', 'hello_ri_rodata', 'output']) kernel.unlink(`/sys/fs/bpf/app/${name}`);
    config.close();
    expect(kernel.counts()).toEqual(empty);
  });

  it('attaches to devices, cgroups and functions that it knows of', () => {
    const kernel = fakeKernel({ interfaces: { lo: 1, eth0: 4 } });
    kernel.makeDirectory('/sys/fs/cgroup/app', 0o755);
    using xdp = loadFile(kernel, 'examples/hello.bpf.o');
    using link = attachXdp({ kernel, log }, xdp.programs[0]!, { ifindex: kernel.interfaceIndex('eth0')! });
    const [id] = objectIds(kernel, 'link');
    using seen = BpfLink.openById(kernel, id!);
    expect(seen.info().view.u32('xdp.ifindex')).toBe(4);
    seen.detach();
    expect(link).toBeDefined();
    expect(attachCgroup).toBeTypeOf('function');
  });

  it('is each a world of its own, and refuses what it does not have by name', () => {
    const [first, second] = [fakeKernel(), fakeKernel()];
    using object = loadFile(first, 'examples/hello.bpf.o');
    expect(object.programs).toHaveLength(1);
    expect(second.counts()).toEqual(empty);
    expect(() => second.push('none', new Uint8Array(1))).toThrow('the fake kernel has no map none; it has none');
    expect(() => second.setNamespace(1, 1)).toThrow('setNamespace() of the fake kernel: not supported');
    expect(() => fakeKernel({ cpus: 0 })).toThrow('cpus: expected 1 to 4096, got 0');
    expect(() => first.push('output', 1n)).toThrow();
  });
});
