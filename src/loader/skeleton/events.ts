import { type Btf, type BtfValue, compileValueDecoder, sizeOf, type ValueDecoder } from '../../btf/index.ts';
import { UsageError } from '../../errors/index.ts';
import { type BpfMap, PerfBuffer, RingBuffer } from '../../kernel/index.ts';
import { bpf_map_type } from '../../uapi/index.ts';

/** Where events come from: a ring buffer or a perf event array. It is open from the first look at it on. */
export interface EventSource<T> extends AsyncIterable<T> {
  readonly map: BpfMap;
  /** Events that a perf buffer had no room for, since it was opened. */
  readonly lost: bigint;
  /** Events from now on, as they come, until `signal` aborts. UsageError for one that is shorter than its type. */
  events(signal?: AbortSignal): AsyncGenerator<T>;
  /** Begins to listen, so that nothing that comes later is missed. */
  open(): void;
}

type Decode = (data: Uint8Array) => BtfValue | Uint8Array;

/** Events of a map; by their type, or as bytes. */
export class MapEvents implements EventSource<BtfValue | Uint8Array> {
  readonly map: BpfMap;
  readonly #decode: Decode;
  #lost = 0n;
  #reader: RingBuffer | PerfBuffer | undefined;

  constructor(map: BpfMap, decode: Decode) {
    this.map = map;
    this.#decode = decode;
  }

  get lost(): bigint {
    return this.#lost;
  }

  open(): void {
    this.#open();
  }

  #open(): RingBuffer | PerfBuffer {
    if (this.#reader === undefined) {
      const { kernel } = this.map;
      const fd = this.map.fd.number;
      const { type, maxEntries } = this.map.info();
      const isRing = type === bpf_map_type.BPF_MAP_TYPE_RINGBUF;
      this.#reader = isRing ? new RingBuffer(kernel, fd) : new PerfBuffer(kernel, fd, { maxEntries });
    }
    return this.#reader;
  }

  async *events(signal?: AbortSignal): AsyncGenerator<BtfValue | Uint8Array> {
    const reader = this.#open();
    for await (const record of reader.records(signal)) {
      if (record instanceof Uint8Array) yield this.#decode(record);
      else if (record.kind === 'sample') yield this.#decode(record.data);
      else if (record.kind === 'lost') this.#lost += record.count;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<BtfValue | Uint8Array> {
    return this.events();
  }

  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }
}

/** The decoder of events of a type; without one they stay bytes. */
export function eventDecoder(btf: Btf | undefined, type: number | undefined, map: string): Decode {
  if (btf === undefined || type === undefined) return (data) => data;
  const size = sizeOf(btf, type);
  let decode: ValueDecoder | undefined;
  return (data) => {
    if (data.length < size) {
      throw new UsageError(`an event of '${map}' has ${data.length} bytes, its type ${size}`);
    }
    decode ??= compileValueDecoder(btf, type);
    return decode(data, 0);
  };
}
