// What BPF_OBJ_GET_INFO_BY_FD says of objects: `struct bpf_map_info` and its like, as far as a fake kernel knows them.
import { Errno } from '../errors/index.ts';
import {
  attr_info,
  bpf_btf_info,
  bpf_link_info,
  bpf_link_type,
  bpf_map_info,
  bpf_prog_info,
  linkTypeName,
  type NativeStruct,
  type StructLayout,
  StructView,
} from '../uapi/index.ts';
import { bytesAt, structAt } from './attribute.ts';
import type { Descriptors } from './descriptors.ts';
import type { FakeBtf, FakeLink, FakeMap, FakeObject, FakeProgram } from './objects.ts';

/** What this call alone answers for a descriptor that is none. */
const EBADFD = 77;

/** BPF_OBJ_GET_INFO_BY_FD: 0 or -errno. As much is written as the caller has room for. */
export function objectInfo(descriptors: Descriptors, attr: NativeStruct): number {
  const view = new StructView(attr_info, attr.bytes);
  const found = descriptors.get(view.u32('bpf_fd'));
  if (found === undefined) return -EBADFD;
  if (found.kind !== 'object') return -Errno.EINVAL;
  const info = structAt(attr, attr_info.members.info);
  if (info === undefined) return -Errno.EFAULT;
  const layout = layouts[found.object.kind];
  const room = Math.min(view.u32('info_len'), info.bytes.length);
  // bpf_check_uarg_tail_zero of the kernel: a caller with a larger structure must have left the rest zero.
  if (info.bytes.subarray(layout.size, room).some((byte) => byte !== 0)) return -Errno.E2BIG;
  const bytes = new Uint8Array(layout.size);
  bytes.set(info.bytes.subarray(0, Math.min(room, layout.size)));
  const given = { bytes, pointers: info.pointers };
  const result = write(found.object, given);
  if (result < 0) return result;
  const length = Math.min(room, layout.size);
  info.bytes.set(bytes.subarray(0, length));
  view.set('info_len', length);
  return 0;
}

function write(object: FakeObject, given: NativeStruct): number {
  switch (object.kind) {
    case 'map':
      return writeMap(object, given);
    case 'prog':
      return writeProgram(object, given);
    case 'link':
      return writeLink(object, given);
    default:
      return writeBtf(object, given);
  }
}

/** Sizes of this version of the UAPI: callers that know less get less. */
const layouts: Readonly<Record<FakeObject['kind'], StructLayout>> = {
  map: bpf_map_info,
  prog: bpf_prog_info,
  link: bpf_link_info,
  btf: bpf_btf_info,
};

function writeMap(map: FakeMap, { bytes }: NativeStruct): number {
  bytes.fill(0);
  new StructView(bpf_map_info, bytes)
    .set('type', map.type)
    .set('id', map.id)
    .set('key_size', map.keySize)
    .set('value_size', map.valueSize)
    .set('max_entries', map.maxEntries)
    .set('map_flags', map.flags)
    .set('map_extra', map.extra)
    .set('btf_id', map.btf?.id ?? 0)
    .set('btf_key_type_id', map.btf?.keyTypeId ?? 0)
    .set('btf_value_type_id', map.btf?.valueTypeId ?? 0)
    .setText('name', map.name);
  return 0;
}

const programMembers = bpf_prog_info.members;
/** Bytes of `struct bpf_func_info` and `struct bpf_line_info`. */
const recordSize = { function: 8, line: 16 };

function writeProgram(program: FakeProgram, given: NativeStruct): number {
  const view = new StructView(bpf_prog_info, given.bytes);
  const maps = program.held.filter((object) => object.kind === 'map');
  const ids = new Uint8Array(Uint32Array.from(maps, ({ id }) => id).buffer);
  // The caller says by counts and addresses which arrays it has room for. They are in the members that are then
  // overwritten, so that all are read first.
  const arrays = [
    ['map_ids', ids, view.u32('nr_map_ids') * 4],
    ['xlated_prog_insns', program.code, view.u32('xlated_prog_len')],
    ['func_info', program.functionInfo, view.u32('nr_func_info') * recordSize.function],
    ['line_info', program.lineInfo, view.u32('nr_line_info') * recordSize.line],
  ] as const;
  const pointed = new Set<string>();
  for (const [member, array, room] of arrays) {
    const into = bytesAt(given, programMembers[member]);
    if (into === undefined) continue;
    pointed.add(member);
    into.set(array.subarray(0, Math.min(room, into.length)));
  }
  given.bytes.fill(0);
  view
    .set('type', program.type)
    .set('id', program.id)
    .set('load_time', program.loadTime)
    .set('nr_map_ids', maps.length)
    .set('xlated_prog_len', program.code.length)
    .set('gpl_compatible', program.isGpl ? 1 : 0)
    .set('btf_id', program.btfId)
    .set('nr_func_info', program.functionInfo.length / recordSize.function)
    .set('func_info_rec_size', program.functionInfo.length > 0 ? recordSize.function : 0)
    .set('nr_line_info', program.lineInfo.length / recordSize.line)
    .set('line_info_rec_size', program.lineInfo.length > 0 ? recordSize.line : 0)
    .set('nr_prog_tags', 1)
    // Nothing is verified: the number is what a program without branches would have.
    .set('verified_insns', program.code.length / 8)
    .setText('name', program.name)
    .bytesOf('tag')
    .set(program.tag);
  // An address that is still there says that the array was written; there are none here.
  for (const member of pointed) view.set(member as keyof typeof programMembers, 1);
  return 0;
}

function writeLink(link: FakeLink, given: NativeStruct): number {
  const view = new StructView(bpf_link_info, given.bytes);
  view.set('type', link.type).set('id', link.id).set('prog_id', link.program.id);
  const target = typeof link.target === 'number' ? link.target : 0;
  const name = linkTypeName(link.type);
  if (name === 'xdp') view.set('xdp.ifindex', target);
  else if (name === 'tcx' || name === 'netkit') view.set('tcx.ifindex', target).set('tcx.attach_type', link.attachType);
  else if (name === 'cgroup') view.set('cgroup.attach_type', link.attachType);
  else if (name === 'tracing') view.set('tracing.attach_type', link.attachType);
  // A name that does not fit is cut, and the errno says so; the length is that of the whole name.
  if (link.type !== bpf_link_type.BPF_LINK_TYPE_RAW_TRACEPOINT) return 0;
  const into = bytesAt(given, bpf_link_info.members['raw_tracepoint.tp_name']);
  const text = new TextEncoder().encode(`${link.text}\0`);
  into?.set(text.subarray(0, into.length));
  view.set('raw_tracepoint.tp_name_len', text.length);
  return into !== undefined && into.length < text.length ? -Errno.ENOSPC : 0;
}

function writeBtf(btf: FakeBtf, given: NativeStruct): number {
  const view = new StructView(bpf_btf_info, given.bytes);
  const into = bytesAt(given, bpf_btf_info.members.btf);
  into?.set(btf.bytes.subarray(0, Math.min(view.u32('btf_size'), into.length)));
  const name = bytesAt(given, bpf_btf_info.members.name);
  if (name !== undefined) name[0] = 0;
  view.set('btf_size', btf.bytes.length).set('id', btf.id).set('kernel_btf', 0);
  return 0;
}
