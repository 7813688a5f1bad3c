import { describe, expect, it } from 'vitest';
import { ParseError } from '../../../src/errors/index.ts';
import {
  Attributes,
  attribute,
  buildMessage,
  NetlinkError,
  numberAttribute,
  parsing,
  readBpfFilter,
  readClass,
  readDevice,
  readDone,
  readError,
  readMessages,
  trafficRequest,
  xdpRequest,
} from '../../../src/netlink/index.ts';
import * as uapi from '../../../src/uapi/index.ts';

const text = (value: string) => new TextEncoder().encode(`${value}\0`);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const nested = (type: number, ...parts: Uint8Array[]) => attribute(type, Buffer.concat(parts), { nested: true });

function message(type: number, payload: Uint8Array, flags = 0) {
  return { type, flags, sequence: 1, port: 9, payload };
}

describe('netlink messages', () => {
  it('are a header of 16 bytes and a payload', () => {
    const bytes = buildMessage({ type: 18, flags: 0x301, sequence: 7, payload: new Uint8Array(4).fill(0xaa) });
    expect(hex(bytes)).toBe(['14000000', '1200', '0103', '07000000', '00000000', 'aaaaaaaa'].join(''));
    expect([...readMessages(bytes)]).toEqual([
      { type: 18, flags: 0x301, sequence: 7, port: 0, payload: new Uint8Array(4).fill(0xaa) },
    ]);
  });

  it('follow one another at multiples of four bytes', () => {
    const odd = buildMessage({ type: 1, flags: 0, sequence: 1, payload: Uint8Array.of(5) });
    const both = Buffer.concat([odd, new Uint8Array(3), odd]);
    expect([...readMessages(both)].map(({ payload }) => [...payload])).toEqual([[5], [5]]);
    expect([...readMessages(new Uint8Array(0))]).toEqual([]);
  });

  it.each([
    ['a header that is cut off', Uint8Array.of(16, 0, 0, 0, 3)],
    ['a length below that of the header', new Uint8Array(16).fill(15, 0, 1)],
    ['a length of nothing', new Uint8Array(32)],
    ['a length beyond the datagram', new Uint8Array(16).fill(20, 0, 1)],
    ['the largest length', new Uint8Array(16).fill(0xff, 0, 4)],
  ])('with %s are refused', (_what, bytes) => {
    expect(() => [...readMessages(bytes)]).toThrow(ParseError);
  });

  it('say where the second one is wrong', () => {
    const good = buildMessage({ type: 1, flags: 0, sequence: 1, payload: new Uint8Array(0) });
    const bad = Buffer.concat([good, new Uint8Array(5)]);
    expect(() => [...readMessages(bad)]).toThrow(expect.objectContaining({ offset: 16 }));
  });
});

describe('attributes', () => {
  it('are padded to four bytes and read by type', () => {
    const bytes = Buffer.concat([
      attribute(3, text('lo')),
      numberAttribute(9, -2),
      nested(5, attribute(1, Uint8Array.of(7))),
    ]);
    expect(hex(bytes)).toBe(
      ['0700', '0300', '6c6f0000', '0800', '0900', 'feffffff', '0c00', '0580', '0500', '0100', '07000000'].join(''),
    );
    const attributes = new Attributes(bytes);
    expect(attributes.text(3)).toBe('lo');
    expect(attributes.u32(9)).toBe(0xffff_fffe);
    expect(attributes.nested(5)?.u8(1)).toBe(7);
    expect(attributes.has(4)).toBe(false);
    expect([attributes.get(4), attributes.u8(4), attributes.u32(4), attributes.text(4), attributes.nested(4)]).toEqual(
      Array(5).fill(undefined),
    );
  });

  it('that repeat count once, the last of them', () => {
    expect(new Attributes(Buffer.concat([numberAttribute(1, 5), numberAttribute(1, 6)])).u32(1)).toBe(6);
  });

  it('without a NUL are text to their end', () => {
    expect(new Attributes(attribute(1, Buffer.from('abc'))).text(1)).toBe('abc');
    expect(new Attributes(attribute(1, Buffer.from('ab\0cd'))).text(1)).toBe('ab');
    expect(new Attributes(attribute(1, new Uint8Array(0))).text(1)).toBe('');
  });

  it.each([
    ['a header that is cut off', Uint8Array.of(4, 0, 1)],
    ['a length below that of the header', Uint8Array.of(3, 0, 1, 0)],
    ['a length of nothing', Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 0)],
    ['a length beyond the message', Uint8Array.of(9, 0, 1, 0, 0, 0, 0, 0)],
    ['the largest length', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ['bytes left over', Uint8Array.of(4, 0, 1, 0, 9)],
  ])('with %s are refused', (_what, bytes) => {
    expect(() => new Attributes(bytes)).toThrow(ParseError);
    const outer = new Attributes(attribute(2, bytes));
    expect(() => outer.nested(2)).toThrow(ParseError);
  });

  it('shorter than the number they hold are refused', () => {
    const attributes = new Attributes(
      Buffer.concat([attribute(1, new Uint8Array(0)), attribute(2, new Uint8Array(3))]),
    );
    expect(() => attributes.u8(1)).toThrow(/1 bytes in attribute 1, not 0/);
    expect(() => attributes.u32(2)).toThrow(/4 bytes in attribute 2, not 3/);
  });
});

