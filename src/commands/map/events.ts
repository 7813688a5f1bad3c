import { compileValueDecoder, jsonText, sizeOf } from '../../btf/index.ts';
import { toHex } from '../../bytes/index.ts';
import { type Context, fail, type OwnHandler, usage } from '../../cli/index.ts';
import { SyscallError } from '../../errors/index.ts';
import { type BpfMap, elementTypes, type HalfType, type MapInfo, PerfBuffer, RingBuffer } from '../../kernel/index.ts';
import { bpf_map_type, mapType, mapTypeName } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectMap } from '../shared/select-map.ts';
import { optionOf } from './view-options.ts';

/** What a reader of events hands over. `time`: nanoseconds of the kernel's perf clock; rings shared by all CPUs tell neither. */
interface Event {
  /** What the program sent, without the header of the ring's record. */
  readonly data: Uint8Array;
  readonly cpu?: number;
  readonly time?: bigint;
}

interface Reader extends Disposable {
  /** Hands over what comes; `lost` counts what had no room. Ends when `signal` aborts. */
  read(signal: AbortSignal, event: (event: Event) => void, lost: (count: bigint, cpu: number) => void): Promise<void>;
}

/** `map events MAP`: what programs send, as it comes, until a signal, `--count` or `--timeout` ends it. */
export const events: OwnHandler = async (ctx, words, given) => {
  if (words.left !== 2) usage();
  const count = given.number('count') ?? Number.POSITIVE_INFINITY;
  const timeout = given.number('timeout');
  if (ctx.json !== undefined && ctx.json.depth > 0) fail('lines of JSON cannot stand inside the JSON of a batch');
  ctx.printsLines = true;
  using map = selectMap(ctx, words, { readOnly: false, loosely: true });
  const info = map.info();
  const decode = await decoder(ctx, info);
  using reader = openReader(ctx, map, info);

  const stop = new AbortController();
  const end = () => stop.abort();
  const signals = ['SIGINT', 'SIGHUP', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, end);
  const timer = timeout === undefined ? undefined : setTimeout(end, timeout * 1000);
  const write = new EventLines(ctx, decode);
  ctx.printError(warningOf(info));
  try {
    if (count === 0) return;
    await reader.read(
      stop.signal,
      (event) => {
        // Records that came in the same batch as the last one are dropped.
        if (write.events >= count) return;
        write.event(event);
        if (write.events >= count) end();
      },
      (lost, cpu) => write.lost(lost, cpu),
    );
  } finally {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, end);
    ctx.stdout.flush();
    if (write.lostInAll > 0n) ctx.printError(`lost ${write.lostInAll} events\n`);
  }
};

function warningOf({ type }: MapInfo): string {
  if (type === bpf_map_type.BPF_MAP_TYPE_RINGBUF) {
    return 'Warning: an event is read by one reader only: those printed here do not reach the owner of the map\n';
  }
  return 'Warning: events now come here in place of the owner of the map, who gets none until it opens its buffers again\n';
}

function openReader(ctx: Context, map: BpfMap, info: MapInfo): Reader {
  const { type, id, maxEntries } = info;
  if (mapType(type)?.use !== 'events') {
    const isUserRing = type === bpf_map_type.BPF_MAP_TYPE_USER_RINGBUF;
    const what = isUserRing
      ? 'a user_ringbuf: programs read it, and user space writes'
      : `a ${mapTypeName(type) ?? type}, neither a ringbuf nor a perf_event_array`;
    fail(`map ${id} is ${what}`);
  }
  try {
    if (type === bpf_map_type.BPF_MAP_TYPE_RINGBUF) return ringReader(new RingBuffer(kernelOf(ctx), map.fd.number));
    return perfReader(new PerfBuffer(kernelOf(ctx), map.fd.number, { maxEntries }));
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    fail(`can't read the events of map ${id}: ${cause.message}`, { status: -cause.errno, cause });
  }
}

function ringReader(ring: RingBuffer): Reader {
  return {
    async read(signal, event) {
      for await (const data of ring.records(signal)) event({ data });
    },
    [Symbol.dispose]: () => ring.close(),
  };
}

function perfReader(buffer: PerfBuffer): Reader {
  return {
    async read(signal, event, lost) {
      for await (const record of buffer.records(signal)) {
        if (record.kind === 'sample') event(record);
        else if (record.kind === 'lost') lost(record.count, record.cpu);
      }
    },
    [Symbol.dispose]: () => buffer.close(),
  };
}

/** What decodes events: the type of `--type`, else that of the map's values; undefined where there is none. */
async function decoder(ctx: Context, info: MapInfo): Promise<HalfType | undefined> {
  const name = optionOf(ctx, 'type');
  if (name !== undefined) {
    const { typeNamed, typesFor } = await import('./chosen-types.ts');
    return typeNamed(typesFor(ctx, info), name);
  }
  if (optionOf(ctx, 'btf') !== undefined) fail('--btf names the file of a type: say which with --type TYPE_NAME');
  const types = elementTypes(kernelOf(ctx), info);
  return types === undefined ? undefined : { btf: types.btf, typeId: types.valueTypeId };
}

/** A line for each event. */
class EventLines {
  events = 0;
  lostInAll = 0n;
  #isFlushing = false;
  readonly #ctx: Context;
  readonly #decode: ((data: Uint8Array) => string) | undefined;
  /** Bytes that an event of the type has at least; 0 without a type. */
  readonly #size: number;

  constructor(ctx: Context, type: HalfType | undefined) {
    this.#ctx = ctx;
    this.#size = type === undefined ? 0 : sizeOf(type.btf, type.typeId);
    if (type === undefined) return;
    const decode = compileValueDecoder(type.btf, type.typeId);
    this.#decode = (data) => jsonText(decode(data, 0));
  }

  event({ data, cpu, time }: Event): void {
    this.events++;
    // One that is shorter than its type is another kind of event.
    const decoded = data.length >= this.#size ? this.#decode?.(data) : undefined;
    const seconds =
      time === undefined ? '' : `@${time / 1_000_000_000n}.${String(time % 1_000_000_000n).padStart(9, '0')} `;
    if (this.#ctx.json === undefined) {
      this.#line(`${seconds}${cpu === undefined ? '' : `cpu ${cpu} `}${decoded ?? toHex(data)}`);
      return;
    }
    const where = cpu === undefined ? '' : `"time_ns":${time},"cpu":${cpu},`;
    this.#line(`{${where}${decoded === undefined ? `"data_hex":"${toHex(data)}"` : `"event":${decoded}`}}`);
  }

  lost(count: bigint, cpu: number): void {
    this.lostInAll += count;
    this.#line(this.#ctx.json === undefined ? `cpu ${cpu} lost ${count} events` : `{"lost":${count},"cpu":${cpu}}`);
  }

  /** What comes together is written together. */
  #line(text: string): void {
    this.#ctx.stdout.text(`${text}\n`);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#ctx.stdout.flush();
    });
  }
}
