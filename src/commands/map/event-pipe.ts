// `map event_pipe`: bpftool's src/map_perf_ring.c. `map events`, which the reference lacks, decodes events instead.
import { type Context, fail, type Handler, strtoul, type Words } from '../../cli/index.ts';
import { errnoName, strerror, SyscallError } from '../../errors/index.ts';
import { PerfBuffer, type PerfRecord } from '../../kernel/index.ts';
import { bpf_map_type, perf_event_type } from '../../uapi/index.ts';
import { hexText } from '../shared/hex.ts';
import { kernelOf } from '../shared/kernel.ts';
import { selectMap } from '../shared/select-map.ts';
import { diagnostics } from '../shared/libbpf-log.ts';

/** The one ring to read: the CPU it belongs to and its index in the map. */
interface Source {
  readonly cpu: number;
  readonly index: number;
}

/** `map event_pipe MAP [cpu N index M]`: prints events until a signal ends it. */
export const eventPipe: Handler = async (ctx, words) => {
  // Open for writing: each ring is put into the map, at the index of its CPU.
  using map = selectMap(ctx, words, { readOnly: false });
  const { type, maxEntries } = map.info();
  if (type !== bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY) fail('map is not a perf event array');
  const source = readSource(words);
  using buffer = openBuffer(ctx, map.fd.number, source, maxEntries);

  const stop = new AbortController();
  // Each signal is answered, as by the reference; reading ends with what has come until then.
  const onSignal = () => {
    ctx.printError('Stopping...\n');
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGHUP', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    ctx.json?.startArray();
    for await (const record of buffer.records(stop.signal)) {
      if (ctx.json === undefined) printPlain(ctx, record);
      else printJson(ctx, record);
      // A reader at the other end of a pipe gets each event at once.
      ctx.stdout.flush();
    }
    ctx.json?.endArray();
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
};

function readSource(words: Words): Source | undefined {
  // -1 stands for "not given"; `cpu -1` is therefore the same as no `cpu`.
  let [cpu, index] = [-1, -1];
  let given = false;
  while (words.left > 0) {
    if (words.left < 2) words.unexpected();
    if (words.take('cpu')) cpu = readNumber(words, 'CPU ID');
    else if (words.take('index')) index = readNumber(words, 'index');
    else words.unexpected();
    given = true;
  }
  if (!given) return undefined;
  if (index === -1 || cpu === -1) fail('cpu and index must be specified together');
  return { cpu, index };
}

function readNumber(words: Words, what: string): number {
  const word = words.next();
  const { value, rest } = strtoul(word, 0);
  if (rest !== '') fail(`can't parse ${word} as ${what}`);
  // strtoul(3) into an int.
  return Number(BigInt.asIntN(32, value));
}

function openBuffer(ctx: Context, mapFd: number, source: Source | undefined, maxEntries: number): PerfBuffer {
  try {
    return new PerfBuffer(kernelOf(ctx), mapFd, source === undefined ? { maxEntries } : { cpus: [source] });
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    if (cause.call === 'perf_event_open') {
      // libbpf names the CPU that failed; a whole map begins with CPU 0.
      const cpu = source?.cpu ?? 0;
      diagnostics(ctx)('warn', `failed to open perf buffer event on cpu #${cpu}: -${errnoName(cause.errno)}`);
    }
    fail(`failed to create perf buffer: ${strerror(cause.errno)} (${cause.errno})`, { cause });
  }
}

function printPlain(ctx: Context, record: PerfRecord): void {
  if (record.kind === 'lost') {
    ctx.print(`lost ${record.count} events\n`);
  } else if (record.kind === 'other') {
    // The size that the record's perf_event_header states, which counts the header's own 8 bytes.
    ctx.print(`unknown event type=${record.type} size=${record.data.length + 8}\n`);
  } else {
    const { time, cpu, index, data } = record;
    // Nanoseconds of PERF_SAMPLE_TIME, which is the perf clock, as seconds and nine digits.
    const fraction = String(time % 1_000_000_000n).padStart(9, '0');
    ctx.print(`== @${time / 1_000_000_000n}.${fraction} CPU: ${cpu} index: ${index} =====\n${hexText(data)}\n`);
  }
}

/** Neither a sample nor a loss: the record has no contents here. */
function printJson(ctx: Context, record: PerfRecord): void {
  const json = ctx.json!;
  json.startObject().field('type', recordType(record)).field('cpu', record.cpu).field('index', record.index);
  if (record.kind === 'sample') {
    json.field('timestamp', record.time).name('data').startArray();
    for (const byte of record.data) json.number(byte);
    json.endArray();
  } else if (record.kind === 'lost') {
    json.name('lost').startObject().field('id', record.id).field('count', record.count).endObject();
  }
  json.endObject();
}

function recordType(record: PerfRecord): number {
  if (record.kind === 'other') return record.type;
  return record.kind === 'sample' ? perf_event_type.PERF_RECORD_SAMPLE : perf_event_type.PERF_RECORD_LOST;
}
