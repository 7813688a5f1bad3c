// Network namespaces with programs attached in every way, by name.
import { closeSync } from 'node:fs';
import { Attr, createLink, kernel, loadTiny, openPin, pinFd } from '../fixtures/raw.ts';
import { FeatureMissing, inVirtualMachine, kernelAtLeast } from '../../feature.ts';
import type { World } from '../world.ts';
import type { Step } from './namespace.ts';

const BPF_PROG_ATTACH = 8;
const progType = { schedCls: 3, xdp: 6, netfilter: 32 };
const attach = {
  xdp: 37,
  netfilter: 45,
  tcxIngress: 46,
  tcxEgress: 47,
  netkitPrimary: 54,
  netkitPeer: 55,
};
/** The kernel takes so many programs on a hook of a device, and no more. */
export const mostOnAHook = 63;
export const manyFilters = 70;

const pair = (first: string, second: string): string[] => [
  `link add ${first} type veth peer name ${second}`,
  `link set ${first} up`,
  `link set ${second} up`,
];
const veth: Step = { ip: pair('v0', 'v1') };
const twoPairs: Step = { ip: [...pair('v0', 'v1'), ...pair('v2', 'v3')] };
const classifier = 'object-pinned {pin:classifier}';

/** What would colour a terminal. */
export const controlName = 'a\u001b[31mb\u0001';

const indexOf = (device: string): number => kernel().interfaceIndex(device)!;

/** Links are pinned: no process holds them. */
function pinLink(world: World, name: string, make: () => number): void {
  const fd = make();
  try {
    pinFd(fd, `${world.pins}/${name}`);
  } finally {
    closeSync(fd);
  }
}

