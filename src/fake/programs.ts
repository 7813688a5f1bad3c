// Programs, links and BTF of a fake kernel. Checks that depend on what instructions do are left out, since nothing
// runs.
import { createHash } from 'node:crypto';
import { Errno } from '../errors/index.ts';
import {
  attr_btf_load,
  attr_link_create,
  attr_link_detach,
  attr_link_update,
  attr_prog_bind_map,
  attr_prog_load,
  attr_query,
  attr_raw_tracepoint,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  bpf_attach_type,
  bpf_link_type,
  bpf_prog_type,
  attachTypeName,
  progTypeName,
  type NativeStruct,
  StructView,
} from '../uapi/index.ts';
import { bytesAt, textAt } from './attribute.ts';
import type { MapWorld } from './maps.ts';
import type { FakeLink, FakeMap, FakeObject } from './objects.ts';

/** BPF_LD | BPF_DW | BPF_IMM: the one instruction of two slots. */
const loadWide = 0x18;
/** BPF_COMPLEXITY_LIMIT_INSNS */
const mostInstructions = 1_000_000;
const isName = /^[\w.]{0,15}$/;

/** BPF_BTF_LOAD: a descriptor, or -errno. Of the bytes only the magic number is looked at. */
export function loadBtf({ objects, descriptors }: MapWorld, attr: NativeStruct): number {
  const view = new StructView(attr_btf_load, attr.bytes);
  const bytes = bytesAt(attr, attr_btf_load.members.btf)?.slice(0, view.u32('btf_size'));
  if (bytes === undefined) return -Errno.EFAULT;
  // The header of BTF version 1 has 24 bytes.
  if (bytes.length < 24 || bytes[0] !== 0x9f || bytes[1] !== 0xeb) return -Errno.EINVAL;
  return descriptors.openObject(objects.add('btf', { bytes, held: [] }));
}

/** BPF_PROG_LOAD: a descriptor, or -errno. Nothing is verified: what the program does is not looked at. */
export function loadProgram(world: MapWorld, attr: NativeStruct): number {
  const { objects, descriptors } = world;
  const view = new StructView(attr_prog_load, attr.bytes);
  const count = view.u32('insn_cnt');
  if (count === 0 || count > mostInstructions) return -Errno.E2BIG;
  const code = bytesAt(attr, attr_prog_load.members.insns)?.slice(0, count * 8);
  const license = textAt(attr, attr_prog_load.members.license);
  if (code === undefined || license === undefined) return -Errno.EFAULT;
  const type = view.u32('prog_type');
  const name = view.text('prog_name');
  if (type === 0 || progTypeName(type) === undefined || !isName.test(name)) return -Errno.EINVAL;
  const held = mapsOf(world, code, bytesAt(attr, attr_prog_load.members.fd_array));
  if (typeof held === 'number') return held;
  const btf = view.u32('prog_btf_fd') === 0 ? undefined : descriptors.objectAt(view.u32('prog_btf_fd'), 'btf');
  if (typeof btf === 'number') return btf;
  const records = (member: 'func_info' | 'line_info') => {
    const size = view.u32(`${member}_cnt`) * view.u32(`${member}_rec_size`);
    return bytesAt(attr, attr_prog_load.members[member])?.slice(0, size) ?? new Uint8Array(0);
  };
  const program = objects.add('prog', {
    ...{ name, type, code, attachType: view.u32('expected_attach_type'), btfId: btf?.object.id ?? 0 },
    // Any digest does, as long as equal code has equal tags.
    tag: new Uint8Array(createHash('sha1').update(code).digest().subarray(0, 8)),
    loadTime: process.hrtime.bigint(),
    // license_is_gpl_compatible of include/linux/license.h.
    isGpl: /^(?:GPL|GPL v2|GPL and additional rights|Dual (?:BSD|MIT|MPL)\/GPL)$/.test(license),
    functionInfo: records('func_info'),
    lineInfo: records('line_info'),
    held: btf === undefined ? held : [...held, btf.object],
  });
  return descriptors.openObject(program);
}

