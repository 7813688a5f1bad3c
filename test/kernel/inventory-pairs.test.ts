// `why` where two references of different kinds keep one object: each pair of those that a program's type allows.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachProgram, type OpenObject, openRawTracepoint } from '../../src/bpf/index.ts';
import { Fd, openPerfEvent } from '../../src/kernel/index.ts';
import { checkResult, O_RDONLY } from '../../src/sys/index.ts';
import {
  BPF_F_ALLOW_MULTI,
  bpf_attach_type,
  bpf_map_type,
  bpf_prog_type,
  PERF_EVENT_IOC_SET_BPF,
} from '../../src/uapi/index.ts';
import { autoAttach } from '../../src/loader/index.ts';
import { kernelAtLeast, orSkip } from '../support/feature.ts';
import { kernel, Scope } from '../support/inventory/objects.ts';
import { loadFixture } from '../support/live/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const pins = '/sys/fs/bpf/inventory-pairs';
/** Three pairs, as a device takes one XDP program. */
const devices = ['why_p0', 'why_p1', 'why_p2'];
const cgroupRoot = readFileSync('/proc/mounts', 'utf8')
  .split('\n')
  .find((line) => line.includes(' cgroup2 '))
  ?.split(' ')[1];
const group = `${cgroupRoot}/inventory_pairs`;
const name = 'why_pair';

