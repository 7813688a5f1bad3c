// The trace log: one for the whole machine, and reading takes lines out, so each program reads it by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../support/parity/world.ts';

const tracefs = '/sys/kernel/tracing';

let world: World;
beforeAll(() => {
  world = new World('l_');
});
afterAll(() => world?.end());

interface Outcome {
  stdout: string;
  stderr: string;
  status: number | null;
}

interface Run {
  child: ChildProcess;
  outcome: Promise<Outcome>;
}

function start(words: string[]): Run {
  const child = spawn(words[0]!, words.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const out = { stdout: '', stderr: '' };
  child.stdout!.on('data', (data: Buffer) => {
    out.stdout += data.toString('latin1');
  });
  child.stderr!.on('data', (data: Buffer) => {
    out.stderr += data.toString('latin1');
  });
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => resolve({ ...out, status: code ?? (signal === 'SIGABRT' ? 134 : -1) }));
  });
  return { child, outcome };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until nothing with `mark` is left in the log. */
async function taken(mark: string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (!readFileSync(`${tracefs}/trace`, 'latin1').includes(mark)) return;
    await pause(20);
  }
  throw new Error(`'${mark}' stays in the trace log`);
}

/** Who wrote a line where and when differs; lines of others do not count. */
function told(text: string, mark: string): string {
  const others = /(?<=["\n]|^)(?=[^\n"]*\[\d{3}\])[^\n"]*?tracing_mark_write: /g;
  return text
    .replace(others, 'tracing_mark_write: ')
    .split(text.startsWith('[') ? /(?<=\\n"),/ : /(?<=\n)/)
    .filter((line) => line.includes(mark) || !line.includes('tracing_mark_write'))
    .join('|');
}

/** Reads three lines that are there already and one that comes later; `signal` ends it. */
async function follow(program: string[], options: string[], signal: NodeJS.Signals): Promise<Outcome> {
  const mark = 'tsbpftool-mark';
  writeFileSync(`${tracefs}/trace`, '');
  for (const line of ['first', 'with "quotes" and \\', '\ttab'])
    writeFileSync(`${tracefs}/trace_marker`, `${mark} ${line}\n`);
  const { child, outcome } = start([...program, ...options, 'prog', 'tracelog']);
  await taken(mark);
  writeFileSync(`${tracefs}/trace_marker`, `${mark} later\n`);
  await taken(mark);
  // Taken out of the log is not yet printed.
  await pause(200);
  child.kill(signal);
  const { stdout, stderr, status } = await outcome;
  return { stdout: told(stdout, mark), stderr, status };
}

describe('bpftool prog tracelog', () => {
  it.each([
    [[], 'SIGINT'],
    [['-j'], 'SIGTERM'],
    [['-p'], 'SIGHUP'],
  ] as const)('%j prints lines as they come, until %s', async (options, signal) => {
    const reference = await follow(world.programs.reference, [...options], signal);
    const ours = await follow(world.programs.ours, [...options], signal);
    expect(reference.stdout).toContain('tsbpftool-mark later');
    expect(reference.status).toBe(0);
    expect(ours).toEqual(reference);
  });

  it('shows a line at once, also to a pipe', async () => {
    writeFileSync(`${tracefs}/trace`, '');
    const { child, outcome } = start([...world.programs.ours, '-j', 'prog', 'tracelog']);
    const shown = new Promise<string>((resolve) => child.stdout!.once('data', (data) => resolve(String(data))));
    writeFileSync(`${tracefs}/trace_marker`, 'at once\n');
    const timeout = setTimeout(() => child.kill('SIGKILL'), 20_000);
    expect(await shown).toMatch(/^\[/);
    child.kill('SIGINT');
    expect(JSON.parse((await outcome).stdout).join('')).toContain('at once\n');
    clearTimeout(timeout);
  });

  it('ends at a signal while the log is flooded', async () => {
    const flood = start(['sh', '-c', `while echo flood; do :; done > ${tracefs}/trace_marker`]);
    const { child, outcome } = start([...world.programs.ours, 'prog', 'tracelog']);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.kill('SIGINT');
    const { status } = await outcome;
    flood.child.kill('SIGKILL');
    await flood.outcome;
    writeFileSync(`${tracefs}/trace`, '');
    expect(status).toBe(0);
  });
});

describe('bpftool prog tracelog where tracefs is not in its place', () => {
  /** Ends a program once it reads the log, if it ever does. */
  async function endOnceReading({ child, outcome }: Run): Promise<Outcome> {
    let ended = false;
    void outcome.then(() => {
      ended = true;
    });
    while (!ended) {
      await pause(20);
      if (!readsTheLog(child.pid!)) continue;
      await pause(100);
      child.kill('SIGINT');
      break;
    }
    return outcome;
  }

  function readsTheLog(pid: number): boolean {
    try {
      const folder = `/proc/${pid}/fd`;
      return readdirSync(folder).some((fd) => readlinkSync(`${folder}/${fd}`).endsWith('/trace_pipe'));
    } catch {
      return false;
    }
  }

  /** Runs both programs in a mount namespace that `prepare` changes; a program that goes on is ended. */
  async function both(prepare: string, argv: string[]): Promise<{ reference: Outcome; ours: Outcome }> {
    const one = async (program: string[]) => {
      const words = ['unshare', '-m', 'sh', '-c', `${prepare}; exec "$@"`, 'sh'];
      return endOnceReading(start([...words, ...program, ...argv, 'prog', 'tracelog']));
    };
    writeFileSync(`${tracefs}/trace`, '');
    return { reference: await one(world.programs.reference), ours: await one(world.programs.ours) };
  }
  const places = ['/sys/kernel/tracing', '/sys/kernel/debug'];
  const gone = places.map((place) => `while umount -l ${place} 2>/dev/null; do :; done`).join('; ');

  it('mounts it and says so', async () => {
    const { reference, ours } = await both(gone, []);
    expect(reference.stderr).toBe('could not find tracefs, attempting to mount it now\n');
    expect(ours).toEqual(reference);
  });

  it('mounts it silently with JSON', async () => {
    const { reference, ours } = await both(gone, ['-j']);
    expect(reference.stdout).toBe('[]\n');
    expect(ours).toEqual(reference);
  });

  it('fails without a word where it must not mount', async () => {
    const { reference, ours } = await both(gone, ['-n']);
    expect(reference).toEqual({ stdout: '', stderr: '', status: 255 });
    expect(ours).toEqual(reference);
  });

  it('does not use one that is mounted elsewhere', async () => {
    const elsewhere = `${gone}; mount -t tracefs tracefs ${world.tmp}`;
    for (const argv of [[], ['-n']]) {
      const { reference, ours } = await both(elsewhere, argv);
      expect(ours).toEqual(reference);
    }
  });

  it('takes one whose path it cannot read as it stands, and fails to open it', async () => {
    const odd = `${gone}; mkdir -p '${world.tmp}/a b' && mount -t tracefs tracefs '${world.tmp}/a b'`;
    const { reference, ours } = await both(odd, []);
    expect(reference.stderr).toContain('could not open trace pipe: No such file or directory');
    expect(ours).toEqual(reference);
  });

  it('says who may not open or mount it', async () => {
    for (const prepare of ['true', gone]) {
      const asUser = `${prepare}; set -- setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$@"`;
      const { reference, ours } = await both(asUser, []);
      expect(reference.status).toBe(255);
      expect(ours).toEqual(reference);
    }
  });

  it('ends the JSON array where the reference aborts (documented difference)', async () => {
    const { reference, ours } = await both(gone, ['-j', '-n']);
    expect(reference.status).toBe(134);
    expect(ours).toEqual({ stdout: '[]\n', stderr: '', status: 255 });
  });
});
