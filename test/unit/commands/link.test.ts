import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { jsonLink } from '../../../src/commands/link/json.ts';
import { plainLink } from '../../../src/commands/link/plain.ts';
import { linkSchemas } from '../../../src/commands/link/output-schema.ts';
import type { LinkLookups } from '../../../src/commands/link/lookups.ts';
import type { LinkInfo, LinkInfoField } from '../../../src/kernel/index.ts';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';
import {
  bpf_link_info,
  bpf_link_type,
  bpf_perf_event_type,
  perfConfigName,
  structView,
} from '../../../src/uapi/index.ts';

type Members = Partial<Record<LinkInfoField, number | bigint>>;

function link(type: number, members: Members, more: Partial<LinkInfo> = {}): LinkInfo {
  const view = structView(bpf_link_info);
  for (const [name, value] of Object.entries(members)) view.set(name as LinkInfoField, value);
  return { type, id: 7, programId: 9, view, name: '', addresses: [], cookies: [], refCounterOffsets: [], ...more };
}

const around: LinkLookups = {
  programType: (id) => (id === 9 ? 26 : undefined),
  interfaceName: (index) => (index === 3 ? 'veth0' : undefined),
  functionsAt: (addresses, cookies) =>
    addresses.map((address, i) => ({ address, cookie: cookies[i]!, name: `f${i}`, module: i === 1 ? 'mod' : '' })),
};

const plain = (info: LinkInfo) => plainLink(info, around).text;

const ajv = new Ajv2020({ strict: true, schemas: Object.values(linkSchemas) });
const fitsSchema = ajv.getSchema('urn:tsbpftool:output:link:show#/$defs/link')!;

/** A link's object, which must fit its schema. */
function json(info: LinkInfo): string {
  const sink = memorySink();
  const writer = new JsonWriter(sink, { pretty: false });
  writer.startObject();
  jsonLink(writer, info, around);
  writer.endObject();
  const text = sink.contents();
  expect(fitsSchema(JSON.parse(text)), text).toBe(true);
  return text;
}

