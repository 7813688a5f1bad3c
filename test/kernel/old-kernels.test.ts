// What kernels lack is told by name and version, and nothing leans on what they lack.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NotSupportedError } from '../../src/errors/index.ts';
import { BpfMap, createMap, tryReadBatches } from '../../src/kernel/index.ts';
import { attachPerfEvent, type LoadedObject, loadObject } from '../../src/loader/index.ts';
import { parseObject } from '../../src/object/index.ts';
import { explainUnsupported, type RefusedCall, watchRefusals } from '../../src/probe/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import {
  attr_prog_load,
  bpf_cmd,
  bpf_map_type,
  bpf_prog_type,
  mapTypeName,
  plainStruct,
  structView,
} from '../../src/uapi/index.ts';
import { kernelAtLeast } from '../support/feature.ts';
import { loadTiny } from '../support/parity/fixtures/raw.ts';

const project = path.resolve(import.meta.dirname, '../..');
const real = openKernel();
const tool = [process.execPath, path.join(project, 'bin/tsbpftool.js')];
const object = (name: string) => path.join(project, 'test/fixtures/objects', `${name}.bpf.o`);

/** Map types that need no BTF, the sizes each wants, and the first kernel with it. */
const mapTypes: [type: number, keySize: number, valueSize: number, maxEntries: number, since: string][] = [
  [bpf_map_type.BPF_MAP_TYPE_QUEUE, 0, 4, 1, '4.20'],
  [bpf_map_type.BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 1, '5.4'],
  [bpf_map_type.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, '5.8'],
  [bpf_map_type.BPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 1, '5.16'],
  [bpf_map_type.BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, '6.1'],
  [bpf_map_type.BPF_MAP_TYPE_INSN_ARRAY, 4, 16, 1, '6.19'],
];
const tooNew = mapTypes.find(([, , , , since]) => !kernelAtLeast(since));

describe('a map type', () => {
  it.each(mapTypes.map((row) => [mapTypeName(row[0])!, row] as const))(
    '%s is made, or its absence is told with the first kernel that has it',
    (name, [type, keySize, valueSize, maxEntries, since]) => {
      const { kernel, lastRefusal } = watchRefusals(real);
      const fd = createMap(kernel, { type, name: 'tsk_old', keySize, valueSize, maxEntries });
      if (fd >= 0) real.close(fd);
      const told = fd < 0 ? explainUnsupported(real, lastRefusal() as RefusedCall)?.message : 'made';
      expect(told).toBe(kernelAtLeast(since) ? 'made' : `map type ${name}: not supported (needs Linux >= ${since})`);
    },
  );
});

describe('an object', () => {
  const load = (name: string): LoadedObject => {
    const file = object(name);
    return loadObject(real, parseObject(readFileSync(file), { path: file, log: () => undefined }));
  };

  it('with an arena is loaded, or refused because the kernel is older than arenas', () => {
    let told = 'loaded';
    try {
      load('arena').close();
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      told = cause instanceof NotSupportedError ? cause.message : `not explained: ${error}`;
    }
    const missing = 'map type arena: not supported (needs Linux >= 6.9)';
    expect(told).toBe(kernelAtLeast('6.9') ? 'loaded' : missing);
  });

  it('whose BTF has every kind is loaded without those the kernel does not know', () => {
    const loaded = load('rich-values');
    expect(loaded.btf).toBeDefined();
    expect(loaded.programs.length).toBeGreaterThan(0);
    loaded.close();
  });
});

