import { BpfMap } from '../kernel/index.ts';
import type { MapSpec } from '../object/index.ts';
import type { Kernel } from '../sys/index.ts';

/** What is known of a map that was made for an object, or found. */
export interface MapFacts {
  /** The name in the kernel, for reused maps theirs. */
  readonly name: string;
  readonly spec: MapSpec;
  readonly maxEntries: number;
  pinPath: string | undefined;
  pinned: boolean;
  /** Existed before: given by the caller or found pinned. */
  readonly reused: boolean;
}

/** A map while its object is being loaded. The descriptor is that of the load. */
export interface MadeMap extends MapFacts {
  readonly fd: number;
}

/** A map of a loaded object: a `BpfMap` that owns its descriptor. It may be closed before the object. */
export class LoadedMap extends BpfMap implements MapFacts {
  readonly name: string;
  readonly spec: MapSpec;
  readonly maxEntries: number;
  pinPath: string | undefined;
  pinned: boolean;
  readonly reused: boolean;

  constructor(kernel: Kernel, made: MadeMap) {
    super(kernel, made.fd, { isKnown: true });
    this.name = made.name;
    this.spec = made.spec;
    this.maxEntries = made.maxEntries;
    this.pinPath = made.pinPath;
    this.pinned = made.pinned;
    this.reused = made.reused;
  }
}
