import { type BpfFilter, readBpfFilter, readClass, type TrafficClass, trafficRequest } from '../netlink/index.ts';
import {
  RTM_GETQDISC,
  RTM_GETTCLASS,
  RTM_GETTFILTER,
  TC_H_CLSACT,
  TC_H_MAJ_MASK,
  TC_H_MIN_EGRESS,
  TC_H_MIN_INGRESS,
  TC_H_ROOT,
} from '../uapi/index.ts';
import type { RouteNetlink } from './route-netlink.ts';

/** A BPF program that classifies packets of a device. */
export interface DeviceFilter extends BpfFilter {
  /** What it is attached to: the kind of a discipline or class, `root`, `clsact/ingress` or `clsact/egress`. */
  readonly place: string;
}

/** What filters can belong to: its handle, and its name. */
interface Place {
  readonly handle: number;
  readonly name: string;
}

const majorOf = (handle: number): number => (handle & TC_H_MAJ_MASK) >>> 0;
const clsactMajor = majorOf(TC_H_CLSACT);

/** Asked of every device that has a discipline with that major number: `clsact` or `ingress`. */
const fixedPlaces: readonly Place[] = [
  { handle: TC_H_ROOT, name: 'root' },
  { handle: (clsactMajor | TC_H_MIN_INGRESS) >>> 0, name: 'clsact/ingress' },
  { handle: (clsactMajor | TC_H_MIN_EGRESS) >>> 0, name: 'clsact/egress' },
];

/** Kinds of disciplines that never have classes to list: the kernel's have no operations for it, or list none. */
const classless: ReadonlySet<string | undefined> = new Set(['noqueue', 'clsact', 'ingress']);

/**
 * The BPF filters of devices, by as few requests as tell: only of places that a device has. Which places are asked for
 * is as bpftool does it, so a filter shows once for each name that its place's handle has.
 */
export class DeviceFilters {
  readonly #netlink: RouteNetlink;
  /** The disciplines of all devices, where the kernel listed more than those of the one it was asked for. */
  #ofAll: TrafficClass[] | undefined;

  constructor(netlink: RouteNetlink) {
    this.#netlink = netlink;
  }

  /** Calls `visit` with each BPF filter of a device. Throws as `RouteNetlink`. */
  visit(deviceIndex: number, visit: (filter: DeviceFilter) => void): void {
    const disciplines = this.#disciplines(deviceIndex);
    const own = disciplines.filter((discipline) => discipline.deviceIndex === deviceIndex);
    const majors = new Set(own.map(({ handle }) => handle));
    for (const place of this.#places(deviceIndex, own, disciplines)) {
      if (!majors.has(majorOf(place.handle))) continue;
      for (const filter of this.#filters(deviceIndex, place.handle)) {
        if (filter !== undefined) visit({ ...filter, place: place.name });
      }
    }
  }

  /** Classes and disciplines, then the places with fixed handles. Of all disciplines the handle may be one of this device too. */
  #places(deviceIndex: number, own: TrafficClass[], disciplines: TrafficClass[]): Place[] {
    const named = ({ handle, kind }: TrafficClass): Place => ({ handle, name: kind ?? 'unknown' });
    const listed = disciplines.filter(({ kind, handle }) => kind !== 'clsact' && handle !== 0);
    return [...this.#classes(deviceIndex, own).map(named), ...listed.map(named), ...fixedPlaces];
  }

  #classes(deviceIndex: number, own: TrafficClass[]): TrafficClass[] {
    if (own.every(({ kind }) => classless.has(kind))) return [];
    return this.#netlink.dump({ type: RTM_GETTCLASS, payload: trafficRequest({ deviceIndex }) }, readClass);
  }

  /** Kernels (6.18 still) answer with those of all devices, whichever is named: then once is enough. */
  #disciplines(deviceIndex: number): TrafficClass[] {
    if (this.#ofAll !== undefined) return this.#ofAll;
    const found = this.#netlink.dump({ type: RTM_GETQDISC, payload: trafficRequest({ deviceIndex }) }, readClass);
    if (found.some((discipline) => discipline.deviceIndex !== deviceIndex)) this.#ofAll = found;
    return found;
  }

  #filters(deviceIndex: number, parent: number): (BpfFilter | undefined)[] {
    const payload = trafficRequest({ deviceIndex, parent });
    return this.#netlink.dump({ type: RTM_GETTFILTER, payload }, readBpfFilter);
  }
}
