import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { CommandFailure, Context, defaultOptions, type Handler, Words } from '../../../src/cli/index.ts';
import { attach } from '../../../src/commands/net/attach.ts';
import type { AttachedToDevice } from '../../../src/commands/net/describe.ts';
import { detach } from '../../../src/commands/net/detach.ts';
import { jsonPrinter } from '../../../src/commands/net/json.ts';
import { netSchemas } from '../../../src/commands/net/output-schema.ts';
import { plainPrinter } from '../../../src/commands/net/plain.ts';
import type { NetPrinter, Section } from '../../../src/commands/net/printer.ts';
import { show } from '../../../src/commands/net/show.ts';
import { useKernel } from '../../../src/commands/shared/kernel.ts';
import { Errno } from '../../../src/errors/index.ts';
import type { NetworkDevice, XdpState } from '../../../src/netlink/index.ts';
import { attribute } from '../../../src/netlink/index.ts';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';
import * as uapi from '../../../src/uapi/index.ts';
import {
  type Answer,
  type Datagrams,
  device,
  done,
  failed,
  fakeKernel,
  number,
  text,
} from '../../support/netlink/fake.ts';

const ajv = new Ajv2020({ strict: true, schemas: Object.values(netSchemas) });
const fits = (document: unknown, part: 'output' | 'failure') =>
  expect(ajv.getSchema(`urn:tsbpftool:output:net:show#/$defs/${part}`)!(document), JSON.stringify(document)).toBe(true);

interface FakeAttr {
  u32(name: string): number;
  set(name: string, value: number): void;
}

/** What no bpf(2) command refuses or finds: no flow dissector, no program, no link. */
const emptyBpf = {
  open: () => 9,
  bpf(command: number, attr: FakeAttr) {
    if (command === uapi.bpf_cmd.BPF_PROG_QUERY) attr.set('count', 0);
    return command === uapi.bpf_cmd.BPF_LINK_GET_NEXT_ID ? -Errno.ENOENT : 0;
  },
  interfaceIndex: (name: string) => (name === 'v0' ? 3 : undefined),
};

interface Run {
  stdout: string;
  stderr: string;
  status: number;
  closed: number[];
  sent: Buffer[];
  advise: () => Promise<readonly string[]>;
}

function run(
  handler: Handler,
  line: string,
  how: { answers?: Datagrams[]; json?: boolean; others?: object; calls?: { socket?: number } } = {},
): Run {
  const [stdout, stderr] = [memorySink(), memorySink()];
  const json = how.json ? new JsonWriter(stdout, { pretty: false }) : undefined;
  const ctx = new Context({ programName: 'tsbpftool', options: defaultOptions, stdout, stderr, json });
  const { kernel, closed, sent } = fakeKernel(how.answers ?? [[[done]]], how.calls ?? {}, {
    ...emptyBpf,
    ...how.others,
  });
  useKernel(ctx, kernel);
  let status: number;
  try {
    status = (handler(ctx, new Words(line.split(' ').filter((word) => word !== ''))) as number | undefined) ?? 0;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    if (!error.silent) ctx.error(error.message);
    status = error.status;
  }
  return { stdout: stdout.contents(), stderr: stderr.contents(), status, closed, sent, advise: () => ctx.advise() };
}

const emptySections = 'xdp:\n\nflow_dissector:\n\nnetfilter:\n\n';
const emptyJson = '[{"xdp":[],"flow_dissector":[],"netfilter":[]}]';

