import { ParseError } from '../errors/index.ts';
import {
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_XDP,
  IFLA_XDP_ATTACHED,
  IFLA_XDP_DRV_PROG_ID,
  IFLA_XDP_FD,
  IFLA_XDP_FLAGS,
  IFLA_XDP_HW_PROG_ID,
  IFLA_XDP_PROG_ID,
  IFLA_XDP_SKB_PROG_ID,
  ifinfomsg,
  structView,
  XDP_ATTACHED_NONE,
} from '../uapi/index.ts';
import { Attributes, attribute, joined, numberAttribute } from './attributes.ts';

/** A network device, of what RTM_NEWLINK tells of it. */
export interface NetworkDevice {
  readonly index: number;
  readonly name: string;
  /** `veth`, `netkit` …; undefined for one that no driver made by request. */
  readonly kind: string | undefined;
  /** Undefined where no XDP program is attached. */
  readonly xdp: XdpState | undefined;
}

/** XDP programs of a device, by id. Several modes at once have each its own, and no common one. */
export interface XdpState {
  /** `XDP_ATTACHED_*`, not XDP_ATTACHED_NONE. */
  readonly attached: number;
  readonly programId: number | undefined;
  readonly genericProgramId: number | undefined;
  readonly driverProgramId: number | undefined;
  readonly offloadProgramId: number | undefined;
}

/** A request about a device, or about all (0): `struct ifinfomsg`. */
export function deviceRequest(request: { family: number; index?: number }): Uint8Array {
  return structView(ifinfomsg)
    .set('ifi_family', request.family)
    .set('ifi_index', request.index ?? 0).bytes;
}

/** Payload of RTM_SETLINK that sets a device's XDP program. `programFd` -1: none. `flags`: `XDP_FLAGS_*`. */
export function xdpRequest(request: { index: number; programFd: number; flags: number }): Uint8Array {
  const parts = [numberAttribute(IFLA_XDP_FD, request.programFd)];
  if (request.flags !== 0) parts.push(numberAttribute(IFLA_XDP_FLAGS, request.flags));
  const xdp = attribute(IFLA_XDP, joined(...parts), { nested: true });
  return joined(deviceRequest({ family: 0, index: request.index }), xdp);
}

/** Reads the payload of RTM_NEWLINK. Throws ParseError. */
export function readDevice(payload: Uint8Array): NetworkDevice {
  if (payload.length < ifinfomsg.size) {
    throw new ParseError('netlink device', payload.length, `expected ${ifinfomsg.size} bytes`);
  }
  const attributes = new Attributes(payload.subarray(ifinfomsg.size));
  return {
    index: structView(ifinfomsg, payload).u32('ifi_index'),
    name: attributes.text(IFLA_IFNAME) ?? '',
    kind: attributes.nested(IFLA_LINKINFO)?.text(IFLA_INFO_KIND),
    xdp: readXdp(attributes.nested(IFLA_XDP)),
  };
}

function readXdp(attributes: Attributes | undefined): XdpState | undefined {
  const attached = attributes?.u8(IFLA_XDP_ATTACHED) ?? XDP_ATTACHED_NONE;
  if (attributes === undefined || attached === XDP_ATTACHED_NONE) return undefined;
  return {
    attached,
    programId: attributes.u32(IFLA_XDP_PROG_ID),
    genericProgramId: attributes.u32(IFLA_XDP_SKB_PROG_ID),
    driverProgramId: attributes.u32(IFLA_XDP_DRV_PROG_ID),
    offloadProgramId: attributes.u32(IFLA_XDP_HW_PROG_ID),
  };
}
