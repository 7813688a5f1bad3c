// The text of a link in `link show`: show_link_close_plain() of bpftool's src/link.c. Nearly every detail ends with
// two blanks, also at the end of a line.
import { type DetailsOf, type LinkDetails, linkDetails, type LinkInfo } from '../../kernel/index.ts';
import { attachTypeName, linkTypeName, perfConfigName, perfTypeName, progTypeName } from '../../uapi/index.ts';
import { netfilterText } from '../shared/netfilter.ts';
import { iteratorKind, iteratorOrder } from './iterators.ts';
import type { LinkLookups } from './lookups.ts';

/** The line's head and the type's details; undefined details end the text early, as a missing program does. */
export function plainLink(info: LinkInfo, around: LinkLookups): { text: string; complete: boolean } {
  const details = linkDetails(info);
  const type = linkTypeName(info.type) ?? `type ${info.type}`;
  // A struct_ops link belongs to a map; its prog_id is 0.
  const user = details?.kind === 'struct_ops' ? `map ${details.mapId}` : `prog ${info.programId}`;
  const head = `${info.id}: ${type}  ${user}  `;
  const body = details === undefined ? '' : plainDetails(info.programId, details, around);
  return { text: head + (body ?? ''), complete: body !== undefined };
}

function plainDetails(progId: number, details: LinkDetails, around: LinkLookups): string | undefined {
  switch (details.kind) {
    case 'raw_tracepoint':
      return `\n\ttp '${details.tpName}'  ${positive('cookie', details.cookie)}`;
    case 'tracing':
      return tracing(progId, details, around);
    case 'cgroup':
      // A line of its own for most types; iterators continue the first line.
      return `\n\tcgroup_id ${details.cgroupId}  ${attachType(details.attachType)}`;
    case 'iter':
      return iterator(details);
    case 'netns':
      return `\n\tnetns_ino ${details.netnsIno}  ${attachType(details.attachType)}`;
    case 'netfilter':
      return netfilterText(details);
    case 'tcx':
    case 'netkit':
      return `\n\t${device(details.ifindex, around)}${attachType(details.attachType)}`;
    case 'sockmap':
      return `\n\tmap_id ${details.mapId}  ${attachType(details.attachType)}`;
    case 'xdp':
      return `\n\t${device(details.ifindex, around)}`;
    case 'kprobe_multi':
      return kprobeMulti(details, around);
    case 'uprobe_multi':
      return uprobeMulti(details);
    case 'perf_event':
      return perfEvent(details);
    default:
      return '';
  }
}

/** A member that plain output leaves out while it is 0, as cookies and misses are by default. */
function positive(name: string, value: bigint): string {
  return value === 0n ? '' : `${name} ${value}  `;
}

function attachType(type: number): string {
  return `attach_type ${attachTypeName(type) ?? type}  `;
}

/** An index of 0: the kernel has taken the link off a device that is gone. */
function device(ifindex: number, around: LinkLookups): string {
  if (ifindex === 0) return 'ifindex (detached)  ';
  const name = around.interfaceName(ifindex);
  return `ifindex ${name === undefined ? '(unknown)' : `${name}(${ifindex})`}  `;
}

function tracing(progId: number, details: DetailsOf<'tracing'>, around: LinkLookups): string | undefined {
  const type = around.programType(progId);
  if (type === undefined) return undefined;
  const { targetObjId, targetBtfId, cookie } = details;
  const target =
    targetObjId !== 0 || targetBtfId !== 0 ? `\n\ttarget_obj_id ${targetObjId}  target_btf_id ${targetBtfId}  ` : '';
  const head = `\n\tprog_type ${progTypeName(type) ?? type}  ${attachType(details.attachType)}`;
  return head + target + (cookie === 0n ? '' : `\n\tcookie ${cookie}  `);
}

