import { fail, readOptions } from '../../cli/index.ts';
import { UsageError } from '../../errors/index.ts';
import type { TraceOptions } from '../../trace/index.ts';
import { traceOptions } from './option-list.ts';

/** What the words of `trace` ask for. Times and limits as the words have them; undefined where a word was not given. */
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
  readonly types: boolean;
}

const jsonOptions = [{ long: 'json', short: 'j' }, { long: 'pretty' }];

/** Reads the words behind `trace`. Fails for those that cannot be meant. */
export function readTraceWords(words: readonly string[]): TraceRequest {
  const given = new Map<string, string[]>();
  const end = words.indexOf('--');
  // Before `--`, everything must be an option: a command without it would look like a mistake.
  const own = end < 0 ? words : words.slice(0, end);
  const left = readOptions('trace', own, [...traceOptions, ...jsonOptions], (event) => {
    if (event.kind === 'unknown') {
      fail(event.lacks ? `option '${event.word}' needs a value` : `unrecognized option '${event.word}'`);
    }
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
    durations: has('syscall-times'),
    summary: has('summary'),
    output: last('output'),
    seconds: seconds === undefined ? undefined : positive('duration', seconds),
    count: count === undefined ? undefined : wholeNumber('count', count),
    strict: has('strict'),
    json: has('json') || has('pretty'),
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
