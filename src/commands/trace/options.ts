import { fail, readOptions, type VerbOption } from '../../cli/index.ts';
import type { TraceOptions } from '../../trace/index.ts';
import { UsageError } from '../../errors/index.ts';

interface TraceOption extends Partial<VerbOption> {
  readonly short?: string;
  readonly summary: string;
}

/** Options of `trace`, which reads its own words: behind `--` they are a command's. */
export const traceOptions: readonly TraceOption[] = [
  {
    long: 'pid',
    short: 'p',
    argument: 'PID',
    summary: 'Follow a process, with its threads and children. May be repeated.',
  },
  { long: 'user', short: 'u', argument: 'USER', summary: 'Run the command as this user.' },
  {
    long: 'command',
    argument: 'NAME',
    summary: 'Only this command of bpf(2), `*` for any text, or perf_event_open, or ioctl.',
  },
  { long: 'map', argument: 'NAME|ID', summary: 'Only calls about this map.' },
  { long: 'program', argument: 'NAME|ID', summary: 'Only calls about this program.' },
  { long: 'comm', argument: 'NAME', summary: 'Only calls of processes of this name.' },
  { long: 'failed', summary: 'Only calls that failed.' },
  {
    long: 'limit',
    short: 's',
    argument: 'BYTES|all',
    summary: 'The most bytes of a key, value or buffer; 4096 unless given.',
  },
  { long: 'insns', summary: 'Disassemble the instructions of programs.' },
  { long: 'log', summary: "Show the verifier's log of refused programs." },
  { long: 'btf', summary: 'Show types that are loaded as C.' },
  { long: 'time', short: 't', summary: 'Show the time of day; twice with microseconds, three times since 1970.' },
  { long: 'relative', short: 'r', summary: 'Show the time since the call before.' },
  { long: 'duration-of-calls', short: 'T', summary: 'Show how long each call took.' },
  {
    long: 'summary',
    short: 'c',
    summary: 'Show counts, errors and times by command and object at the end, and no calls.',
  },
  { long: 'output', short: 'o', argument: 'FILE', summary: 'Write to a file.' },
  { long: 'ring', argument: 'SIZE', summary: 'Size of the ring between kernel and reader, e.g. 1M; 32M unless given.' },
  { long: 'duration', argument: 'SECONDS', summary: 'End after so long.' },
  { long: 'count', argument: 'N', summary: 'End after so many calls.' },
  { long: 'strict', summary: 'Fail if calls were lost.' },
  { long: 'json', short: 'j', summary: 'Print one JSON object a line.' },
  { long: 'help', short: 'h', summary: 'Print this text.' },
];

/** What the words of `trace` ask for. */
export interface TraceRequest {
  readonly trace: TraceOptions;
  readonly command: readonly string[];
  readonly user: string | undefined;
  readonly times: number;
  readonly relative: boolean;
  readonly durations: boolean;
  readonly summary: boolean;
  readonly output: string | undefined;
  readonly seconds: number | undefined;
  readonly count: number | undefined;
  readonly strict: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly types: boolean;
}

/** Reads the words behind `trace`. Fails for those that cannot be meant. */
export function readTraceWords(words: readonly string[]): TraceRequest {
  const given = new Map<string, string[]>();
  const end = words.indexOf('--');
  // Before `--`, everything must be an option: a command without it could not be told from a mistake.
  const own = end < 0 ? words : words.slice(0, end);
  const left = readOptions('trace', own, traceOptions, (event) => {
    if (event.kind === 'unknown') fail(`unrecognized option '${event.word}'`);
    const name = event.spec.long!;
    given.set(name, [...(given.get(name) ?? []), event.value ?? '']);
    return true;
  });
  if (left.length > 0) fail(`what is '${left[0]}'? A command to trace stands behind '--'`);
  const command = end < 0 ? [] : words.slice(end + 1);
  if (end >= 0 && command.length === 0) fail("'--' needs a command behind it");
  const last = (name: string) => given.get(name)?.at(-1);
  const list = (name: string) => given.get(name)?.flatMap((text) => text.split(','));
  const objects = (name: string) => given.get(name)?.map((text) => (/^\d+$/.test(text) ? Number(text) : text));
  const pids = list('pid')?.map((text) => wholeNumber('pid', text));
  const names = list('command');
  const limit = last('limit');
  const ring = last('ring');
  const seconds = last('duration');
  const count = last('count');
  const has = (name: string) => given.has(name);
  return {
    trace: {
      ...(pids && { pids }),
      ...(names && { commands: names }),
      ...(has('map') && { maps: objects('map')! }),
      ...(has('program') && { programs: objects('program')! }),
      ...(has('comm') && { comms: given.get('comm')! }),
      failedOnly: has('failed'),
      ...(limit !== undefined && { limit: limit === 'all' ? 'all' : wholeNumber('limit', limit) }),
      ...(ring !== undefined && { ringSize: sizeOf(ring) }),
      withoutContents: has('summary'),
      instructions: has('insns'),
      log: has('log'),
      types: has('btf'),
    },
    command,
    user: last('user'),
    times: given.get('time')?.length ?? 0,
    relative: has('relative'),
    durations: has('duration-of-calls'),
    summary: has('summary'),
    output: last('output'),
    seconds: seconds === undefined ? undefined : positive('duration', seconds),
    count: count === undefined ? undefined : wholeNumber('count', count),
    strict: has('strict'),
    json: has('json'),
    help: has('help'),
    types: has('btf'),
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value > 0xffff_ffff)
    fail(`--${name}: '${text}' is no whole number`);
  return value;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value <= 0 || value > 1e6) fail(`--${name}: '${text}' is no number of seconds`);
  return value;
}

/** `4096`, `64K`, `1M`, `1MiB`: bytes, rounded up to a power of two. */
function sizeOf(text: string): number {
  const match = /^(\d{1,10})([KMG]?)(?:iB|B)?$/i.exec(text);
  const factor = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[(match?.[2] ?? '').toUpperCase()] ?? 1;
  const bytes = Number(match?.[1] ?? Number.NaN) * factor;
  if (!(bytes >= 1 && bytes <= 2 ** 30)) throw new UsageError(`--ring: '${text}' is no size up to 1G`);
  return Math.max(4096, 2 ** Math.ceil(Math.log2(bytes)));
}