/** The maps that the instructions name, each once, or -errno. */
function mapsOf({ descriptors }: MapWorld, code: Uint8Array, fdArray: Uint8Array | undefined): FakeObject[] | number {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  const maps = new Set<FakeMap>();
  for (let at = 0; at < code.length; at += code[at] === loadWide ? 16 : 8) {
    if (code[at] !== loadWide) continue;
    const source = code[at + 1]! >> 4;
    // The immediate is a descriptor itself, or an index in `fd_array`.
    const isIndex = source === BPF_PSEUDO_MAP_IDX || source === BPF_PSEUDO_MAP_IDX_VALUE;
    if (!isIndex && source !== BPF_PSEUDO_MAP_FD && source !== BPF_PSEUDO_MAP_VALUE) continue;
    const number = view.getUint32(at + 4, true);
    const fd = isIndex ? fdAt(fdArray, number) : number;
    const found = descriptors.objectAt(fd, 'map');
    if (typeof found === 'number') return found;
    maps.add(found.object);
  }
  return [...maps];
}

function fdAt(fds: Uint8Array | undefined, index: number): number {
  if (fds === undefined || (index + 1) * 4 > fds.length) return -1;
  return new DataView(fds.buffer, fds.byteOffset).getInt32(index * 4, true);
}

/** BPF_PROG_BIND_MAP: 0 or -errno. */
export function bindMap({ objects, descriptors }: MapWorld, attr: NativeStruct): number {
  const view = new StructView(attr_prog_bind_map, attr.bytes);
  const program = descriptors.objectAt(view.u32('prog_fd'), 'prog');
  const map = descriptors.objectAt(view.u32('map_fd'), 'map');
  if (typeof program === 'number') return program;
  if (typeof map === 'number') return map;
  if (program.object.held.includes(map.object)) return 0;
  objects.hold(map.object);
  program.object.held.push(map.object);
  return 0;
}

const { BPF_XDP, BPF_PERF_EVENT } = bpf_attach_type;

/** By the beginning of an attach type's name, without BPF_. The first that fits. */
const linkTypes: readonly (readonly [string, number])[] = [
  ['xdp', bpf_link_type.BPF_LINK_TYPE_XDP],
  ['tcx', bpf_link_type.BPF_LINK_TYPE_TCX],
  ['netkit', bpf_link_type.BPF_LINK_TYPE_NETKIT],
  ['cgroup', bpf_link_type.BPF_LINK_TYPE_CGROUP],
  ['lsm_cgroup', bpf_link_type.BPF_LINK_TYPE_CGROUP],
  ['perf_event', bpf_link_type.BPF_LINK_TYPE_PERF_EVENT],
  ['trace_kprobe', bpf_link_type.BPF_LINK_TYPE_KPROBE_MULTI],
  ['trace_uprobe', bpf_link_type.BPF_LINK_TYPE_UPROBE_MULTI],
  ['trace_iter', bpf_link_type.BPF_LINK_TYPE_ITER],
  ['trace_raw_tp', bpf_link_type.BPF_LINK_TYPE_RAW_TRACEPOINT],
  ['netfilter', bpf_link_type.BPF_LINK_TYPE_NETFILTER],
  ['sk_lookup', bpf_link_type.BPF_LINK_TYPE_NETNS],
  ['flow_dissector', bpf_link_type.BPF_LINK_TYPE_NETNS],
  ['sk_', bpf_link_type.BPF_LINK_TYPE_SOCKMAP],
  ['', bpf_link_type.BPF_LINK_TYPE_TRACING],
];

/** BPF_LINK_CREATE: a descriptor, or -errno. */
export function createLink(world: MapWorld, attr: NativeStruct): number {
  const { objects, descriptors } = world;
  const view = new StructView(attr_link_create, attr.bytes);
  const program = descriptors.objectAt(view.u32('prog_fd'), 'prog');
  if (typeof program === 'number') return program;
  const attachType = view.u32('attach_type');
  const name = attachTypeName(attachType);
  if (name === undefined) return -Errno.EINVAL;
  const type = linkTypes.find(([start]) => name.startsWith(start))![1];
  const number = view.u32('target_fd');
  // The target is the number of a network device for some attach types, and a descriptor (a cgroup's) for others.
  const file = descriptors.get(number);
  if (attachType === BPF_PERF_EVENT && file?.kind !== 'event') return -Errno.EBADF;
  const target = file?.kind === 'file' ? file.path : number;
  if (attachType === BPF_XDP) {
    const isXdp = program.object.type === bpf_prog_type.BPF_PROG_TYPE_XDP;
    if (!isXdp) return -Errno.EINVAL;
    // A device takes one XDP link.
    for (const link of objects.all('link')) {
      if (link.attachType === BPF_XDP && link.target === target) return -Errno.EBUSY;
    }
  }
  return openLink(world, { type, program: program.object, attachType, target, text: '' });
}