describe('net show', () => {
  it.each([
    ['an error', [[failed(Errno.EPERM)]], 'Operation not permitted', -Errno.EPERM],
    ['an error in the middle', [[device('a')], [failed(105)]], 'No buffer space available', -105],
    ['an errno at its end', [[device('a'), { ...done, payload: number(-90) }]], 'Message too long', -90],
    ['no end', [[device('a')], 0], 'Incorrect netlink message parsing: the answer ends too early', -4013],
    ['another port', [[{ ...device('a'), port: 1 }]], 'Wrong pid in netlink message', -4011],
    ['another number', [[{ ...device('a'), sequence: 1000 }]], 'Invalid netlink sequence', -4012],
  ] satisfies [string, Datagrams, string, number][])(
    'says so where the list of devices has %s',
    (_what, answer, message, status) => {
      const plain = run(show, '', { answers: [answer] });
      expect(plain).toMatchObject({ stdout: emptySections, stderr: `Error: ${message}\n`, status });
      const json = run(show, '', { answers: [answer], json: true });
      expect(json).toMatchObject({ stdout: emptyJson, stderr: `Error: ${message}\n`, status });
      fits(JSON.parse(json.stdout), 'failure');
      expect(plain.closed.toSorted()).toEqual([5, 9]);
    },
  );

  it('shows what it could of the filters, and says what failed', () => {
    const qdisc: Answer = {
      type: uapi.RTM_NEWQDISC,
      payload: Buffer.concat([
        uapi.structView(uapi.tcmsg).set('tcm_ifindex', 3).set('tcm_handle', 0xffff_0000).bytes,
        attribute(uapi.TCA_KIND, text('clsact')),
      ]),
    };
    const answers: Datagrams[] = [[[device('v0'), done]], [[qdisc, done]], [[done]], [[failed(Errno.EINVAL)]]];
    const json = run(show, '', { answers, json: true });
    expect(json).toMatchObject({ stderr: 'Error: Invalid argument\n', status: -Errno.EINVAL });
    expect(JSON.parse(json.stdout)).toEqual([{ xdp: [], tc: [], flow_dissector: [], netfilter: [] }]);
    fits(JSON.parse(json.stdout), 'failure');
  });

  it('passes over a link that is gone, and names one that it may not open', () => {
    const links = (result: number) => ({
      bpf(command: number, attr: FakeAttr) {
        if (command === uapi.bpf_cmd.BPF_PROG_QUERY) attr.set('count', 0);
        if (command === uapi.bpf_cmd.BPF_LINK_GET_FD_BY_ID) return result;
        if (command !== uapi.bpf_cmd.BPF_LINK_GET_NEXT_ID) return 0;
        if (attr.u32('start_id') >= 7) return -Errno.ENOENT;
        attr.set('next_id', 7);
        return 0;
      },
    });
    expect(run(show, '', { others: links(-Errno.ENOENT) })).toMatchObject({ stderr: '', status: 0 });
    const refused = run(show, '', { others: links(-Errno.EACCES) });
    expect(refused).toMatchObject({ stderr: "Error: can't get link by id (7): Permission denied\n", status: 0 });
    const json = run(show, '', { others: links(-Errno.EACCES), json: true });
    expect(JSON.parse(json.stdout)).toMatchObject([
      { netfilter: [{ error: "can't get link by id (7): Permission denied" }] },
    ]);
    fits(JSON.parse(json.stdout), 'output');
  });

  it.each([
    [
      'the namespace cannot be opened',
      { open: () => -Errno.EMFILE },
      "can't open /proc/self/ns/net: Too many open files",
    ],
    ['the dissector cannot be asked for', { bpf: () => -Errno.EPERM }, "can't query prog: Operation not permitted"],
  ])('fails where %s', (_what, others, message) => {
    expect(run(show, '', { others })).toMatchObject({ stdout: '', stderr: `Error: ${message}\n`, status: -1 });
    const json = run(show, '', { others, json: true });
    expect(JSON.parse(json.stdout)).toEqual({ error: message });
  });

  it('fails without a socket in the words of the reference, in JSON too', () => {
    for (const json of [false, true]) {
      const failure = run(show, '', { calls: { socket: -Errno.EMFILE }, json });
      expect(failure).toMatchObject({ stdout: '', stderr: 'failed to open netlink sock\n', status: -1, closed: [9] });
    }
  });
});

