import { linkDetails, type LinkDetails, type LinkInfo } from '../kernel/index.ts';
import {
  attachTypeName,
  linkTypeName,
  netfilterFamily,
  netfilterHook,
  perfConfigName,
  perfTypeName,
} from '../uapi/index.ts';
import type { LinkRecord } from './records.ts';

/** Names that link records need and only the running system knows. Each may be slow and is asked only if needed. */
export interface LinkNames {
  /** Undefined where this network namespace has no such device. */
  deviceName(ifindex: number): string | undefined;
  /** Path of a control group; undefined where no group has the id any more. */
  groupPath(id: bigint): string | undefined;
  /** What a tracing link's program is at: the name of a function, or the id of the program that it watches. */
  functionOf(link: { objectId: number; typeId: number; programId: number }): { name: string; programId: number };
  /** Name of the kernel's function at an address; undefined where symbols are hidden. */
  symbolAt(address: bigint): string | undefined;
  mapName(id: number): string;
}

/** What a link is attached to, for a person to read. Without `hook` the attach type's name is one. */
interface Place {
  readonly target: string;
  readonly attachType?: number;
  readonly hook?: string;
  readonly mapId?: number;
  readonly isDetached?: boolean;
  readonly targetProgramId?: number;
}

/** A link of what the kernel tells of it. */
export function linkRecord(info: LinkInfo, names: LinkNames): LinkRecord {
  const details = linkDetails(info);
  const place: Place = details === undefined ? { target: '' } : placeOf(details, info, names);
  const { target, attachType, mapId = 0, isDetached = false, targetProgramId = 0 } = place;
  const named = attachType === undefined ? '' : (attachTypeName(attachType) ?? String(attachType));
  return {
    kind: 'link',
    id: info.id,
    name: '',
    type: linkTypeName(info.type) ?? String(info.type),
    programId: info.programId,
    mapId,
    target,
    hook: place.hook ?? named,
    isDetached,
    targetProgramId,
    holders: [],
    pins: [],
  };
}

function placeOf(details: LinkDetails, info: LinkInfo, names: LinkNames): Place {
  switch (details.kind) {
    case 'raw_tracepoint':
      return { target: details.tpName };
    case 'tracing': {
      const { targetObjId: objectId, targetBtfId: typeId, attachType } = details;
      const { name, programId } = names.functionOf({ objectId, typeId, programId: info.programId });
      return { target: name, attachType, targetProgramId: programId };
    }
    case 'cgroup':
      return {
        target: names.groupPath(details.cgroupId) ?? `group ${details.cgroupId}`,
        attachType: details.attachType,
        // The kernel answers 0 for what the link was attached to once that is gone.
        isDetached: details.cgroupId === 0n,
      };
    case 'iter':
      return { target: details.targetName, mapId: details.mapId };
    case 'netns':
      return {
        // As /proc/PID/ns/net reads.
        target: details.netnsIno === 0 ? '' : `net:[${details.netnsIno}]`,
        attachType: details.attachType,
        isDetached: details.netnsIno === 0,
      };
    case 'netfilter': {
      const { pf, hook, priority } = details;
      // The kernel allows one program for each priority at a hook.
      return { target: `${netfilterFamily(pf) ?? pf} ${netfilterHook(pf, hook) ?? hook} prio ${priority}` };
    }
    case 'tcx':
    case 'netkit':
    case 'xdp':
      return {
        target: details.ifindex === 0 ? '' : deviceText(details.ifindex, names),
        ...(details.kind === 'xdp' ? {} : { attachType: details.attachType }),
        isDetached: details.ifindex === 0,
      };
    case 'sockmap':
      return { target: names.mapName(details.mapId), mapId: details.mapId, attachType: details.attachType };
    case 'struct_ops':
      return { target: names.mapName(details.mapId), mapId: details.mapId };
    // A multi-probe is at many functions; the first one names it.
    case 'kprobe_multi':
      return {
        target: several(
          details.addresses.map((address) => names.symbolAt(address) ?? `0x${address.toString(16)}`),
          details.count,
        ),
        hook: details.isReturn ? 'kretprobe' : 'kprobe',
      };
    case 'uprobe_multi':
      return {
        target: several(
          details.offsets.map((offset) => `${details.path}+0x${offset.toString(16)}`),
          details.count,
        ),
        hook: details.isReturn ? 'uretprobe' : 'uprobe',
      };
    case 'perf_event':
      return perfPlace(details.event);
  }
}

function perfPlace(event: Extract<LinkDetails, { kind: 'perf_event' }>['event']): Place {
  switch (event?.kind) {
    case 'tracepoint':
      return { target: event.name, hook: 'tracepoint' };
    case 'kprobe': {
      // A probe at an address has no function, and then the offset says nothing.
      const where = event.func === '' ? `0x${event.address.toString(16)}` : event.func;
      const offset = event.func !== '' && event.offset !== 0 ? `+0x${event.offset.toString(16)}` : '';
      return { target: `${where}${offset}`, hook: event.isReturn ? 'kretprobe' : 'kprobe' };
    }
    case 'uprobe':
      return { target: `${event.file}+0x${event.offset.toString(16)}`, hook: event.isReturn ? 'uretprobe' : 'uprobe' };
    case 'event':
      return {
        target: perfConfigName(event.type, event.config) ?? `0x${event.config.toString(16)}`,
        hook: perfTypeName(event.type) ?? String(event.type),
      };
    default:
      return { target: '' };
  }
}

function deviceText(ifindex: number, names: LinkNames): string {
  return names.deviceName(ifindex) ?? `ifindex ${ifindex}`;
}

/** The first of several places, and how many more there are. The kernel may give the number alone. */
function several(places: readonly string[], count: number): string {
  const first = places[0];
  if (first === undefined) return `${count} places`;
  return count > 1 ? `${first} and ${count - 1} more` : first;
}
