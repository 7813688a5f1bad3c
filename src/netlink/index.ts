// What other folders import of netlink/: messages as data. The socket is in kernel/route-netlink.ts.
export { Attributes, attribute, numberAttribute } from './attributes.ts';
export { deviceRequest, type NetworkDevice, readDevice, type XdpState, xdpRequest } from './device.ts';
export { type ExtendedAck, NetlinkErrno, NetlinkError, parsing, readDone, readError } from './error.ts';
export { buildMessage, type NetlinkMessage, readMessages } from './message.ts';
export {
  type BpfAction,
  type BpfFilter,
  filterRequest,
  qdiscRequest,
  readFilterPlace,
  readBpfFilter,
  readClass,
  type TrafficClass,
  trafficRequest,
} from './traffic-control.ts';
export { isMulti, type XdpProgram, xdpPrograms } from './xdp-modes.ts';
