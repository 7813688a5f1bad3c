import { type Btf, type BtfValue, compileValueDecoder, sizeOf, type ValueDecoderOptions } from '../../btf/index.ts';
import { UsageError } from '../../errors/index.ts';
import {
  type BpfMap,
  PerfBuffer,
  type PerfBufferOptions,
  type PerfRecord,
  RecordStream,
  RingBuffer,
  type StreamEnd,
  type StreamOptions,
  streamOptions,
  transformed,
} from '../../kernel/index.ts';
import { bpf_map_type } from '../../uapi/index.ts';

/** An event whose type is known at run time only: a struct's members by name. */
export type EventRecord = Readonly<Record<string, BtfValue>>;

/** Which events, how long, and as what. */
export interface EventOptions extends StreamOptions, ValueDecoderOptions {
  /** Name of the type in the object's BTF that an event begins with; without one, that which the map declares. */
  readonly type?: string;
}

/** Where events come from: a ring buffer or a perf event array. It is open from the first look at it on. */
export interface EventSource<T> extends AsyncIterable<T>, Disposable {
  readonly map: BpfMap;
  /** Events that did not reach this reader, as far as the kernel counts them, since it was opened. */
  readonly lost: bigint;
  /** The reader itself, for what it can beyond `records`: poll, pause, resume. It is closed with this. */
  readonly reader: RingBuffer | PerfBuffer;
  /** Events from now on, as they come, until `signal` aborts. UsageError for one that is shorter than its type. */
  events(end?: StreamEnd): AsyncGenerator<T>;
  /**
   * Events from now on as values of a type of the object's BTF: 64-bit numbers are bigints, char arrays strings up to their
   * NUL, enums names unless `enums` says otherwise. UsageError for a type that the object has not, or an event that is shorter.
   */
  records<E = T>(options?: EventOptions): AsyncGenerator<E>;
  /** As `records`, undecoded: copies of the bytes. */
  raw(end?: StreamEnd): AsyncGenerator<Uint8Array>;
  /** Begins to listen, so that nothing that comes later is missed. Options of perf buffers count the first time only. */
  open(options?: PerfBufferOptions): void;
  /** Ends all streams; the map stays open, and may be listened to again. */
  close(): void;
}

/** Of an event that has `length` bytes from `at` on. */
type Decode = (data: Uint8Array, at: number, length: number) => BtfValue | Uint8Array;

const copied: Decode = (data, at, length) => data.slice(at, at + length);

/** What decodes the events of one map. */
export interface EventTypes {
  readonly btf: Btf | undefined;
  /** Id of the type that the map declares, or the generated module. */
  readonly type: number | undefined;
}

/** Events of a map; by their type, or as bytes. */
export class MapEvents implements EventSource<BtfValue | Uint8Array> {
  readonly map: BpfMap;
  readonly #name: string;
  readonly #types: EventTypes;
  #lost = 0n;
  #reader: RingBuffer | PerfBuffer | undefined;

  constructor(map: BpfMap, name: string, types: EventTypes) {
    this.map = map;
    this.#name = name;
    this.#types = types;
  }

  get lost(): bigint {
    return this.#lost + (this.#reader instanceof RingBuffer ? this.#reader.lost : 0n);
  }

  get reader(): RingBuffer | PerfBuffer {
    return this.#open();
  }

  open(options?: PerfBufferOptions): void {
    this.#open(options);
  }

  #open(options: PerfBufferOptions = {}): RingBuffer | PerfBuffer {
    if (this.#reader === undefined) {
      const { kernel } = this.map;
      const fd = this.map.fd.number;
      const { type, maxEntries } = this.map.info();
      const isRing = type === bpf_map_type.BPF_MAP_TYPE_RINGBUF;
      this.#reader = isRing ? new RingBuffer(kernel, fd) : new PerfBuffer(kernel, fd, { maxEntries, ...options });
    }
    return this.#reader;
  }

  events(end?: StreamEnd): AsyncGenerator<BtfValue | Uint8Array> {
    const { type } = this.#types;
    return this.#stream(streamOptions(end), type === undefined ? copied : this.#decoder(type, {}));
  }

  records<E = BtfValue | Uint8Array>(options: EventOptions = {}): AsyncGenerator<E> {
    streamOptions(options);
    const { type: name } = options;
    const type = name === undefined ? this.#types.type : eventTypeNamed(this.#types, name, this.#name);
    if (type === undefined) {
      throw new UsageError(
        `map '${this.#name}' declares no type of its events: name one of the object's as { type: 'event_t' }, or take raw()`,
      );
    }
    return this.#stream(options, this.#decoder(type, { text: 'cut', ...options })) as AsyncGenerator<E>;
  }

  raw(end?: StreamEnd): AsyncGenerator<Uint8Array> {
    return this.#stream(streamOptions(end), copied) as AsyncGenerator<Uint8Array>;
  }

  #stream(options: StreamOptions, decode: Decode): AsyncGenerator<BtfValue | Uint8Array> {
    const reader = this.#open();
    if (reader instanceof RingBuffer) return new RecordStream(reader.source(decode), options);
    return new RecordStream(
      transformed(reader.source(), (record) => this.#ofPerf(record, decode)),
      options,
    );
  }

  /** Undefined for a record that is no event. */
  #ofPerf(record: PerfRecord, decode: Decode): BtfValue | Uint8Array | undefined {
    if (record.kind === 'sample') return decode(record.data, 0, record.data.length);
    if (record.kind === 'lost') this.#lost += record.count;
    return undefined;
  }

  #decoder(type: number, options: ValueDecoderOptions): Decode {
    const btf = this.#types.btf!;
    const size = sizeOf(btf, type);
    const decode = compileValueDecoder(btf, type, options);
    return (data, at, length) => {
      if (length >= size) return decode(data, at);
      throw new UsageError(
        `an event of '${this.#name}' has ${length} bytes, its type ${size}: name another type, or take raw()`,
      );
    };
  }

  [Symbol.asyncIterator](): AsyncGenerator<BtfValue | Uint8Array> {
    return this.events();
  }

  close(): void {
    if (this.#reader instanceof RingBuffer) this.#lost += this.#reader.lost;
    this.#reader?.close();
    this.#reader = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A struct first: programs may have a variable or function of that name. */
const eventKinds: readonly string[] = ['struct', 'union', 'typedef', 'int', 'enum', 'enum64'];

/** The id of a type by its name. UsageError, with the structs there are, for one that the object has not. */
export function eventTypeNamed({ btf }: EventTypes, name: string, map: string): number {
  if (btf === undefined) throw new UsageError(`the object has no BTF, so there is no type '${name}': take bytes`);
  if (typeof name !== 'string') throw new UsageError(`type of the events of '${map}': name it`);
  const id = btf.idsByName(name).find((candidate) => eventKinds.includes(btf.mustType(candidate).kind));
  if (id !== undefined) return id;
  const known = [...btf.types()].flatMap((type) => (type.kind === 'struct' && type.name !== '' ? [type.name] : []));
  throw new UsageError(`the object has no type '${name}' for the events of '${map}'; its structs: ${known.join(', ')}`);
}