const ours = (...args: string[]) => spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8' });
function must(...args: string[]): void {
  const { status, stderr } = ours(...args);
  expect(status, stderr).toBe(0);
}
const idOf = ({ number }: Fd) => /^prog_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${number}`, 'utf8'))![1]!;
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/** One way to keep a program, and how `why` tells it. */
interface Way {
  readonly title: string;
  /** The first kernel that has it. */
  readonly since?: string;
  readonly text: RegExp;
  keep(scope: Scope, program: Fd): void;
}
interface Family {
  readonly type: number;
  readonly expectedAttachType?: number;
  readonly result?: number;
  readonly ways: readonly Way[];
}

const pinned: Way = {
  title: 'a pin',
  text: /^pin \/sys\/fs\/bpf\/inventory-pairs\/program$/,
  keep: (scope, program) => scope.pin(program, `${pins}/program`),
};
const tailCall: Way = {
  title: 'an element of a map of programs',
  text: /^map \d+ 'why_pair_map', element 2$/,
  keep(scope, program) {
    const map = scope.map({ name: 'why_pair_map', type: bpf_map_type.BPF_MAP_TYPE_PROG_ARRAY, maxEntries: 4 });
    scope.set(map, 2, program);
  },
};
const attached = (object: Fd, targetFd: number, attachType: number, flags = 0) =>
  checkResult('attach', attachProgram({ kernel, fd: object } as OpenObject, { targetFd, attachType, flags }));
const linked = (title: string, since: string, where: { text: RegExp; target: () => number; type: number }): Way => ({
  title,
  since,
  text: where.text,
  keep: (scope, program) =>
    void scope.link({ programFd: program.number, target: where.target(), attachType: where.type }),
});
const device = (index: number) => kernel.interfaceIndex(devices[index]!)!;

function socketMap(scope: Scope): Fd {
  const type = bpf_map_type.BPF_MAP_TYPE_SOCKMAP;
  return scope.map({ name: 'why_sockets', type, keySize: 4, valueSize: 4, maxEntries: 2 });
}

/** A map whose values hold a program beside the number of a device or the size of a queue. */
const beside = (title: string, type: number, first: () => number): Way => ({
  title,
  since: '5.9',
  text: new RegExp(`^map \\d+ 'why_beside_${type}', element 1$`),
  keep(scope, program) {
    const map = scope.map({ name: `why_beside_${type}`, type, keySize: 4, valueSize: 8, maxEntries: 4 });
    scope.setNumbers(map, 1, [first(), program.number]);
  },
});

const families: Readonly<Record<string, Family>> = {
  xdp: {
    type: bpf_prog_type.BPF_PROG_TYPE_XDP,
    result: 2,
    ways: [
      pinned,
      tailCall,
      {
        title: 'a device, generic',
        text: /^attached to why_p0 \(xdp generic\)$/,
        keep: (_scope, program) => must('net', 'attach', 'xdpgeneric', 'id', idOf(program), 'dev', devices[0]!),
      },
      {
        title: "a device's driver",
        text: /^attached to why_p1 \(xdp driver\)$/,
        keep: (_scope, program) => must('net', 'attach', 'xdpdrv', 'id', idOf(program), 'dev', devices[1]!),
      },
      linked('a link to a device', '5.9', {
        text: /^link \d+: xdp why_p2/,
        target: () => device(2),
        type: bpf_attach_type.BPF_XDP,
      }),
    ],
  },
  'xdp behind a map of devices': {
    type: bpf_prog_type.BPF_PROG_TYPE_XDP,
    expectedAttachType: bpf_attach_type.BPF_XDP_DEVMAP,
    result: 2,
    ways: [
      pinned,
      beside('a device of a map', bpf_map_type.BPF_MAP_TYPE_DEVMAP, () => device(0)),
      beside('a device of a hash map', bpf_map_type.BPF_MAP_TYPE_DEVMAP_HASH, () => device(1)),
    ],
  },
  'xdp behind a map of CPUs': {
    type: bpf_prog_type.BPF_PROG_TYPE_XDP,
    expectedAttachType: bpf_attach_type.BPF_XDP_CPUMAP,
    result: 2,
    ways: [pinned, beside('a CPU of a map', bpf_map_type.BPF_MAP_TYPE_CPUMAP, () => 64)],
  },
  'traffic control': {
    type: bpf_prog_type.BPF_PROG_TYPE_SCHED_CLS,
    ways: [
      pinned,
      tailCall,
      {
        title: 'tcx',
        since: '6.6',
        text: /^attached to why_p0 \(tcx\/ingress\)$/,
        keep: (_scope, program) => must('net', 'attach', 'tcx_ingress', 'id', idOf(program), 'dev', devices[0]!),
      },
      linked('a link to tcx', '6.6', {
        text: /^link \d+: tcx (tcx_egress|egress) why_p1/,
        target: () => device(1),
        type: bpf_attach_type.BPF_TCX_EGRESS,
      }),
      {
        title: 'a filter',
        text: /^attached to why_p2 \(tc clsact\/ingress/,
        keep(scope, program) {
          scope.pin(program, `${pins}/filter`);
          execFileSync('tc', ['qdisc', 'add', 'dev', devices[2]!, 'clsact']);
          execFileSync('tc', ['filter', 'add', 'dev', devices[2]!, 'ingress', 'bpf', 'da', 'pinned', `${pins}/filter`]);
        },
      },
    ],
  },
  'control groups': {
    type: bpf_prog_type.BPF_PROG_TYPE_CGROUP_SKB,
    result: 1,
    ways: [
      pinned,
      tailCall,
      {
        title: 'a group',
        text: /^attached to .*inventory_pairs \(cgroup_inet_ingress\)$/,
        keep(_scope, program) {
          using folder = new Fd(kernel, checkResult('open', kernel.open(group, O_RDONLY)));
          attached(program, folder.number, bpf_attach_type.BPF_CGROUP_INET_INGRESS, BPF_F_ALLOW_MULTI);
        },
      },
      {
        title: 'a link to a group',
        since: '5.7',
        text: /^link \d+: cgroup cgroup_inet_egress .*inventory_pairs$/,
        keep(scope, program) {
          using folder = new Fd(kernel, checkResult('open', kernel.open(group, O_RDONLY)));
          const attachType = bpf_attach_type.BPF_CGROUP_INET_EGRESS;
          scope.link({ programFd: program.number, target: folder.number, attachType });
        },
      },
    ],
  },
  sockets: {
    type: bpf_prog_type.BPF_PROG_TYPE_SK_SKB,
    expectedAttachType: bpf_attach_type.BPF_SK_SKB_STREAM_VERDICT,
    result: 1,
    ways: [
      pinned,
      {
        title: 'a map of sockets',
        // Asked by BPF_PROG_QUERY.
        since: '5.17',
        text: /^attached to why_sockets \(sk_skb_stream_verdict\)$/,
        keep: (scope, program) => attached(program, socketMap(scope).number, bpf_attach_type.BPF_SK_SKB_STREAM_VERDICT),
      },
      {
        title: 'a link to a map of sockets',
        since: '6.10',
        text: /^link \d+: sockmap sk_skb_stream_verdict why_sockets/,
        keep(scope, program) {
          const attachType = bpf_attach_type.BPF_SK_SKB_STREAM_VERDICT;
          scope.link({ programFd: program.number, target: socketMap(scope).number, attachType });
        },
      },
    ],
  },
  'socket look-ups': {
    type: bpf_prog_type.BPF_PROG_TYPE_SK_LOOKUP,
    expectedAttachType: bpf_attach_type.BPF_SK_LOOKUP,
    result: 1,
    ways: [
      pinned,
      tailCall,
      {
        title: 'a link to a network namespace',
        since: '5.9',
        text: /^link \d+: netns sk_lookup net:/,
        keep(scope, program) {
          using network = new Fd(kernel, checkResult('open', kernel.open('/proc/self/ns/net', O_RDONLY)));
          const attachType = bpf_attach_type.BPF_SK_LOOKUP;
          scope.link({ programFd: program.number, target: network.number, attachType });
        },
      },
    ],
  },
  'perf events': {
    type: bpf_prog_type.BPF_PROG_TYPE_PERF_EVENT,
    ways: [
      pinned,
      tailCall,
      {
        title: 'a link to an event',
        since: '5.15',
        text: /^link \d+: perf_event /,
        keep(scope, program) {
          using event = openPerfEvent({ event: 'cpu-clock', period: 1_000_000_000, cpu: 0 }, { kernel });
          const attachType = bpf_attach_type.BPF_PERF_EVENT;
          scope.link({ programFd: program.number, target: event.fd.number, attachType });
        },
      },
    ],
  },
  'raw tracepoints': {
    type: bpf_prog_type.BPF_PROG_TYPE_RAW_TRACEPOINT,
    ways: [
      pinned,
      tailCall,
      {
        title: 'a link',
        text: /^link \d+: raw_tracepoint sched_switch/,
        keep: (scope, program) => scope.keep(openRawTracepoint(kernel, program.number, 'sched_switch')),
      },
      {
        title: 'another link',
        text: /^link \d+: raw_tracepoint sched_wakeup/,
        keep: (scope, program) => scope.keep(openRawTracepoint(kernel, program.number, 'sched_wakeup')),
      },
    ],
  },
};

const remove = () => {
  for (const one of devices) spawnSync('ip', ['link', 'del', one]);
  rmSync(pins, { recursive: true, force: true });
  if (cgroupRoot !== undefined) spawnSync('rmdir', [group]);
};
beforeAll(() => {
  remove();
  mkdirSync(pins, { recursive: true });
  for (const one of devices) ip('link', 'add', one, 'type', 'veth', 'peer', 'name', `${one}p`);
  if (cgroupRoot !== undefined) mkdirSync(group, { recursive: true });
});
afterAll(remove);

describe.each(Object.entries(families))('two references to a program > %s', (title, { ways, ...program }) => {
  const pairs = ways.flatMap((one, i) => [[one], ...ways.slice(i + 1).map((other) => [one, other])]);
  for (const pair of pairs) {
    it(pair.map((way) => way.title).join(' and '), (context) => {
      const missing = pair.find(({ since }) => since !== undefined && !kernelAtLeast(since));
      if (missing !== undefined) return context.skip(`${missing.title} (needs Linux >= ${missing.since})`);
      if (title === 'control groups' && cgroupRoot === undefined) return context.skip('no cgroup2 file system');
      using scope = new Scope();
      const loaded = scope.program(name, program);
      try {
        for (const way of pair) way.keep(scope, loaded);
        const { status, stdout, stderr } = ours('-j', 'why', 'prog', 'id', idOf(loaded));
        expect(status, stdout + stderr).toBe(0);
        const why = JSON.parse(stdout) as { counted: number; explained: number; references: { text: string }[] };
        expect(why.explained, stdout).toBe(why.counted);
        for (const way of pair)
          expect(
            why.references.filter(({ text }) => way.text.test(text)),
            stdout,
          ).toHaveLength(1);
      } finally {
        for (const [i, mode] of [
          [0, 'xdpgeneric'],
          [1, 'xdpdrv'],
        ] as const)
          ours('net', 'detach', mode, 'dev', devices[i]!);
        spawnSync('tc', ['qdisc', 'del', 'dev', devices[2]!, 'clsact'], { stdio: 'ignore' });
        if (cgroupRoot !== undefined) {
          rmdirSync(group);
          mkdirSync(group);
        }
      }
    });
  }
});

it('says what may keep a program at a perf event that the kernel does not tell of', () => {
  using scope = new Scope();
  const program = scope.program(name, { type: bpf_prog_type.BPF_PROG_TYPE_PERF_EVENT });
  using event = openPerfEvent({ event: 'task-clock', period: 1_000_000_000, pid: 0 }, { kernel });
  checkResult('ioctl', kernel.ioctl(event.fd.number, PERF_EVENT_IOC_SET_BPF, program.number));
  const { status, stdout } = ours('-j', 'why', 'prog', 'id', idOf(program));
  const why = JSON.parse(stdout) as { counted: number; explained: number; causes: string[] };
  expect(status, stdout).toBe(1);
  expect(why).toMatchObject({ counted: 2, explained: 1 });
  expect(why.causes.join()).toContain('PERF_EVENT_IOC_SET_BPF');
});

/** What `why` says of an object, all of which must be explained. */
function explained(...words: string[]): string[] {
  const { status, stdout, stderr } = ours('-j', 'why', ...words);
  expect(status, stdout + stderr).toBe(0);
  const why = JSON.parse(stdout) as { counted: number; explained: number; references: { text: string }[] };
  expect(why.explained, stdout).toBe(why.counted);
  return why.references.map(({ text }) => text);
}

describe('references of struct_ops', () => {
  for (const [object, map, isLink] of [
    ['struct-ops-map', 'tsbpftool_map_c', false],
    ['struct-ops', 'tsbpftool_cc', true],
  ] as const) {
    it(`${object} keep the map and the programs of its functions`, (context) => {
      if (isLink && !kernelAtLeast('6.4')) return context.skip('links of struct_ops (needs Linux >= 6.4)');
      if (!kernelAtLeast('5.6')) return context.skip('struct_ops (needs Linux >= 5.6)');
      const links = `${pins}/links`;
      const file = path.join(project, `test/fixtures/objects/${object}.bpf.o`);
      must('struct_ops', 'register', file, ...(isLink ? [links] : []));
      try {
        const ofMap = explained('map', 'name', map);
        expect(
          ofMap.some((text) => (isLink ? /^link \d+: struct_ops/ : /^its operations are registered$/).test(text)),
        ).toBe(true);
        const found = JSON.parse(ours('-j', 'prog', 'show').stdout) as { id: number; type: string; name: string }[];
        const own = found.filter(({ type, name: one }) => type === 'struct_ops' && /^(own|map)_/.test(one));
        expect(own.length).toBeGreaterThan(2);
        for (const { id, name: one } of own) {
          // A pin beside it.
          must('prog', 'pin', 'id', String(id), `${pins}/operation`);
          const texts = explained('prog', 'id', String(id));
          expect(
            texts.filter((text) => text.startsWith('map ')),
            one,
          ).toHaveLength(1);
          expect(texts).toContain(`pin ${pins}/operation`);
          rmSync(`${pins}/operation`);
        }
      } finally {
        if (isLink) rmSync(links, { recursive: true, force: true });
        else ours('struct_ops', 'unregister', 'name', map);
      }
    });
  }
});

describe('programs at functions of another program', () => {
  it('are kept by links, which keep that one, too', (context) => {
    if (!kernelAtLeast('5.13')) return context.skip('links that tell their target (needs Linux >= 5.13)');
    orSkip(context, () => {
      using target = loadFixture('extension-target');
      const program = target.object.program('replaceable')!;
      using replacing = loadFixture('extension', { targets: new Map([['new_verdict', { program }]]) });
      const extension = replacing.object.program('new_verdict')!;
      using _link = autoAttach(replacing.context, extension)!;
      const replaced = explained('prog', 'id', idOf(program.fd));
      expect(replaced.some((text) => text.includes('which is at this program'))).toBe(true);
      const own = explained('prog', 'id', idOf(extension.fd));
      expect(own.some((text) => /^link \d+: tracing/.test(text))).toBe(true);
    });
  });
});