describe('an error message', () => {
  const request = buildMessage({ type: 19, flags: 5, sequence: 1, payload: new Uint8Array(16) });
  const errno = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
  const whole = (value: number, ...attributes: Uint8Array[]) => Buffer.concat([errno(value), request, ...attributes]);
  const capped = (value: number, ...attributes: Uint8Array[]) =>
    Buffer.concat([errno(value), request.subarray(0, 16), ...attributes]);
  const { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS } = uapi;
  const read = (payload: Uint8Array, flags = 0) => readError(message(uapi.NLMSG_ERROR, payload, flags));

  it('with errno 0 is an acknowledgement', () => {
    expect(read(whole(0))).toBeUndefined();
  });

  it('without attributes is an errno', () => {
    const error = read(whole(-16));
    expect(error).toBeInstanceOf(NetlinkError);
    expect(error).toMatchObject({ errno: 16, extendedAck: undefined, message: 'Device or resource busy' });
  });

  it('has its attributes behind the request, or behind its header', () => {
    const told = attribute(NLMSGERR_ATTR_MSG, text('no room'));
    const expected = { errno: 16, extendedAck: { kind: 'text', text: 'no room' }, summary: 'Device or resource busy' };
    expect(read(whole(-16, told), NLM_F_ACK_TLVS)).toMatchObject(expected);
    expect(read(capped(-16, told), NLM_F_ACK_TLVS | NLM_F_CAPPED)).toMatchObject(expected);
    expect(read(whole(-16, told), NLM_F_ACK_TLVS)?.message).toBe('Device or resource busy: no room');
    expect(read(whole(-16, told))?.extendedAck).toBeUndefined();
  });

  it('may have attributes without a text', () => {
    expect(read(whole(-22, numberAttribute(NLMSGERR_ATTR_OFFS, 20)), NLM_F_ACK_TLVS)?.extendedAck).toEqual({
      kind: 'silent',
    });
    expect(read(whole(-22), NLM_F_ACK_TLVS)?.extendedAck).toEqual({ kind: 'silent' });
  });

  it.each([
    ['a text without its NUL', attribute(NLMSGERR_ATTR_MSG, Buffer.from('open'))],
    ['an empty text', attribute(NLMSGERR_ATTR_MSG, new Uint8Array(0))],
    ['a place that is cut off', attribute(NLMSGERR_ATTR_OFFS, new Uint8Array(2))],
    ['an attribute that is too long', Uint8Array.of(99, 0, 1, 0)],
  ])('with %s keeps its errno', (_what, attributes) => {
    expect(read(whole(-22, attributes), NLM_F_ACK_TLVS)).toMatchObject({
      errno: 22,
      extendedAck: { kind: 'malformed' },
    });
  });

  it.each([0, 15, 4000, 0xffff_ffff])('that lies about the request (%i bytes) keeps its errno', (length) => {
    const payload = whole(-22, attribute(NLMSGERR_ATTR_MSG, text('x')));
    payload.writeUInt32LE(length, 4);
    expect(read(payload, NLM_F_ACK_TLVS)).toMatchObject({ errno: 22, extendedAck: { kind: 'malformed' } });
  });

  it.each([0, 3, 4, 19])('of %i bytes is refused', (length) => {
    expect(() => read(whole(-1).subarray(0, length))).toThrow(ParseError);
    expect(() => parsing(() => read(whole(-1).subarray(0, length)))).toThrow(
      expect.objectContaining({ name: 'NetlinkError', errno: 4013 }),
    );
  });

  it('at the end of a dump is its errno', () => {
    expect(readDone(message(uapi.NLMSG_DONE, errno(0)))).toBeUndefined();
    expect(readDone(message(uapi.NLMSG_DONE, new Uint8Array(0)))).toBeUndefined();
    expect(readDone(message(uapi.NLMSG_DONE, errno(-90)))).toMatchObject({ errno: 90, message: 'Message too long' });
  });
});

