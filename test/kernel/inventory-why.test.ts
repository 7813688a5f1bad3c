// `why` and `gc`: each kind of reference to an object, alone and with others, against the kernel's own count.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawTracepoint } from '../../src/bpf/index.ts';
import { Fd } from '../../src/kernel/index.ts';
import { bpf_attach_type, bpf_map_type, bpf_prog_type } from '../../src/uapi/index.ts';
import { kernelAtLeast } from '../support/feature.ts';
import { kernel, Scope } from '../support/inventory/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const pins = '/sys/fs/bpf/inventory-why';
const network = 'inventory_why';
const { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_CGROUP_SKB, BPF_PROG_TYPE_RAW_TRACEPOINT } =
  bpf_prog_type;

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}
const ours = (...args: string[]) => run(process.execPath, tool, ...args);
const inside = (...args: string[]) => {
  // Not `ip netns exec`, which hides the BPF file system behind a /sys of its own.
  const result = run('nsenter', `--net=/run/netns/${network}`, ...args);
  expect(result.status, result.stderr).toBe(0);
  return result.stdout;
};

interface Why {
  counted: number;
  explained: number;
  references: { kind: string; text: string; count: number; remedy?: string }[];
  causes: string[];
}

/** What `why` says of an object, all of which must be explained. */
function explained(...words: string[]): Why['references'] {
  const { status, stdout, stderr } = ours('-j', 'why', ...words);
  expect(status, stdout + stderr).toBe(0);
  const why = JSON.parse(stdout) as Why;
  expect(why.explained, stdout).toBe(why.counted);
  expect(why.causes).toEqual([]);
  return why.references;
}
const texts = (references: Why['references']) => references.map(({ text }) => text);

beforeAll(() => {
  mkdirSync(pins, { recursive: true });
  run('ip', 'netns', 'del', network);
  expect(run('ip', 'netns', 'add', network).status).toBe(0);
  inside('ip', 'link', 'add', 'inv0', 'type', 'veth', 'peer', 'name', 'inv1');
});
afterAll(() => {
  run('ip', 'netns', 'del', network);
  rmSync(pins, { recursive: true, force: true });
});