/** BPF_RAW_TRACEPOINT_OPEN: a descriptor, or -errno. */
export function openRawTracepoint(world: MapWorld, attr: NativeStruct): number {
  const view = new StructView(attr_raw_tracepoint, attr.bytes);
  const program = world.descriptors.objectAt(view.u32('prog_fd'), 'prog');
  if (typeof program === 'number') return program;
  const text = textAt(attr, attr_raw_tracepoint.members.name);
  // Tracing programs have their target from the time they were loaded, and give no name.
  const type = text === undefined ? bpf_link_type.BPF_LINK_TYPE_TRACING : bpf_link_type.BPF_LINK_TYPE_RAW_TRACEPOINT;
  const { attachType } = program.object;
  return openLink(world, { type, program: program.object, attachType, target: text ?? 0, text: text ?? '' });
}

type LinkFacts = Pick<FakeLink, 'type' | 'program' | 'attachType' | 'target' | 'text'>;

function openLink({ objects, descriptors }: MapWorld, facts: LinkFacts): number {
  return descriptors.openObject(objects.add('link', { ...facts, held: [facts.program] }));
}

/** BPF_LINK_UPDATE: 0 or -errno. */
export function updateLink({ objects, descriptors }: MapWorld, attr: NativeStruct): number {
  const view = new StructView(attr_link_update, attr.bytes);
  const link = descriptors.objectAt(view.u32('link_fd'), 'link');
  const program = descriptors.objectAt(view.u32('new_prog_fd'), 'prog');
  if (typeof link === 'number') return link;
  if (typeof program === 'number') return program;
  const flags = view.u32('flags');
  // BPF_F_REPLACE: only if the program is still the one that the caller expects.
  const replaces = flags === 4;
  if (flags !== 0 && !replaces) return -Errno.EINVAL;
  if (replaces) {
    const old = descriptors.objectAt(view.u32('old_prog_fd'), 'prog');
    if (typeof old === 'number') return old;
    if (old.object !== link.object.program) return -Errno.EPERM;
  } else if (view.u32('old_prog_fd') !== 0) return -Errno.EINVAL;
  if (link.object.target === undefined) return -Errno.ENOLINK;
  if (program.object.type !== link.object.program.type) return -Errno.EINVAL;
  objects.hold(program.object);
  const old = link.object.program;
  link.object.program = program.object;
  link.object.held.splice(0, 1, program.object);
  objects.drop(old);
  return 0;
}

/** BPF_LINK_DETACH: 0 or -errno. */
export function detachLink({ descriptors }: MapWorld, attr: NativeStruct): number {
  const link = descriptors.objectAt(new StructView(attr_link_detach, attr.bytes).u32('link_fd'), 'link');
  if (typeof link === 'number') return link;
  link.object.target = undefined;
  return 0;
}

/** BPF_PROG_QUERY: the programs that links hold at a place. 0 or -errno. */
export function queryPrograms({ objects, descriptors }: MapWorld, attr: NativeStruct): number {
  const view = new StructView(attr_query, attr.bytes);
  const number = view.u32('target_fd');
  const file = descriptors.get(number);
  const target = file?.kind === 'file' ? file.path : number;
  const attachType = view.u32('attach_type');
  const links = [...objects.all('link')].filter((link) => link.attachType === attachType && link.target === target);
  const room = view.u32('count');
  const put = (member: 'prog_ids' | 'link_ids', ids: readonly number[]) => {
    const into = bytesAt(attr, attr_query.members[member]);
    into?.set(new Uint8Array(Uint32Array.from(ids.slice(0, room)).buffer));
  };
  put('prog_ids', links.map(({ program }) => program.id)); // biome-ignore format: two of a kind
  put('link_ids', links.map(({ id }) => id)); // biome-ignore format: two of a kind
  view.set('count', links.length).set('attach_flags', 0).set('revision', 1);
  // The count is that of all programs, so that the caller can ask again with more room.
  return links.length > room && room > 0 ? -Errno.ENOSPC : 0;
}