describe('a device', () => {
  const header = (index: number) => Buffer.from(uapi.structView(uapi.ifinfomsg).set('ifi_index', index).bytes);
  const device = (...attributes: Uint8Array[]) => readDevice(Buffer.concat([header(3), ...attributes]));

  it('has a name, a kind, and XDP programs by mode', () => {
    const found = device(
      attribute(uapi.IFLA_IFNAME, text('v0')),
      nested(uapi.IFLA_LINKINFO, attribute(uapi.IFLA_INFO_KIND, text('veth'))),
      nested(
        uapi.IFLA_XDP,
        attribute(uapi.IFLA_XDP_ATTACHED, Uint8Array.of(uapi.XDP_ATTACHED_MULTI)),
        numberAttribute(uapi.IFLA_XDP_SKB_PROG_ID, 5),
        numberAttribute(uapi.IFLA_XDP_HW_PROG_ID, 6),
      ),
    );
    expect(found).toEqual({
      ...{ index: 3, name: 'v0', kind: 'veth' },
      xdp: { attached: 4, programId: undefined, genericProgramId: 5, driverProgramId: undefined, offloadProgramId: 6 },
    });
  });

  it('without XDP programs has none', () => {
    expect(device()).toEqual({ index: 3, name: '', kind: undefined, xdp: undefined });
    const none = attribute(uapi.IFLA_XDP_ATTACHED, Uint8Array.of(uapi.XDP_ATTACHED_NONE));
    expect(device(nested(uapi.IFLA_XDP, none)).xdp).toBeUndefined();
    expect(device(nested(uapi.IFLA_XDP)).xdp).toBeUndefined();
  });

  it('that is cut off or lies is refused', () => {
    expect(() => readDevice(header(3).subarray(0, 15))).toThrow(ParseError);
    expect(() => device(Uint8Array.of(8, 0, 3, 0))).toThrow(ParseError);
    expect(() => device(attribute(uapi.IFLA_XDP, Uint8Array.of(9, 0, 2, 0)))).toThrow(ParseError);
    const mode = attribute(uapi.IFLA_XDP_ATTACHED, Uint8Array.of(1));
    const id = attribute(uapi.IFLA_XDP_PROG_ID, Uint8Array.of(1, 2));
    expect(() => device(nested(uapi.IFLA_XDP, mode, id))).toThrow(ParseError);
    expect(() => device(nested(uapi.IFLA_XDP, attribute(uapi.IFLA_XDP_ATTACHED, new Uint8Array(0))))).toThrow(
      ParseError,
    );
    expect(() => device(attribute(uapi.IFLA_LINKINFO, Uint8Array.of(1)))).toThrow(ParseError);
  });

  it('is asked to take a program', () => {
    expect(hex(xdpRequest({ index: 3, programFd: 5, flags: 3 }))).toBe(
      ['00000000', '03000000', '00000000', '00000000', '1400', '2b80', '0800010005000000', '0800030003000000'].join(''),
    );
    expect(hex(xdpRequest({ index: 3, programFd: -1, flags: 0 })).slice(32)).toBe('0c002b8008000100ffffffff');
  });
});

