import { errnoName } from '../errors/index.ts';
import type { ElementValue } from '../kernel/index.ts';
import type { ElementFormat } from './element-format.ts';
import type { TracedMap, TraceObject } from './objects.ts';

/** What a member of an attribute, or an argument, holds. */
export type TraceValue =
  /** `name`: of an enumeration's value, or of all its flags. */
  | {
      readonly kind: 'number';
      readonly value: number | bigint;
      readonly name?: string | undefined;
      readonly isHex?: boolean;
    }
  | { readonly kind: 'fd'; readonly fd: number; readonly object: TraceObject | undefined }
  | { readonly kind: 'text'; readonly text: string; readonly isCut: boolean }
  /** A pointer whose target was not read; 0n is NULL. */
  | { readonly kind: 'address'; readonly address: bigint }
  /** `size`: how many bytes there were; `bytes` has fewer where they were cut. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly size: number }
  /** Keys or values of a map, one after the other. */
  | TraceElements
  | { readonly kind: 'list'; readonly items: readonly TraceValue[]; readonly count: number }
  /** Something in words: an instruction, a line of source. */
  | { readonly kind: 'words'; readonly words: string }
  /** Types as C, where they are asked for. */
  | { readonly kind: 'types'; readonly count: number; readonly text: string | undefined }
  | { readonly kind: 'struct'; readonly members: readonly TraceMember[] };

/** Keys and values that a traced call names. */
export interface TraceElements {
  readonly kind: 'elements';
  readonly half: 'key' | 'value';
  readonly map: TracedMap;
  readonly format: ElementFormat;
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Bytes from one to the next. */
  readonly stride: number;
  /** The key that BPF_MAP_GET_NEXT_KEY found. */
  readonly isNext: boolean;
  /** Several, as a batch has them. */
  readonly isBatch: boolean;
  /** What the value means: the descriptor's object where the map holds such. */
  readonly object: TraceObject | undefined;
  /** The values are ids of objects of this kind. */
  readonly ids: 'map' | 'prog' | undefined;
}

/** A member of a traced `bpf_attr`. */
export interface TraceMember {
  readonly name: string;
  readonly value: TraceValue;
}

/** Facts of a call that the kernel sent. */
export interface TraceCallFacts {
  readonly call: 'bpf' | 'perf_event_open' | 'ioctl';
  /** `BPF_MAP_UPDATE_ELEM`, `PERF_EVENT_IOC_SET_BPF`; a number in words where it has no name. */
  readonly command: string;
  readonly commandNumber: number;
  /** Nanoseconds of the monotonic clock. */
  readonly start: bigint;
  readonly end: bigint;
  readonly pid: number;
  readonly tid: number;
  readonly uid: number;
  readonly cpu: number;
  readonly comm: string;
  /** What the call returned: >= 0, or -errno. */
  readonly result: bigint;
  /** Bytes of the attribute, as the caller said. */
  readonly attributeSize: number;
  /** Where the attribute is, if it could not be read. */
  readonly unreadAttribute: bigint | undefined;
  /** Calls that were lost since the event before. */
  readonly lostBefore: number;
  /** Something of this call did not fit the ring. */
  readonly isIncomplete: boolean;
}

/** What a traced call is made of. */
export interface TraceCallInit {
  readonly facts: TraceCallFacts;
  readonly time: bigint;
  readonly members: () => readonly TraceMember[];
  readonly resultObject: TraceObject | undefined;
}

/** A call that has ended. */
export class TraceCall {
  readonly kind = 'call';
  readonly facts: TraceCallFacts;
  /** Nanoseconds since 1970 when it began. */
  readonly time: bigint;
  readonly #members: () => readonly TraceMember[];
  /** What the result, a descriptor, means. */
  readonly resultObject: TraceObject | undefined;
  #made: readonly TraceMember[] | undefined;

  constructor(init: TraceCallInit) {
    this.facts = init.facts;
    this.time = init.time;
    this.resultObject = init.resultObject;
    this.#members = init.members;
  }

  /** Members of the attribute, or arguments, in order: those that are set. Decoded when first asked for. */
  get members(): readonly TraceMember[] {
    this.#made ??= this.#members();
    return this.#made;
  }

  /** A member by name. */
  member(name: string): TraceValue | undefined {
    return this.members.find((member) => member.name === name)?.value;
  }

  /** The map whose element this is about. */
  get map(): TracedMap | undefined {
    const value = this.member('map_fd');
    return value?.kind === 'fd' && value.object?.kind === 'map' ? value.object : undefined;
  }

  /** The key in JavaScript; undefined where there is none or it could not be read. */
  get key(): ElementValue | undefined {
    return decoded(this.member('key'));
  }

  /** The value, or the next key, in JavaScript. */
  get value(): ElementValue | undefined {
    return decoded(this.member('value') ?? this.member('next_key'));
  }

  /** The positive errno, 0 where the call succeeded. */
  get errno(): number {
    return this.facts.result < 0n ? Number(-this.facts.result) : 0;
  }

  /** `ENOENT`; undefined where the call succeeded. */
  get errnoName(): string | undefined {
    return this.errno === 0 ? undefined : errnoName(this.errno);
  }

  get durationNs(): number {
    return Number(this.facts.end - this.facts.start);
  }
}

function decoded(value: TraceValue | undefined): ElementValue | undefined {
  if (value?.kind !== 'elements' || value.isBatch || value.bytes.length < value.size) return undefined;
  return value.format.decode(value.bytes);
}

/** What a trace tells: calls, and processes that are followed from now on or have ended. */
export type TraceEvent =
  | TraceCall
  | { readonly kind: 'fork'; readonly pid: number; readonly parent: number }
  | { readonly kind: 'exit'; readonly pid: number };
