import { expectInteger } from '../bytes/index.ts';
import { Errno, UsageError } from '../errors/index.ts';
import { filterRequest, NetlinkError, qdiscRequest, readFilterPlace } from '../netlink/index.ts';
import { defaultKernel, type Kernel } from '../sys/index.ts';
import {
  NLM_F_CREATE,
  NLM_F_ECHO,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELQDISC,
  RTM_DELTFILTER,
  RTM_NEWQDISC,
  RTM_NEWTFILTER,
} from '../uapi/index.ts';
import type { InKernel } from './new-map.ts';
import { RouteNetlink } from './route-netlink.ts';

/** Where packets are classified, and among which others. */
export interface TrafficFilterRequest {
  /** Index of the device. */
  readonly ifindex: number;
  readonly direction: 'ingress' | 'egress';
  /** Lower ones are called first; the kernel chooses unless given. */
  readonly priority?: number;
  /** Tells filters of one priority apart; the kernel chooses unless given. */
  readonly handle?: number;
  /** Of the filter, as `tc filter show` prints it. */
  readonly name: string;
  readonly programFd: number;
  /** A filter of that priority and handle is replaced; refused (EEXIST) unless given. */
  readonly replace?: boolean;
}

/** A BPF program as a filter of a device's clsact discipline. It stays until `close`, also beyond this process. */
export class TrafficFilter implements Disposable {
  readonly ifindex: number;
  readonly direction: 'ingress' | 'egress';
  readonly priority: number;
  readonly handle: number;
  readonly #kernel: Kernel;
  #isClosed = false;

  constructor(kernel: Kernel, place: Pick<TrafficFilter, 'ifindex' | 'direction' | 'priority' | 'handle'>) {
    this.#kernel = kernel;
    this.ifindex = place.ifindex;
    this.direction = place.direction;
    this.priority = place.priority;
    this.handle = place.handle;
  }

  /** Deletes the filter; what is gone already is no error, nor is closing again. Throws NetlinkError. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    using netlink = new RouteNetlink(this.#kernel);
    unlessGone(() => netlink.request({ type: RTM_DELTFILTER, payload: filterRequest(this) }));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Adds a filter, and the clsact discipline it goes into if the device has none. UsageError, or NetlinkError with the kernel's words. */
export function addTrafficFilter(kernel: Kernel, request: TrafficFilterRequest): TrafficFilter {
  const { ifindex, direction, replace = false } = request;
  expectInteger(ifindex, 'ifindex', { most: 0x7fff_ffff });
  expectInteger(request.priority ?? 0, 'priority', { most: 0xffff });
  expectInteger(request.handle ?? 0, 'handle');
  if (direction !== 'ingress' && direction !== 'egress') {
    throw new UsageError("direction: packets are classified on 'ingress' or on 'egress'");
  }
  if (replace && (request.priority === undefined || request.handle === undefined)) {
    throw new UsageError('say which filter is replaced: give its priority and handle');
  }
  using netlink = new RouteNetlink(kernel);
  try {
    netlink.request({ type: RTM_NEWQDISC, payload: qdiscRequest(ifindex), flags: NLM_F_CREATE | NLM_F_EXCL });
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.errno !== Errno.EEXIST) throw error;
  }
  let place = { priority: request.priority ?? 0, handle: request.handle ?? 0 };
  const flags = NLM_F_CREATE | NLM_F_ECHO | (replace ? NLM_F_REPLACE : NLM_F_EXCL);
  netlink.request({ type: RTM_NEWTFILTER, payload: filterRequest({ ...request, ...place }), flags }, (payload) => {
    place = readFilterPlace(payload);
  });
  return new TrafficFilter(kernel, { ifindex, direction, ...place });
}

/** Removes a device's clsact discipline and with it all filters in it, whoever added them. Nothing where it has none. */
export function removeClsact(ifindex: number, { kernel = defaultKernel() }: InKernel = {}): void {
  expectInteger(ifindex, 'ifindex', { most: 0x7fff_ffff });
  using netlink = new RouteNetlink(kernel);
  unlessGone(() => netlink.request({ type: RTM_DELQDISC, payload: qdiscRequest(ifindex) }));
}

function unlessGone(action: () => void): void {
  try {
    action();
  } catch (error) {
    const gone: readonly (number | undefined)[] = [Errno.ENOENT, Errno.ENODEV, Errno.EINVAL];
    if (!(error instanceof NetlinkError) || !gone.includes(error.errno)) throw error;
  }
}