describe('references to a program', () => {
  it('are descriptors and pins', () => {
    using scope = new Scope();
    const program = scope.program('why_held');
    scope.pin(program, `${pins}/held`);
    const found = explained('prog', 'name', 'why_held');
    expect(found.map(({ kind }) => kind)).toEqual(['descriptor', 'pin']);
    expect(texts(found)[0]).toContain(`(${process.pid}), descriptor ${program.number}`);
    expect(found[1]!.remedy).toBe(`rm ${pins}/held`);
    // The same pin by another handle.
    expect(explained('pinned', `${pins}/held`)).toHaveLength(2);
  });

  it('are one where a descriptor is duplicated or inherited', () => {
    using scope = new Scope();
    const program = scope.program('why_shared');
    using twin = new Fd(kernel, kernel.duplicate(program.number));
    expect(twin.number).toBeGreaterThan(0);
    const found = explained('prog', 'name', 'why_shared');
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(1);
  });

  it('are elements of a map of programs', () => {
    using scope = new Scope();
    const program = scope.program('why_tail');
    const map = scope.map({ name: 'why_progs', type: bpf_map_type.BPF_MAP_TYPE_PROG_ARRAY, maxEntries: 4 });
    scope.set(map, 1, program);
    scope.set(map, 3, program);
    const found = explained('prog', 'name', 'why_tail');
    expect(found.filter(({ kind }) => kind === 'map')).toHaveLength(2);
    expect(found.at(-1)!.remedy).toMatch(/^tsbpftool map delete id \d+ key 3 0 0 0$/);
  });

  it('are devices: XDP of both modes, tcx, and filters of traffic control, in another network namespace', () => {
    using scope = new Scope();
    const xdp = scope.program('why_xdp', { type: BPF_PROG_TYPE_XDP, result: 2 });
    scope.pin(xdp, `${pins}/xdp`);
    const packet = scope.program('why_tc', { type: BPF_PROG_TYPE_SCHED_CLS });
    scope.pin(packet, `${pins}/tc`);
    for (const mode of ['xdpgeneric', 'xdpdrv']) {
      inside(process.execPath, tool, 'net', 'attach', mode, 'pinned', `${pins}/xdp`, 'dev', 'inv0');
      const found = explained('prog', 'name', 'why_xdp');
      expect(texts(found).at(-2)).toMatch(/^attached to inv0 \(netns inventory_why\) \(xdp (generic|driver)\)$/);
      expect(found.at(-1)!.kind).toBe('dispatcher');
      expect(found.at(-2)!.remedy).toBe(`ip netns exec ${network} tsbpftool net detach ${mode} dev inv0`);
      inside(process.execPath, tool, 'net', 'detach', mode, 'dev', 'inv0');
    }
    const hasTcx = kernelAtLeast('6.6');
    if (hasTcx) inside(process.execPath, tool, 'net', 'attach', 'tcx_ingress', 'pinned', `${pins}/tc`, 'dev', 'inv1');
    inside('tc', 'qdisc', 'add', 'dev', 'inv1', 'clsact');
    inside('tc', 'filter', 'add', 'dev', 'inv1', 'egress', 'bpf', 'da', 'object-pinned', `${pins}/tc`);
    const found = explained('prog', 'name', 'why_tc');
    expect(found.filter(({ kind }) => kind === 'attachment')).toHaveLength(hasTcx ? 2 : 1);
  });

  it('are control groups, with and without links', (context) => {
    const root = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find((line) => line.includes(' cgroup2 '))
      ?.split(' ')[1];
    if (root === undefined) return context.skip('there is no cgroup2 file system');
    const group = `${root}/inventory_why`;
    mkdirSync(group, { recursive: true });
    try {
      using scope = new Scope();
      const program = scope.program('why_group', { type: BPF_PROG_TYPE_CGROUP_SKB, result: 1 });
      scope.pin(program, `${pins}/group`);
      expect(ours('cgroup', 'attach', group, 'cgroup_inet_ingress', 'pinned', `${pins}/group`, 'multi').status).toBe(0);
      const found = explained('prog', 'name', 'why_group');
      expect(found.at(-1)!.remedy).toMatch(/^tsbpftool cgroup detach \S+ cgroup_inet_ingress id \d+$/);
      using folder = new Fd(kernel, kernel.open(group, 0));
      scope.link({
        programFd: program.number,
        target: folder.number,
        attachType: bpf_attach_type.BPF_CGROUP_INET_EGRESS,
      });
      const both = explained('prog', 'name', 'why_group');
      expect(both.filter(({ kind }) => kind === 'link')).toHaveLength(1);
      expect(both.filter(({ kind }) => kind === 'attachment')).toHaveLength(1);
    } finally {
      // Programs without a link go with the group.
      rmSync(group, { recursive: true, force: true });
      run('rmdir', group);
    }
  });

  it('are links: raw tracepoints', () => {
    using scope = new Scope();
    const program = scope.program('why_raw', { type: BPF_PROG_TYPE_RAW_TRACEPOINT });
    const opened = openRawTracepoint(kernel, program.number, 'sched_switch');
    expect(opened).toBeGreaterThan(0);
    using link = new Fd(kernel, opened);
    const found = explained('prog', 'name', 'why_raw');
    expect(texts(found).at(-1)).toMatch(/^link \d+: raw_tracepoint sched_switch$/);
    const id = /^link (\d+)/.exec(texts(found).at(-1)!)![1]!;
    // Before, links have no iterator to count by.
    if (kernelAtLeast('5.19')) expect(texts(explained('link', 'id', id))[0]).toContain(`descriptor ${link.number}`);
  });
});

