// The members of a link in `-j link show`, for each type of link: show_link_close_json() of bpftool's src/link.c.
// Zeros that plain output leaves out are members here.
import { type DetailsOf, type LinkDetails, linkDetails, type LinkInfo } from '../../kernel/index.ts';
import type { JsonWriter } from '../../output/index.ts';
import { attachTypeName, linkTypeName, perfConfigName, perfTypeName, progTypeName } from '../../uapi/index.ts';
import { netfilterMembers } from '../shared/netfilter.ts';
import { iteratorKind, iteratorOrder } from './iterators.ts';
import type { LinkLookups } from './lookups.ts';

/** Writes the members of a link's object. False if the details end early because their program is gone. */
export function jsonLink(json: JsonWriter, info: LinkInfo, around: LinkLookups): boolean {
  // Also for struct_ops, whose links have no program: the number is 0 there, and `map_id` follows.
  json
    .field('id', info.id)
    .field('type', linkTypeName(info.type) ?? info.type)
    .field('prog_id', info.programId);
  const details = linkDetails(info);
  return details === undefined || jsonDetails(json, info.programId, details, around);
}

function jsonDetails(json: JsonWriter, progId: number, details: LinkDetails, around: LinkLookups): boolean {
  switch (details.kind) {
    case 'raw_tracepoint':
      json.field('tp_name', details.tpName).field('cookie', details.cookie);
      break;
    case 'tracing': {
      const type = around.programType(progId);
      // The reference returns here too, since the type of the program is the first detail; its object stays open, ours
      // is closed.
      if (type === undefined) return false;
      json.field('prog_type', progTypeName(type) ?? type);
      attachType(json, details.attachType);
      json.field('target_obj_id', details.targetObjId).field('target_btf_id', details.targetBtfId);
      json.field('cookie', details.cookie);
      break;
    }
    case 'cgroup':
      json.field('cgroup_id', details.cgroupId);
      attachType(json, details.attachType);
      break;
    case 'iter':
      iterator(json, details);
      break;
    case 'netns':
      json.field('netns_ino', details.netnsIno);
      attachType(json, details.attachType);
      break;
    case 'netfilter':
      netfilterMembers(json, details);
      break;
    case 'tcx':
    case 'netkit':
      device(json, details.ifindex, around);
      attachType(json, details.attachType);
      break;
    case 'sockmap':
      json.field('map_id', details.mapId);
      attachType(json, details.attachType);
      break;
    case 'xdp':
      device(json, details.ifindex, around);
      break;
    case 'struct_ops':
      json.field('map_id', details.mapId);
      break;
    case 'kprobe_multi':
      kprobeMulti(json, details, around);
      break;
    case 'uprobe_multi':
      uprobeMulti(json, details);
      break;
    case 'perf_event':
      perfEvent(json, details);
      break;
  }
  return true;
}

function attachType(json: JsonWriter, type: number): void {
  json.field('attach_type', attachTypeName(type) ?? type);
}

/** The reference asks if_indextoname(3), so names are those of this network namespace, whichever the device is in. */
function device(json: JsonWriter, ifindex: number, around: LinkLookups): void {
  // The kernel answers 0 once the device is gone: the link outlives it.
  const name = ifindex === 0 ? '(detached)' : (around.interfaceName(ifindex) ?? '(unknown)');
  json.field('devname', name).field('ifindex', ifindex);
}

function iterator(json: JsonWriter, details: DetailsOf<'iter'>): void {
  json.field('target_name', details.targetName);
  switch (iteratorKind(details.targetName)) {
    case 'map':
      json.field('map_id', details.mapId);
      break;
    case 'task':
      // A thread is the narrower restriction, so it hides the process it belongs to.
      if (details.tid !== 0) json.field('tid', details.tid);
      else if (details.pid !== 0) json.field('pid', details.pid);
      break;
    case 'cgroup':
      json.field('cgroup_id', details.cgroupId).field('order', iteratorOrder(details.order));
      break;
    case 'other':
      break;
  }
}

/** `func_cnt` is what the kernel says; `funcs` may be shorter, where an address has no symbol. */
function kprobeMulti(json: JsonWriter, details: DetailsOf<'kprobe_multi'>, around: LinkLookups): void {
  json.field('retprobe', details.isReturn).field('func_cnt', details.count).field('missed', details.missed);
  json.name('funcs').startArray();
  for (const { address, cookie, name, module } of around.functionsAt(details.addresses, details.cookies) ?? []) {
    // The name of a module, or null for the kernel's own image.
    json.startObject().field('addr', address).field('func', name);
    json
      .field('module', module === '' ? null : module)
      .field('cookie', cookie)
      .endObject();
  }
  json.endArray();
}

function uprobeMulti(json: JsonWriter, details: DetailsOf<'uprobe_multi'>): void {
  const { offsets, refCtrOffsets, cookies } = details;
  json.field('retprobe', details.isReturn).field('path', details.path).field('func_cnt', details.count);
  // The reference prints the process as an int here, and unsigned in plain output.
  json
    .field('pid', details.pid | 0)
    .name('funcs')
    .startArray();
  offsets.forEach((offset, i) => {
    json.startObject().field('offset', offset);
    json
      .field('ref_ctr_offset', refCtrOffsets[i] ?? 0n)
      .field('cookie', cookies[i] ?? 0n)
      .endObject();
  });
  json.endArray();
}

function perfEvent(json: JsonWriter, { event }: DetailsOf<'perf_event'>): void {
  switch (event?.kind) {
    case 'event':
      json.field('event_type', perfTypeName(event.type) ?? event.type);
      json.field('event_config', perfConfigName(event.type, event.config) ?? event.config);
      json.field('cookie', event.cookie);
      break;
    case 'tracepoint':
      json.field('tracepoint', event.name).field('cookie', event.cookie);
      break;
    case 'kprobe':
      json.field('retprobe', event.isReturn).field('addr', event.address).field('func', event.func);
      json.field('offset', event.offset).field('missed', event.missed).field('cookie', event.cookie);
      break;
    case 'uprobe':
      json.field('retprobe', event.isReturn).field('file', event.file).field('offset', event.offset);
      json.field('cookie', event.cookie).field('ref_ctr_offset', event.refCtrOffset);
      break;
  }
}
