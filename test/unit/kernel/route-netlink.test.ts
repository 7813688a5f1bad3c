import { describe, expect, it } from 'vitest';
import { SyscallError } from '../../../src/errors/index.ts';
import { DeviceFilters, networkDevices, RouteNetlink, setXdp } from '../../../src/kernel/index.ts';
import { attribute, NetlinkError } from '../../../src/netlink/index.ts';
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

function namesFrom(...answers: Datagrams[]): string[] {
  const { kernel } = fakeKernel(answers);
  using netlink = new RouteNetlink(kernel);
  return networkDevices(netlink).map(({ name }) => name);
}
const errnoOf = (errno: number) => expect.objectContaining({ name: 'NetlinkError', errno });

describe('a dump over netlink', () => {
  it('takes messages of several datagrams to its end', () => {
    expect(namesFrom([[device('a'), device('b')], [device('c')], [done]])).toEqual(['a', 'b', 'c']);
    expect(namesFrom([-4, [device('a'), done]])).toEqual(['a']);
    expect(namesFrom([[done]])).toEqual([]);
  });

  it('is taken again where the list changed meanwhile', () => {
    const changed = uapi.NLM_F_DUMP_INTR | 2;
    expect(namesFrom([[device('old'), device('b', changed)], [done]], [[device('new'), done]])).toEqual(['new']);
    expect(namesFrom([[device('old')], [{ ...done, flags: changed }]], [[device('new'), done]])).toEqual(['new']);
  });

  it('is given up where the list never stands still', () => {
    const { kernel, sent } = fakeKernel([[[device('a', uapi.NLM_F_DUMP_INTR), done]]]);
    using netlink = new RouteNetlink(kernel);
    expect(() => networkDevices(netlink)).toThrow(/the list changed 20 times while it was read/);
    expect(sent).toHaveLength(20);
  });

  it('fails with the errno of an error message or of its end', () => {
    expect(() => namesFrom([[device('a')], [failed(1)]])).toThrow(errnoOf(1));
    expect(() => namesFrom([[device('a')], [{ type: uapi.NLMSG_DONE, payload: number(-90) }]])).toThrow(errnoOf(90));
    expect(() => namesFrom([[device('a')], -105])).toThrow(
      expect.objectContaining({ name: 'SyscallError', errno: 105 }),
    );
  });

  it('is no short list where the answer cannot be used', () => {
    expect(() => namesFrom([[device('a')], 0])).toThrow(errnoOf(4013));
    expect(() => namesFrom([[device('a')], new Uint8Array(70_000)])).toThrow(/an answer of 70000 bytes does not fit/);
    expect(() => namesFrom([[device('a')], new Uint8Array(10)])).toThrow(errnoOf(4013));
    expect(() => namesFrom([[{ type: uapi.RTM_NEWLINK, payload: new Uint8Array(3) }]])).toThrow(errnoOf(4013));
    expect(() => namesFrom([[{ ...device('a'), port: 5 }, done]])).toThrow(errnoOf(4011));
    expect(() => namesFrom([[{ ...device('a'), sequence: 9 }, done]])).toThrow(errnoOf(4012));
    expect(() => namesFrom([[{ type: uapi.NLMSG_ERROR, payload: number(-1) }]])).toThrow(errnoOf(4013));
  });

  it('closes its socket whatever happens', () => {
    for (const [calls, error] of [
      [{ bind: -13 }, SyscallError],
      [{ send: -105 }, SyscallError],
      [{}, NetlinkError],
    ] as const) {
      const { kernel, closed } = fakeKernel([[[failed(16)]]], calls);
      expect(() => setXdp(kernel, { index: 3, programFd: -1, flags: 0 })).toThrow(error);
      expect(closed).toEqual([5]);
    }
    const { kernel, closed } = fakeKernel([], { socket: -24 });
    expect(() => new RouteNetlink(kernel)).toThrow(expect.objectContaining({ errno: 24 }));
    expect(closed).toEqual([]);
  });
});

describe('the filters of a device', () => {
  const traffic = (type: number, members: { index: number; handle: number }, ...attributes: Uint8Array[]): Answer => ({
    type,
    payload: Buffer.concat([
      uapi.structView(uapi.tcmsg).set('tcm_ifindex', members.index).set('tcm_handle', members.handle).bytes,
      ...attributes,
    ]),
  });
  const kind = (name: string) => attribute(uapi.TCA_KIND, text(name));
  const qdisc = (index: number, handle: number, name: string) =>
    traffic(uapi.RTM_NEWQDISC, { index, handle }, kind(name));
  const filter = traffic(
    uapi.RTM_NEWTFILTER,
    { index: 3, handle: 1 },
    kind('bpf'),
    attribute(uapi.TCA_OPTIONS, attribute(uapi.TCA_BPF_NAME, text('f'))),
  );

  /** The places of the filters, and the requests: type and parent. */
  function visit(index: number, ...answers: Datagrams[]): { places: string[]; asked: string[] } {
    const { kernel, sent } = fakeKernel(answers);
    using netlink = new RouteNetlink(kernel);
    const places: string[] = [];
    new DeviceFilters(netlink).visit(index, ({ place }) => places.push(place));
    return { places, asked: sent.map((bytes) => `${bytes.readUInt16LE(4)}:${bytes.readUInt32LE(28).toString(16)}`) };
  }

  it('are asked for only where there can be any', () => {
    const { places, asked } = visit(3, [[qdisc(3, 0, 'noqueue'), qdisc(4, 0xffff_0000, 'clsact'), done]]);
    expect({ places, asked }).toEqual({ places: [], asked: ['38:0'] });
  });

  it('of clsact are those of both directions', () => {
    const { places, asked } = visit(
      3,
      [[qdisc(3, 0xffff_0000, 'clsact'), done]],
      [[done]],
      [[filter, filter, done]],
      [[done]],
    );
    expect(places).toEqual(['clsact/ingress', 'clsact/ingress']);
    expect(asked).toEqual(['38:0', '46:ffffffff', '46:fffffff2', '46:fffffff3']);
  });

  it('of classes come before those of disciplines, under each name of the handle', () => {
    const { places, asked } = visit(
      3,
      [[qdisc(4, 0x1_0000, 'prio'), qdisc(3, 0x1_0000, 'htb'), qdisc(4, 0x2_0000, 'tbf'), done]],
      [[traffic(uapi.RTM_NEWTCLASS, { index: 3, handle: 0x1_0005 }), done]],
      [[filter, done]],
    );
    expect(places).toEqual(['unknown', 'prio', 'htb']);
    expect(asked).toEqual(['38:0', '42:0', '46:10005', '46:10000', '46:10000']);
  });
});