describe('traffic control', () => {
  const header = (members: { index?: number; handle?: number } = {}) =>
    Buffer.from(
      uapi
        .structView(uapi.tcmsg)
        .set('tcm_ifindex', members.index ?? 3)
        .set('tcm_handle', members.handle ?? 0).bytes,
    );
  const kind = (name: string) => attribute(uapi.TCA_KIND, text(name));
  const filter = (...attributes: Uint8Array[]) => readBpfFilter(Buffer.concat([header(), ...attributes]));
  const act = (order: number, name: string, ...options: Uint8Array[]) =>
    nested(order, attribute(uapi.TCA_ACT_KIND, text(name)), nested(uapi.TCA_ACT_OPTIONS, ...options));
  const parameters = attribute(uapi.TCA_ACT_BPF_PARMS, new Uint8Array(20));

  it('has disciplines and classes with handles', () => {
    const payload = Buffer.concat([header({ index: 7, handle: 0xffff_0000 }), kind('clsact')]);
    expect(readClass(payload)).toEqual({ deviceIndex: 7, handle: 0xffff_0000, kind: 'clsact' });
    expect(readClass(header({ handle: 0x1_0005 }))).toEqual({ deviceIndex: 3, handle: 0x1_0005, kind: undefined });
    expect(hex(trafficRequest({ deviceIndex: 3, parent: 0xffff_fff2 }))).toBe(
      ['00000000', '03000000', '00000000', 'f2ffffff', '00000000'].join(''),
    );
  });

  it('has BPF filters with actions in their order', () => {
    const options = nested(
      uapi.TCA_OPTIONS,
      attribute(uapi.TCA_BPF_NAME, text('a filter')),
      numberAttribute(uapi.TCA_BPF_ID, 12),
      nested(
        uapi.TCA_BPF_ACT,
        act(2, 'bpf', parameters, numberAttribute(uapi.TCA_ACT_BPF_ID, 14)),
        act(1, 'bpf', parameters, attribute(uapi.TCA_ACT_BPF_NAME, text('first'))),
        act(3, 'gact'),
      ),
    );
    expect(filter(kind('bpf'), options)).toEqual({
      name: 'a filter',
      programId: 12,
      actions: [
        { name: 'first', programId: undefined },
        { name: undefined, programId: 14 },
      ],
    });
  });

  it('has filters that are no BPF programs, and messages without options', () => {
    expect(filter()).toBeUndefined();
    expect(filter(kind('bpf'))).toBeUndefined();
    expect(filter(kind('matchall'), nested(uapi.TCA_OPTIONS))).toBeUndefined();
    expect(filter(kind('bpf'), nested(uapi.TCA_OPTIONS))).toEqual({
      name: undefined,
      programId: undefined,
      actions: undefined,
    });
  });

  it('that is cut off or lies is refused', () => {
    expect(() => readClass(header().subarray(0, 19))).toThrow(ParseError);
    expect(() => readBpfFilter(new Uint8Array(0))).toThrow(ParseError);
    expect(() => filter(kind('bpf'), attribute(uapi.TCA_OPTIONS, Uint8Array.of(5, 0, 1, 0)))).toThrow(ParseError);
    const withId = attribute(uapi.TCA_BPF_ID, Uint8Array.of(1));
    expect(() => filter(kind('bpf'), nested(uapi.TCA_OPTIONS, withId))).toThrow(ParseError);
    const actions = (...list: Uint8Array[]) =>
      filter(kind('bpf'), nested(uapi.TCA_OPTIONS, nested(uapi.TCA_BPF_ACT, ...list)));
    expect(() => actions(act(1, 'bpf'))).toThrow(/expected its parameters/);
    expect(() => actions(nested(1, attribute(uapi.TCA_ACT_KIND, text('bpf'))))).toThrow(/expected its parameters/);
    expect(() => actions(attribute(1, Uint8Array.of(1, 0, 0, 0)))).toThrow(ParseError);
    expect(actions(act(33, 'bpf'))).toMatchObject({ actions: [] });
  });
});
