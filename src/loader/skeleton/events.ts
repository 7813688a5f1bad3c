import { type Btf, type BtfValue, compileValueDecoder, sizeOf, type ValueDecoder } from '../../btf/index.ts';
import { UsageError } from '../../errors/index.ts';
import { type BpfMap, PerfBuffer, type PerfRecord, RingBuffer, TransformedStream } from '../../kernel/index.ts';
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

  events(signal?: AbortSignal): AsyncGenerator<BtfValue | Uint8Array> {
    const records: AsyncGenerator<Uint8Array | PerfRecord, void, undefined> = this.#open().records(signal);
    return new TransformedStream(records, (record) => this.#eventOf(record));
  }

  /** Undefined for a record that is no event. */
  #eventOf(record: Uint8Array | PerfRecord): BtfValue | Uint8Array | undefined {
    if (record instanceof Uint8Array) return this.#decode(record);
    if (record.kind === 'sample') return this.#decode(record.data);
    if (record.kind === 'lost') this.#lost += record.count;
    return undefined;
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