describe('the program', () => {
  it('tells at a terminal what the kernel lacks, with exit status 255', (context) => {
    if (tooNew === undefined) context.skip('this kernel has all of these map types');
    const [type, keySize, valueSize, maxEntries, since] = tooNew!;
    const name = mapTypeName(type)!;
    const words = `map create /sys/fs/bpf/tsk_old type ${name} key ${keySize} value ${valueSize} entries ${maxEntries} name old`;
    const line = [...tool, ...words.split(' ')].map((word) => `'${word}'`).join(' ');
    const { status, stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { encoding: 'utf8' });
    expect(stdout).toContain(`hint: map type ${name}: not supported (needs Linux >= ${since})`);
    expect(status).toBe(255);
  });

  it('needs no more locked memory than it is given', () => {
    const pin = '/sys/fs/bpf/tsk_memlock';
    const words = `map create ${pin} type hash key 4 value 64 entries 10000 name tsk_memlock`;
    const made = spawnSync('prlimit', ['--memlock=65536', ...tool, ...words.split(' ')], { encoding: 'utf8' });
    spawnSync('rm', ['-f', pin]);
    expect(made).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('elements of a per-CPU array, which has batches since 5.13,', () => {
  it('are read in batches or one by one', async () => {
    const fd = createMap(real, {
      type: bpf_map_type.BPF_MAP_TYPE_PERCPU_ARRAY,
      name: 'tsk_percpu',
      keySize: 4,
      valueSize: 8,
      maxEntries: 3,
    });
    using map = new BpfMap(real, fd);
    map.pin('/sys/fs/bpf/tsk_percpu');
    try {
      const batches = tryReadBatches(map);
      let first = await batches.next();
      const hasBatches = first.done !== true;
      while (first.done !== true) first = await batches.next();
      expect(hasBatches).toBe(kernelAtLeast('5.13'));
      const words = ['-j', 'map', 'dump', 'pinned', '/sys/fs/bpf/tsk_percpu'];
      const dumped = spawnSync(tool[0]!, [tool[1]!, ...words], { encoding: 'utf8' });
      expect(JSON.parse(dumped.stdout).map(({ key }: { key: string[] }) => key[0])).toEqual(['0x00', '0x01', '0x02']);
    } finally {
      spawnSync('rm', ['-f', '/sys/fs/bpf/tsk_percpu']);
    }
  });
});

describe('program types that came late', () => {
  it('are explained by the version that has them', () => {
    const { kernel, lastRefusal } = watchRefusals(real);
    const code = Uint8Array.from([0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
    const license = Buffer.from('GPL\0');
    const attr = structView(attr_prog_load)
      .set('prog_type', bpf_prog_type.BPF_PROG_TYPE_NETFILTER)
      .set('insn_cnt', 2)
      .point('insns', code)
      .point('license', license);
    // Without the attach type it wants, a kernel that has the type refuses it too.
    expect(kernel.bpf(bpf_cmd.BPF_PROG_LOAD, attr)).toBeLessThan(0);
    const told = explainUnsupported(real, lastRefusal() as RefusedCall)?.message;
    const missing = 'program type netfilter: not supported (needs Linux >= 6.4)';
    expect(told).toBe(kernelAtLeast('6.4') ? undefined : missing);
  });
});

describe('a cookie of a perf event', () => {
  it('is taken, or its absence is told with the first kernel that has it', () => {
    const fd = loadTiny({ type: bpf_prog_type.BPF_PROG_TYPE_PERF_EVENT, name: 'tsk_cookie' });
    const attr = new Uint8Array(128);
    const view = new DataView(attr.buffer);
    view.setUint32(0, 1, true); // PERF_TYPE_SOFTWARE, its CPU clock
    view.setUint32(4, attr.length, true);
    view.setBigUint64(16, 1_000_000n, true); // sample period
    const event = real.perfEventOpen(plainStruct(attr), { pid: -1, cpu: 0, groupFd: -1, flags: 8 });
    expect(event).toBeGreaterThan(0);
    const program = { name: 'tsk_cookie', fd, spec: { sectionName: 'perf_event', expectedAttachType: 0 } };
    const openBefore = readdirSync('/proc/self/fd').length;
    let told = 'taken';
    try {
      attachPerfEvent({ kernel: real, log: () => undefined }, program, { fd: event, cookie: 7n }).close();
    } catch (error) {
      told = ((error as Error).cause as Error | undefined)?.message ?? String(error);
    }
    real.close(fd);
    const missing = 'cookie of a perf event: not supported (needs Linux >= 5.15)';
    expect(told).toBe(kernelAtLeast('5.15') ? 'taken' : missing);
    // The event was handed over, whatever became of it, and the program was closed.
    expect(readdirSync('/proc/self/fd').length).toBe(openBefore - 2);
  });
});
