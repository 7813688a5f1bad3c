import { deviceRequest, type NetworkDevice, readDevice, xdpRequest } from '../netlink/index.ts';
import { AF_PACKET, type Kernel } from '../sys/index.ts';
import { RTM_GETLINK, RTM_SETLINK } from '../uapi/index.ts';
import { RouteNetlink } from './route-netlink.ts';

/** All devices of the socket's network namespace, in the kernel's order. Throws as `RouteNetlink`. */
export function networkDevices(netlink: RouteNetlink): NetworkDevice[] {
  return netlink.dump({ type: RTM_GETLINK, payload: deviceRequest({ family: AF_PACKET }) }, readDevice);
}

/**
 * Sets a device's XDP program, without a link (`programFd` -1: none). `flags`: `XDP_FLAGS_*`, of which a mode says whose
 * program is meant. Throws as `RouteNetlink`.
 */
export function setXdp(kernel: Kernel, request: { index: number; programFd: number; flags: number }): void {
  using netlink = new RouteNetlink(kernel);
  netlink.request({ type: RTM_SETLINK, payload: xdpRequest(request) });
}