describe('net attach and detach', () => {
  const told = (errno: number, extra: Uint8Array, flags = uapi.NLM_F_ACK_TLVS | uapi.NLM_F_CAPPED): Datagrams => [
    [{ type: uapi.NLMSG_ERROR, flags, payload: Buffer.concat([number(-errno), new Uint8Array(16), extra]) }],
  ];
  const acknowledged: Datagrams = [[{ type: uapi.NLMSG_ERROR, payload: new Uint8Array(20) }]];

  it.each([
    ['a text', attribute(uapi.NLMSGERR_ATTR_MSG, text('no room')), 'Kernel error message: no room'],
    ['no text', new Uint8Array(0), 'Kernel error message: (null)'],
    ['nothing that can be read', Uint8Array.of(9, 0), 'Failed to parse extended error attributes'],
  ])('say what libbpf says where the kernel adds %s', (_what, extra, line) => {
    const refused = run(detach, 'xdp dev v0', { answers: [told(Errno.EBUSY, extra)] });
    expect(refused).toMatchObject({
      ...{ stdout: '', status: -Errno.EBUSY, closed: [5] },
      stderr: `libbpf: ${line}\nError: interface xdp detach failed: Device or resource busy\n`,
    });
    const json = run(detach, 'xdp dev v0', { answers: [told(Errno.EBUSY, extra)], json: true });
    expect(json.stderr).toBe(`libbpf: ${line}\n`);
    expect(JSON.parse(json.stdout)).toEqual({ error: 'interface xdp detach failed: Device or resource busy' });
  });

  it('say nothing more where the kernel adds nothing', () => {
    const refused = run(detach, 'xdpgeneric dev v0', { answers: [told(Errno.EBUSY, new Uint8Array(0), 0)] });
    expect(refused.stderr).toBe('Error: interface xdpgeneric detach failed: Device or resource busy\n');
  });

  it('advise on the right that is missing', async () => {
    const refused = run(detach, 'xdp dev v0', { answers: [told(Errno.EPERM, new Uint8Array(0), 0)] });
    expect(await refused.advise()).toEqual([expect.stringContaining('CAP_NET_ADMIN')]);
    const busy = run(detach, 'xdp dev v0', { answers: [told(Errno.EBUSY, new Uint8Array(0), 0)] });
    expect(await busy.advise()).toEqual([]);
  });

  it('ask for the mode that is named, and not to replace', () => {
    const flagsOf = (line: string) => {
      const done = run(detach, line, { answers: [acknowledged] });
      expect(done.status).toBe(0);
      return done.sent[0]!.readUInt32LE(16 + 16 + 4 + 8 + 4);
    };
    expect(['xdp', 'xdpgeneric', 'xdpdrv', 'xdpoffload'].map((type) => flagsOf(`${type} dev v0`))).toEqual([
      1, 3, 5, 9,
    ]);
  });

  it('close the program whatever happens', () => {
    const others = { bpf: (command: number) => (command === uapi.bpf_cmd.BPF_PROG_GET_FD_BY_ID ? 33 : 0) };
    expect(run(attach, 'xdp id 1 dev v0', { answers: [acknowledged], others })).toMatchObject({
      status: 0,
      closed: [5, 33],
    });
    for (const line of [
      'xdp id 1 dev v9',
      'xdp id 1 dev v0 prepend',
      'tcx_egress id 1 dev v0 overwrite',
      'xdp id 1 dev v0 x',
    ]) {
      expect(run(attach, line, { others })).toMatchObject({ status: -Errno.EINVAL, closed: [33], sent: [] });
    }
    const replaced = run(attach, 'xdpdrv id 1 dev v0 overwrite', { answers: [acknowledged], others });
    expect(replaced.sent[0]!.readUInt32LE(48)).toBe(uapi.XDP_FLAGS_DRV_MODE);
  });
});