describe('references to a map', () => {
  it('are programs, pins, descriptors and maps of maps', () => {
    using scope = new Scope();
    const map = scope.map({ name: 'why_map' });
    scope.program('why_user', { maps: [map] });
    scope.pin(map, `${pins}/map`);
    const outer = scope.map({
      name: 'why_outer',
      type: bpf_map_type.BPF_MAP_TYPE_ARRAY_OF_MAPS,
      maxEntries: 2,
      innerMapFd: map.number,
    });
    scope.set(outer, 1, map);
    const found = explained('map', 'name', 'why_map');
    expect(found.map(({ kind }) => kind)).toEqual(['descriptor', 'pin', 'program', 'map']);
  });

  it('are pins in another mount namespace, which gc lists and leaves alone', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'inventory-why-'));
    const script = `mount -t bpf bpf ${folder} && ${process.execPath} ${tool} map create ${folder}/far type hash key 4 value 4 entries 1 name why_far && echo ready && read line`;
    const child = spawn('unshare', ['-m', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const found = explained('map', 'name', 'why_far');
      expect(found).toHaveLength(1);
      expect(found[0]!.text).toMatch(new RegExp(`^pin ${folder}/far, in the mount namespace of process \\d+$`));
      expect(found[0]!.remedy).toMatch(/^nsenter -t \d+ -m rm /);
      const listed = JSON.parse(ours('-j', 'gc', '--all', '--dry-run').stdout) as {
        name: string;
        pid: number;
        removed: boolean;
      }[];
      expect(listed.find(({ name }) => name === 'why_far')).toMatchObject({ removed: false, pid: expect.any(Number) });
    } finally {
      child.stdin.end('\n');
      await new Promise((resolve) => child.once('exit', resolve));
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('that nobody lists are told with likely causes, and status 1', () => {
    using scope = new Scope();
    const map = scope.map({ name: 'why_hidden', type: bpf_map_type.BPF_MAP_TYPE_ARRAY, flags: 1 << 10 });
    const memory = kernel.map({ fd: map.number, length: 4096, protection: 3 });
    if (typeof memory === 'number') throw new Error(`mmap: ${memory}`);
    scope.pin(map, `${pins}/hidden`);
    map.close();
    try {
      const { status, stdout } = ours('-j', 'why', 'map', 'name', 'why_hidden');
      const why = JSON.parse(stdout) as Why;
      expect(status, stdout).toBe(1);
      expect(why).toMatchObject({ counted: 2, explained: 1 });
      expect(why.causes[0]).toContain('memory mappings');
      expect(ours('why', 'map', 'name', 'why_hidden').stdout).toContain('1 of 2 references explained');
    } finally {
      memory.close();
    }
  });
});

describe('gc', () => {
  it('removes what is chosen, and only that', () => {
    using scope = new Scope();
    for (const name of ['gc_one', 'gc_two', 'gc_used']) scope.pin(scope.map({ name }), `${pins}/${name}`);
    const paths = () =>
      (JSON.parse(ours('-j', 'gc', '--dry-run').stdout) as { path: string }[])
        .map((item) => item.path)
        .filter((item) => item.includes('/gc_'));
    // They are open here.
    expect(paths()).toEqual([]);
    const child = ours(
      'map',
      'create',
      `${pins}/gc_left`,
      'type',
      'hash',
      'key',
      '4',
      'value',
      '4',
      'entries',
      '1',
      'name',
      'gc_left',
    );
    expect(child.status, child.stderr).toBe(0);
    expect(paths()).toEqual([`${pins}/gc_left`]);
    expect(ours('gc').stdout).toContain('gc_left');
    expect(paths()).toEqual([`${pins}/gc_left`]);
    expect(ours('gc', `${pins}/gc_one`)).toMatchObject({
      status: 255,
      stderr: expect.stringContaining('is no pin that nobody uses'),
    });
    expect(ours('gc', `${pins}/gc_left`).status).toBe(0);
    expect(paths()).toEqual([]);
  });
});

describe('without rights', () => {
  it.each(['why map id 1', 'gc', 'snapshot', 'graph', 'metrics', 'top --once', 'watch --duration 1'])(
    '%s says so in one sentence',
    (line) => {
      const { status, stdout, stderr } = run(
        'setpriv',
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        process.execPath,
        tool,
        ...line.split(' '),
      );
      expect(status).toBe(255);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^Error: .*CAP_[A-Z_]+.*\n$/);
    },
  );
});
