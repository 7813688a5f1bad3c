import type { DeviceFilter } from '../../kernel/index.ts';
import type { NetworkDevice } from '../../netlink/index.ts';
import type { NetfilterHook } from '../shared/netfilter.ts';
import type { AttachedToDevice } from './describe.ts';

export type Section = 'xdp' | 'tc' | 'flow_dissector' | 'netfilter';

/** Prints `net show`, as text or as JSON. Records are printed inside the section they belong to. */
export interface NetPrinter {
  begin(): void;
  end(): void;
  beginSection(section: Section): void;
  endSection(): void;
  /** In `xdp`; nothing for a device without XDP programs. */
  xdp(device: NetworkDevice): void;
  /** In `tc`. */
  attached(found: AttachedToDevice): void;
  /** In `tc`. */
  filter(device: NetworkDevice, filter: DeviceFilter): void;
  /** In `flow_dissector`. */
  flowDissector(programId: number): void;
  /** In `netfilter`. */
  netfilter(hook: NetfilterHook, programId: number): void;
}