describe('a record of net show', () => {
  const v0: NetworkDevice = { index: 3, name: 'v0', kind: 'veth', xdp: undefined };
  const xdp = (state: Partial<XdpState> & { attached: number }): NetworkDevice => ({
    ...v0,
    xdp: {
      ...{ programId: undefined, genericProgramId: undefined, driverProgramId: undefined, offloadProgramId: undefined },
      ...state,
    },
  });

  /** As text and as JSON, which must fit the schema. */
  function printed(section: Section, print: (printer: NetPrinter) => void): { plain: string; json: unknown } {
    let plain = '';
    print(plainPrinter((part) => (plain += part)));
    const sink = memorySink();
    const printer = jsonPrinter(new JsonWriter(sink, { pretty: false }));
    printer.begin();
    for (const name of ['xdp', 'tc', 'flow_dissector', 'netfilter'] as const) {
      printer.beginSection(name);
      if (name === section) print(printer);
      printer.endSection();
    }
    printer.end();
    const document = JSON.parse(sink.contents());
    fits(document, 'output');
    return { plain, json: document[0][section][0] };
  }

  it('of XDP in several modes has each', () => {
    const device = xdp({
      attached: uapi.XDP_ATTACHED_MULTI,
      genericProgramId: 5,
      driverProgramId: 6,
      offloadProgramId: 7,
    });
    expect(printed('xdp', (to) => to.xdp(device))).toEqual({
      plain: 'v0(3) generic id 5 driver id 6 offload id 7\n',
      json: {
        ...{ devname: 'v0', ifindex: 3 },
        multi_attachments: [
          { mode: 'generic', id: 5 },
          { mode: 'driver', id: 6 },
          { mode: 'offload', id: 7 },
        ],
      },
    });
    const two = xdp({ attached: uapi.XDP_ATTACHED_MULTI, offloadProgramId: 7, programId: 1 });
    expect(printed('xdp', (to) => to.xdp(two)).plain).toBe('v0(3) offload id 7\n');
  });

  it.each([
    [uapi.XDP_ATTACHED_SKB, ' generic id 9', { mode: 'generic', id: 9 }],
    [uapi.XDP_ATTACHED_DRV, ' driver id 9', { mode: 'driver', id: 9 }],
    [uapi.XDP_ATTACHED_HW, ' offload id 9', { mode: 'offload', id: 9 }],
    [200, '', {}],
  ])('of XDP in mode %i has its name', (attached, plain, json) => {
    const device = xdp({ attached, programId: 9 });
    expect(printed('xdp', (to) => to.xdp(device))).toEqual({
      plain: `v0(3)${plain}\n`,
      json: { devname: 'v0', ifindex: 3, ...json },
    });
  });

  it('of tcx has flags only where there are any', () => {
    const found: AttachedToDevice = {
      ...{ device: { ...v0, name: 'v\u001b' }, place: 'tcx/egress', programId: 5, programName: 'p\u0007' },
      ...{ programFlags: 0x8000_0009, linkId: 8, linkFlags: 2 },
    };
    expect(printed('tc', (to) => to.attached(found))).toEqual({
      plain: 'v\\x1b(3) tcx/egress p\\x07 prog_id 5 prog_flags 1 8 2147483648 link_id 8 link_flags 2 \n',
      json: {
        ...{ devname: 'v\u001b', ifindex: 3, kind: 'tcx/egress', name: 'p\u0007', prog_id: 5 },
        ...{ prog_flags: [1, 8, 0x8000_0000], link_id: 8, link_flags: [2] },
      },
    });
    const bare = { ...found, device: v0, programName: undefined, programFlags: 0, linkId: 0, linkFlags: 0 };
    expect(printed('tc', (to) => to.attached(bare)).plain).toBe('v0(3) tcx/egress prog_id 5 \n');
  });

  it('of a filter has what the kernel told', () => {
    const actions = [
      { name: 'a', programId: 2 },
      { name: undefined, programId: undefined },
    ];
    const filter = { place: 'htb', name: 'f', programId: 1, actions };
    expect(printed('tc', (to) => to.filter(v0, filter))).toEqual({
      plain: 'v0(3) htb f id 1 act [{a id 2}{}] \n',
      json: { devname: 'v0', ifindex: 3, kind: 'htb', name: 'f', id: 1, act: [{ name: 'a', id: 2 }, {}] },
    });
    const bare = { place: 'root', name: undefined, programId: undefined, actions: undefined };
    expect(printed('tc', (to) => to.filter(v0, bare)).plain).toBe('v0(3) root\n');
    const none = { ...bare, actions: [] };
    expect(printed('tc', (to) => to.filter(v0, none)).plain).toBe('v0(3) root act [] \n');
  });

  it('of a flow dissector is an object', () => {
    expect(printed('flow_dissector', (to) => to.flowDissector(4))).toEqual({ plain: 'id 4', json: { id: 4 } });
  });

  it('of netfilter names what has a name', () => {
    const hook = { pf: 99, hook: 8, priority: -3, flags: 1 };
    expect(printed('netfilter', (to) => to.netfilter(hook, 6))).toEqual({
      plain: '\n\tpf: 99, hook 8, prio -3 flags 0x1 prog_id 6',
      json: { pf: 99, hook: 8, prio: -3, flags: 1, id: 6 },
    });
  });
});