function withProgram<T>(program: Parameters<typeof loadTiny>[0], use: (fd: number) => T): T {
  const fd = loadTiny(program);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Attaches a program of its own to a hook of a device, by a link or without. */
function onDevice(device: string, attachType: number, how: 'link' | 'alone', order = 0): Step {
  return (world) => {
    const name = `${world.prefix}on${attachType}_${order}`;
    const type = attachType === attach.xdp ? progType.xdp : progType.schedCls;
    const expectedAttachType = attachType === attach.netkitPrimary || attachType === attach.netkitPeer ? attachType : 0;
    sinceOr(attachType, () =>
      withProgram({ type, name, result: type === progType.xdp ? 2 : 0, expectedAttachType }, (programFd) => {
        const target = indexOf(device);
        if (how === 'link') {
          pinLink(world, `${name}_${device}`, () => createLink({ programFd, target, attachType }));
        } else {
          new Attr()
            .u32(0, target)
            .u32(4, programFd)
            .u32(8, attachType)
            .call(BPF_PROG_ATTACH, `attaching to ${device}`);
        }
      }),
    );
  };
}

/** The first kernels with each hook. */
const since: Readonly<Record<number, string>> = {
  [attach.xdp]: '5.9',
  [attach.netfilter]: '6.4',
  [attach.tcxIngress]: '6.6',
  [attach.tcxEgress]: '6.6',
  [attach.netkitPrimary]: '6.7',
  [attach.netkitPeer]: '6.7',
};

/** A kernel that is new enough may lack a hook only where it is built without it, or by this machine's policy. */
function sinceOr(attachType: number, body: () => void): void {
  try {
    body();
  } catch (error) {
    const first = since[attachType];
    if (!(error instanceof FeatureMissing) || first === undefined) throw error;
    if (!kernelAtLeast(first)) throw new FeatureMissing(error.message, first);
    if (inVirtualMachine || !/errno (1|95)$/.test(error.message)) throw new Error(error.message);
    throw error;
  }
}

interface NetfilterPlace {
  readonly pf: number;
  readonly hook: number;
  readonly priority: number;
}

function onNetfilter({ pf, hook, priority }: NetfilterPlace): Step {
  return (world) => {
    const name = `${world.prefix}nf${pf}_${hook}_${priority}`.replace('-', 'm');
    const expectedAttachType = attach.netfilter;
    const extra = (attr: Attr) => void attr.u32(16, pf).u32(20, hook).u32(24, priority);
    sinceOr(attach.netfilter, () =>
      withProgram({ type: progType.netfilter, name, result: 1, expectedAttachType }, (programFd) =>
        pinLink(world, name, () => createLink({ programFd, target: 0, attachType: attach.netfilter, extra })),
      ),
    );
  };
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** Programs of the reference's own loading: what follows `net attach`. */
const netAttach = (words: string): Step => ({ bpftool: `net attach ${words}` });

export const scenes: Readonly<Record<string, readonly Step[]>> = {
  empty: [],
  veth: [twoPairs],
  xdp: [
    { ip: [...pair('v0', 'v1'), ...pair('v2', 'v3'), ...pair('v4', 'v5')] },
    netAttach('xdp pinned {pin:xdp} dev v0'),
    netAttach('xdpgeneric pinned {pin:xdp} dev v1'),
    netAttach('xdpdrv pinned {pin:xdp} dev v2'),
    netAttach('xdpgeneric pinned {pin:xdp} dev lo'),
    onDevice('v4', attach.xdp, 'link'),
  ],
  tcx: [
    twoPairs,
    onDevice('v0', attach.tcxIngress, 'link', 1),
    onDevice('v0', attach.tcxIngress, 'alone', 2),
    onDevice('v0', attach.tcxIngress, 'link', 3),
    onDevice('v0', attach.tcxEgress, 'alone', 4),
    onDevice('v3', attach.tcxEgress, 'link', 5),
  ],
  longnames: [
    veth,
    (world) => {
      const folder = `${world.pins}/long`;
      world.reference('prog', 'loadall', world.fill('{obj:long-names}'), folder);
      for (const name of ['lets_every_packet_pass_on', 'fifteen_letters']) {
        const fd = openPin(`${folder}/${name}`);
        try {
          sinceOr(attach.tcxIngress, () => {
            const target = indexOf('v0');
            new Attr().u32(0, target).u32(4, fd).u32(8, attach.tcxIngress).call(BPF_PROG_ATTACH, 'attaching');
          });
        } finally {
          closeSync(fd);
        }
      }
    },
  ],
  clsact: [
    twoPairs,
    {
      tc: [
        'qdisc add dev v0 clsact',
        `filter add dev v0 ingress bpf da ${classifier}`,
        `filter add dev v0 ingress prio 5 handle 0x77 bpf ${classifier}`,
        `filter add dev v0 egress bpf da ${classifier}`,
        'qdisc add dev v2 clsact',
        `filter add dev v2 egress chain 3 bpf da ${classifier}`,
      ],
      missing: { feature: 'clsact, cls_bpf', since: '5.10' },
    },
  ],
  otherfilters: [
    veth,
    {
      tc: [
        'qdisc add dev v0 clsact',
        'filter add dev v0 ingress matchall action ok',
        `filter add dev v0 ingress bpf da ${classifier}`,
      ],
      missing: { feature: 'cls_matchall', since: '5.10' },
    },
  ],
  ingress: [
    twoPairs,
    {
      tc: [
        'qdisc add dev v0 ingress',
        `filter add dev v0 ingress bpf da ${classifier}`,
        'qdisc add dev v3 ingress',
        `filter add dev v3 parent ffff: bpf ${classifier}`,
      ],
      missing: { feature: 'sch_ingress, cls_bpf', since: '5.10' },
    },
  ],
  // Filters show again under each name that a discipline of the same handle has, on whichever device.
  classful: [
    { ip: [...pair('v0', 'v1'), ...pair('v2', 'v3'), ...pair('v4', 'v5')] },
    {
      tc: [
        'qdisc add dev v0 root handle 1: htb',
        'class add dev v0 parent 1: classid 1:5 htb rate 1mbit',
        'class add dev v0 parent 1: classid 1:6 htb rate 1mbit',
        `filter add dev v0 parent 1: bpf ${classifier}`,
        `filter add dev v0 parent 1:5 bpf ${classifier}`,
        'qdisc add dev v2 root handle 1: htb',
        `filter add dev v2 parent 1: bpf ${classifier} classid 1:7`,
        'qdisc add dev v4 root handle 8001: tbf rate 1mbit burst 10kb latency 50ms',
      ],
      missing: { feature: 'sch_htb, sch_tbf', since: '5.10' },
    },
  ],
  prio: [
    veth,
    {
      tc: [
        'qdisc add dev v0 root handle 7: prio',
        `filter add dev v0 parent 7: bpf ${classifier} flowid 7:1`,
        'qdisc add dev v1 root handle 8: prio',
        `filter add dev v1 parent 8: bpf ${classifier}`,
      ],
      missing: { feature: 'sch_prio', since: '5.10' },
    },
  ],
  actions: [
    veth,
    {
      tc: [
        'qdisc add dev v0 clsact',
        `filter add dev v0 ingress bpf ${classifier} action bpf object-pinned {pin:action}`,
        `filter add dev v0 egress bpf ${classifier} action pass action bpf object-pinned {pin:action}`,
        `filter add dev v0 egress bpf ${classifier} action pass`,
      ],
      missing: { feature: 'act_bpf, act_gact', since: '5.10' },
    },
  ],
  netkit: [
    {
      ip: ['link add kit0 type netkit', 'link set kit0 up'],
      missing: { feature: 'netkit', since: '6.7' },
    },
    onDevice('kit0', attach.netkitPrimary, 'link', 1),
    onDevice('kit0', attach.netkitPrimary, 'alone', 2),
    onDevice('kit0', attach.netkitPeer, 'link', 3),
    onDevice('kit0', attach.tcxIngress, 'link', 4),
  ],
  flowdissector: [veth, { bpftool: 'prog attach pinned {pin:flowdissector} flow_dissector' }],
  netfilter: [
    veth,
    onNetfilter({ pf: 10, hook: 3, priority: 100 }),
    onNetfilter({ pf: 2, hook: 1, priority: -5 }),
    onNetfilter({ pf: 2, hook: 0, priority: 7 }),
    onNetfilter({ pf: 2, hook: 0, priority: -7 }),
  ],
  manytcx: [
    veth,
    ...times(mostOnAHook, (i) => onDevice('v0', attach.tcxIngress, i % 2 === 0 ? 'link' : 'alone', i)),
    ...times(3, (i) => onDevice('v0', attach.tcxEgress, 'alone', i)),
  ],
  manyfilters: [
    veth,
    {
      tc: ['qdisc add dev v0 clsact', ...times(manyFilters, () => `filter add dev v0 ingress bpf da ${classifier}`)],
      missing: { feature: 'clsact, cls_bpf', since: '5.10' },
    },
    ...times(manyFilters, (i) => onNetfilter({ pf: 2, hook: i % 5, priority: i * 3 - 50 })),
  ],
  // More than the kernel puts into one answer.
  manydevices: [
    { ip: times(40, (i) => pair(`many${i}`, `peer${i}`)).flat() },
    ...[0, 7, 39].map((i) => netAttach(`xdp pinned {pin:xdp} dev many${i}`)),
  ],
  names: [
    { ip: pair('fifteen-letters', 'ünïcode') },
    { words: ['ip', 'link', 'add', 'quo"ted', 'type', 'veth', 'peer', 'name', 'back\\slash'] },
    ...['fifteen-letters', 'ünïcode', 'quo"ted', 'back\\slash'].map((name) =>
      netAttach(`xdp pinned {pin:xdp} dev ${name}`),
    ),
  ],
  control: [
    { words: ['ip', 'link', 'add', controlName, 'type', 'veth', 'peer', 'name', 'v1'] },
    netAttach(`xdp pinned {pin:xdp} dev ${controlName}`),
    netAttach('xdpgeneric pinned {pin:xdp} dev v1'),
  ],
};
