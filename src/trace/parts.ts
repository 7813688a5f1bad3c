import type { Btf } from '../btf/index.ts';
import type { CommandSpec } from './commands.ts';
import type { ElementFormat } from './element-format.ts';
import type { TracedMap, TraceObject } from './objects.ts';
import type { ItemPlaces, PlanItem } from './plans.ts';

/** Bytes that a pointer meant; `size`: how many there were. */
export interface Region {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly isFault: boolean;
  readonly isCut: boolean;
}

/** What a record says of one call, by item of its plan. */
export interface CallParts {
  readonly spec: CommandSpec | undefined;
  readonly items: readonly PlanItem[];
  readonly places: ItemPlaces;
  readonly attribute: Uint8Array;
  /** As the kernel left it, where it was read. */
  readonly after: Uint8Array | undefined;
  readonly objects: readonly (TraceObject | undefined)[];
  readonly regions: readonly (Region | undefined)[];
  readonly pid: number;
  readonly result: bigint;
}

/** What else decoding needs: types, and what descriptors meant before. */
export interface DecoderContext {
  readonly formatOf: (map: TracedMap, half: 'key' | 'value') => ElementFormat;
  readonly typesOf: (id: number) => Btf | undefined;
  readonly objectOf: (pid: number, fd: number) => TraceObject | undefined;
  readonly cpus: number;
  /** Types are shown as C. */
  readonly showsTypes: boolean;
}
