// The program whose calls the tests of `trace` know, and its trace without what differs from run to run.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';

const project = path.resolve(import.meta.dirname, '../../..');
const source = path.join(project, 'test/fixtures/trace/calls.c');
export const tool = path.join(project, 'bin/tsbpftool.js');

/** Builds the program in `folder`, unless it was made beside its source; undefined where there is no compiler. */
export function callsProgram(folder: string): string | undefined {
  const made = path.join(path.dirname(source), 'calls');
  if (existsSync(made)) return made;
  const program = path.join(folder, 'calls');
  const words = ['-O1', '-Wall', '-Werror', '-static', '-pthread', '-o', program, source];
  const { status, error, stderr } = spawnSync('cc', words, { encoding: 'utf8' });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error(stderr);
  return program;
}

/** Runs the tool to its end. */
export function run(words: readonly string[], options: { before?: readonly string[]; input?: string } = {}) {
  const [program = '', ...rest] = [...(options.before ?? []), process.execPath, tool, ...words];
  const { stdout, stderr, status, signal } = spawnSync(program, rest, {
    encoding: 'utf8',
    timeout: 180_000,
    maxBuffer: 1 << 28,
    ...(options.input !== undefined && { input: options.input }),
  });
  return { stdout, stderr, status, signal };
}

/** Lines of a trace: ids, process ids, addresses and what the machine measures are numbered, or left out. */
export function normalised(text: string, { withErrors = true } = {}): string[] {
  const number = numbering();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const plain = line
        .replace(/^(\S+)\[(\d+)(\/\d+)?\] /, (_, comm, pid, tid) => `${comm}[${number('P', pid)}${tid ? '/T' : ''}] `)
        .replace(/\b(map|prog|btf|link) (\d+)/g, (_, kind, id) => `${kind} ${number(kind, id)}`)
        .replace(/\b(prog_id|id|duration|pid)=\d+/g, '$1=N')
        .replace(/\bids=\[\d+\]/, 'ids=[N]')
        .replace(/(PERF_EVENT_IOC_ID, )\[\d+\]/, '$1[N]')
        .replace(/(PERF_TYPE_TRACEPOINT, config=)\d+/, '$1N')
        .replace(/\b0x[0-9a-f]{6,12}\b/g, 'ADDRESS')
        .replace(/\[[0-9a-f ]{1000,}\]/g, (bytes) => {
          const sum = createHash('sha256').update(bytes).digest('hex');
          return `[${bytes.split(' ').length} bytes, sha256 ${sum}]`;
        })
        // One value for each processor.
        .replace(/\[(\d+)(?:, \1)+\]/g, '[$1 each]');
      return withErrors ? plain : plain.replace(/ = -1 .*/, ' = -1');
    });
}

function numbering(): (kind: string, id: string) => string {
  const seen = new Map<string, number>();
  const counts = new Map<string, number>();
  return (kind, id) => {
    const key = `${kind} ${id}`;
    if (!seen.has(key)) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      seen.set(key, counts.get(kind)!);
    }
    return `#${seen.get(key)}`;
  };
}

/** A line of `trace -j`, as far as tests look at it. */
export interface TraceLine {
  readonly event: string;
  readonly pid: number;
  readonly tid: number;
  readonly time: number;
  readonly comm: string;
  readonly command: string;
  readonly lost: number;
  readonly errno?: string;
  readonly objects: Readonly<Record<string, { readonly name: string; readonly id: number }>>;
}

/** The events of whole lines; the last may be under way. */
export function eventsOf(text: string): TraceLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as TraceLine);
}

export function callsOf(text: string): TraceLine[] {
  return eventsOf(text).filter(({ event }) => event === 'call');
}