function iterator(details: DetailsOf<'iter'>): string {
  const head = `target_name ${details.targetName}  `;
  switch (iteratorKind(details.targetName)) {
    case 'map':
      return `${head}map_id ${details.mapId}  `;
    case 'task':
      // One blank after a task's number, two after everything else: the reference's own text.
      if (details.tid !== 0) return `${head}tid ${details.tid} `;
      return details.pid === 0 ? head : `${head}pid ${details.pid} `;
    case 'cgroup':
      return `${head}cgroup_id ${details.cgroupId}  order ${iteratorOrder(details.order)}  `;
    default:
      return head;
  }
}

function kprobeMulti(details: DetailsOf<'kprobe_multi'>, around: LinkLookups): string {
  const { addresses, cookies, isReturn, count } = details;
  if (count === 0) return '';
  const head = `\n\t${isReturn ? 'kretprobe' : 'kprobe'}.multi  func_cnt ${count}  ${positive('missed', details.missed)}`;
  // Without symbols (kptr_restrict, or no right to see addresses) the table is missing, its heading too.
  const functions = around.functionsAt(addresses, cookies);
  if (functions === undefined) return head;
  const rows = functions.map(({ address, cookie, name, module }) => {
    const at = address.toString(16).padStart(16, '0');
    return `\n\t${at} ${cookie.toString(16).padEnd(16)} ${name}${module === '' ? '' : ` [${module}]`}  `;
  });
  return `${head}\n\t${'addr'.padEnd(16)} ${'cookie'.padEnd(16)} func [module]${rows.join('')}`;
}

function uprobeMulti(details: DetailsOf<'uprobe_multi'>): string {
  const { offsets, refCtrOffsets, cookies, isReturn, count, path, pid } = details;
  if (count === 0) return '';
  const hex = (value: bigint | undefined) => `0x${(value ?? 0n).toString(16).padEnd(16)}`;
  const rows = offsets.map((offset, i) => `\n\t${hex(offset)} ${hex(refCtrOffsets[i])} ${hex(cookies[i])}`);
  const head = `\n\t${isReturn ? 'uretprobe' : 'uprobe'}.multi  path ${path}  func_cnt ${count}  `;
  const columns = `\n\t${'offset'.padEnd(16)}   ${'ref_ctr_offset'.padEnd(16)}   ${'cookies'.padEnd(16)}`;
  return `${head}${pid === 0 ? '' : `pid ${pid >>> 0}  `}${columns}${rows.join('')}`;
}

function perfEvent({ event }: DetailsOf<'perf_event'>): string {
  if (event === undefined) return '';
  switch (event.kind) {
    case 'event': {
      const type = perfTypeName(event.type);
      const config = perfConfigName(event.type, event.config) ?? event.config;
      // The blank before the colon is the reference's, for types without a name only.
      return `\n\tevent ${type ?? `${event.type} `}:${config}  ${positive('cookie', event.cookie)}`;
    }
    case 'tracepoint':
      // A perf event without a name says nothing: the kernel gave none.
      return event.name === '' ? '' : `\n\ttracepoint ${event.name}  ${positive('cookie', event.cookie)}`;
    case 'kprobe': {
      if (event.func === '' && event.address === 0n) return '';
      const address = event.address === 0n ? '' : `${event.address.toString(16)} `;
      const offset = event.offset === 0 ? '' : `+0x${event.offset.toString(16)}`;
      const missed = event.missed === 0n ? '' : `  missed ${event.missed}`;
      const cookie = event.cookie === 0n ? '' : `  cookie ${event.cookie}`;
      const name = event.isReturn ? 'kretprobe' : 'kprobe';
      return `\n\t${name} ${address}${event.func}${offset}${missed}${cookie}  `;
    }
    case 'uprobe': {
      if (event.file === '') return '';
      // `%#x` writes 0 without the prefix.
      const offset = event.offset === 0 ? '0' : `0x${event.offset.toString(16)}`;
      const counter = event.refCtrOffset === 0n ? '' : `ref_ctr_offset 0x${event.refCtrOffset.toString(16)}  `;
      const name = event.isReturn ? 'uretprobe' : 'uprobe';
      return `\n\t${name} ${event.file}+${offset}  ${positive('cookie', event.cookie)}${counter}`;
    }
  }
}