describe('a link', () => {
  it('of struct_ops names its map in plain text and both in JSON', () => {
    const info = link(bpf_link_type.BPF_LINK_TYPE_STRUCT_OPS, { 'struct_ops.map_id': 5 });
    expect(plain(info)).toBe('7: struct_ops  map 5  ');
    expect(json(info)).toBe('{"id":7,"type":"struct_ops","prog_id":9,"map_id":5}');
  });

  it('of a type without a name shows the number', () => {
    expect(plain(link(200, {}))).toBe('7: type 200  prog 9  ');
    expect(json(link(200, {}))).toBe('{"id":7,"type":200,"prog_id":9}');
  });

  it('of tracing names program type, target and cookie', () => {
    const members = {
      'tracing.attach_type': 24,
      'tracing.target_obj_id': 1,
      'tracing.target_btf_id': 2,
      'tracing.cookie': 3n,
    };
    const info = link(bpf_link_type.BPF_LINK_TYPE_TRACING, members);
    expect(plain(info)).toBe(
      '7: tracing  prog 9  \n\tprog_type tracing  attach_type trace_fentry  \n\ttarget_obj_id 1  target_btf_id 2  \n\tcookie 3  ',
    );
  });

  it('of tracing ends early when its program is gone', () => {
    const info = link(bpf_link_type.BPF_LINK_TYPE_TRACING, {}, { programId: 10 });
    expect(plainLink(info, around)).toEqual({ text: '7: tracing  prog 10  ', complete: false });
    expect(json(info)).toBe('{"id":7,"type":"tracing","prog_id":10}');
  });

  it('on a device tells known, unknown and detached devices apart', () => {
    const on = (ifindex: number) => link(bpf_link_type.BPF_LINK_TYPE_XDP, { 'xdp.ifindex': ifindex });
    expect(plain(on(3))).toBe('7: xdp  prog 9  \n\tifindex veth0(3)  ');
    expect(plain(on(4))).toBe('7: xdp  prog 9  \n\tifindex (unknown)  ');
    expect(plain(on(0))).toBe('7: xdp  prog 9  \n\tifindex (detached)  ');
    expect(json(on(4))).toContain('"devname":"(unknown)","ifindex":4');
  });

  it('of netfilter falls back to numbers for family and hook', () => {
    const at = (pf: number, hooknum: number, flags = 0) =>
      plain(
        link(bpf_link_type.BPF_LINK_TYPE_NETFILTER, {
          'netfilter.pf': pf,
          'netfilter.hooknum': hooknum,
          'netfilter.priority': -128,
          'netfilter.flags': flags,
        }),
      );
    expect(at(2, 0)).toContain('\n\tip prerouting prio -128');
    expect(at(3, 1, 1)).toContain('\n\tarp output prio -128 flags 0x1');
    expect(at(5, 0)).toContain('\n\tnetdev, hook 0, prio -128');
    expect(at(99, 7)).toContain('\n\tpf: 99, hook 7, prio -128');
  });

  it('of kprobe_multi lists functions with module and cookie', () => {
    const members = { 'kprobe_multi.count': 2, 'kprobe_multi.flags': 1, 'kprobe_multi.missed': 4n };
    const sites = { addresses: [0x1000n, 0xffffn], cookies: [0xabn, 0n] };
    const info = link(bpf_link_type.BPF_LINK_TYPE_KPROBE_MULTI, members, sites);
    expect(plain(info)).toBe(
      '7: kprobe_multi  prog 9  \n\tkretprobe.multi  func_cnt 2  missed 4  ' +
        '\n\taddr             cookie           func [module]' +
        '\n\t0000000000001000 ab               f0  ' +
        '\n\t000000000000ffff 0                f1 [mod]  ',
    );
    expect(json(info)).toContain(
      '"retprobe":true,"func_cnt":2,"missed":4,"funcs":[{"addr":4096,"func":"f0","module":null,"cookie":171},' +
        '{"addr":65535,"func":"f1","module":"mod","cookie":0}]',
    );
  });

  it('of uprobe_multi lists offsets, counters and cookies', () => {
    const members = { 'uprobe_multi.count': 1, 'uprobe_multi.pid': 12 };
    const sites = { name: '/bin/x', addresses: [0x10n], cookies: [2n], refCounterOffsets: [3n] };
    const info = link(bpf_link_type.BPF_LINK_TYPE_UPROBE_MULTI, members, sites);
    expect(plain(info)).toBe(
      '7: uprobe_multi  prog 9  \n\tuprobe.multi  path /bin/x  func_cnt 1  pid 12  ' +
        '\n\toffset             ref_ctr_offset     cookies         ' +
        '\n\t0x10               0x3                0x2               ',
    );
    expect(json(info)).toContain('"pid":12,"funcs":[{"offset":16,"ref_ctr_offset":3,"cookie":2}]');
  });

  it('of a kernel probe shows address, offset, misses and cookie', () => {
    const members = {
      'perf_event.type': bpf_perf_event_type.BPF_PERF_EVENT_KRETPROBE,
      'perf_event.kprobe.addr': 0xffn,
      'perf_event.kprobe.offset': 16,
      'perf_event.kprobe.missed': 2n,
      'perf_event.kprobe.cookie': 3n,
    };
    const info = link(bpf_link_type.BPF_LINK_TYPE_PERF_EVENT, members, { name: 'do_it' });
    expect(plain(info)).toBe('7: perf_event  prog 9  \n\tkretprobe ff do_it+0x10  missed 2  cookie 3  ');
    expect(json(info)).toContain('"retprobe":true,"addr":255,"func":"do_it","offset":16,"missed":2,"cookie":3');
  });

  it('of a user probe shows file and offset', () => {
    const members = {
      'perf_event.type': bpf_perf_event_type.BPF_PERF_EVENT_UPROBE,
      'perf_event.uprobe.ref_ctr_offset': 8n,
    };
    const info = link(bpf_link_type.BPF_LINK_TYPE_PERF_EVENT, members, { name: '/bin/x' });
    expect(plain(info)).toBe('7: perf_event  prog 9  \n\tuprobe /bin/x+0  ref_ctr_offset 0x8  ');
  });

  it('of a perf event names type and event where they have names', () => {
    const event = (type: number, config: bigint) =>
      link(bpf_link_type.BPF_LINK_TYPE_PERF_EVENT, {
        'perf_event.type': bpf_perf_event_type.BPF_PERF_EVENT_EVENT,
        'perf_event.event.type': type,
        'perf_event.event.config': config,
        'perf_event.event.cookie': 1n,
      });
    expect(plain(event(1, 0n))).toContain('\n\tevent software:cpu-clock  cookie 1  ');
    expect(plain(event(9, 5n))).toContain('\n\tevent 9 :5  cookie 1  ');
    expect(json(event(4, 0xffff_ffff_ffffn))).toContain('"event_type":"raw","event_config":281474976710655,"cookie":1');
  });
});

describe('a hardware cache event', () => {
  it('is named by cache, operation and result', () => {
    expect(perfConfigName(3, 0x1_02_00n)).toBe('L1-dcache-prefetch-misses');
    expect(perfConfigName(3, 0x7_09_08n)).toBe('8-9-7');
  });
});
