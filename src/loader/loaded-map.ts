import type { MapSpec } from '../object/index.ts';

/** A map of a loaded object. */
export interface LoadedMap {
  /** The name in the kernel, for reused maps theirs. */
  readonly name: string;
  readonly spec: MapSpec;
  readonly fd: number;
  readonly maxEntries: number;
  pinPath: string | undefined;
  pinned: boolean;
  /** Existed before: given by the caller or found pinned. */
  readonly reused: boolean;
}
