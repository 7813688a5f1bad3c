// `prog profile`: what is counted is what ran. Programs on functions of programs run in virtual machines; natively the
// same code runs on tracepoints, and the kernel's own statistics are read.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BpfProgram, openCounter, testRun } from '../../src/kernel/index.ts';
import {
  attachRawTracepoint,
  CounterRefused,
  type LoadedObject,
  loadObject,
  type ProfileTarget,
  Profiler,
  profileTarget,
  ProgramRefused,
} from '../../src/loader/index.ts';
import { profileObject } from '../../src/loader/profile/object.ts';
import { parseObject } from '../../src/object/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import { bpf_prog_type, perf_hw_id, perf_sw_ids, perf_type_id } from '../../src/uapi/index.ts';
import { inVirtualMachine } from '../support/feature.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const kernel = openKernel();
const log = () => undefined;
const pin = '/sys/fs/bpf/profiled';
const cpuClock = { type: perf_type_id.PERF_TYPE_SOFTWARE, config: BigInt(perf_sw_ids.PERF_COUNT_SW_CPU_CLOCK) };

let object: LoadedObject;
let program: BpfProgram;

beforeAll(() => {
  const file = path.join(project, 'test/fixtures/objects/run-xdp.bpf.o');
  object = loadObject(kernel, parseObject(readFileSync(file), { path: file }), { log });
  program = object.programs[0]!;
  kernel.unlink(pin);
  program.pin(pin);
});
afterAll(() => {
  kernel.unlink(pin);
  program?.close();
  object?.close();
});

function runProgram(repeat: number): void {
  expect(testRun(program, { data: new Uint8Array(64), repeat })).toBeTypeOf('object');
}

/** Names of programs and maps in the kernel that the profiler makes. */
function leftovers(): string[] {
  const words = ['prog', 'map'].flatMap((kind) => {
    const { stdout } = spawnSync(process.execPath, ['bin/tsbpftool.js', '-j', kind, 'show'], {
      cwd: project,
      encoding: 'utf8',
    });
    return (JSON.parse(stdout) as { name?: string }[]).map(({ name }) => name ?? '');
  });
  return words.filter((name) => ['fentry_XXX', 'fexit_XXX', 'events', 'counts', 'accum_readings'].includes(name));
}

interface Ended {
  stdout: string;
  stderr: string;
  status: number | null;
}

/** Starts the command, calls `act` once `ready` holds of its descriptors, then interrupts it. */
async function interrupt(words: string[], ready: (targets: string[]) => boolean, act: () => void): Promise<Ended> {
  const child = spawn(process.execPath, ['bin/tsbpftool.js', ...words], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    told.stdout += data;
  });
  child.stderr.on('data', (data) => {
    told.stderr += data;
  });
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => {
      over = true;
      resolve({ ...told, status });
    });
  });
  while (!over && !ready(descriptors(child.pid!))) await new Promise((resolve) => setTimeout(resolve, 20));
  // The signal is caught a moment after the last descriptor is there.
  await new Promise((resolve) => setTimeout(resolve, inVirtualMachine ? 2000 : 300));
  act();
  child.kill('SIGINT');
  return await ended;
}

function descriptors(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
  } catch {
    return [];
  }
}

const statisticsOn = (targets: string[]) => targets.some((target) => target.includes('bpf-stats'));
const attached = (targets: string[]) => targets.filter((target) => target.includes('bpf_link')).length === 2;

describe('prog profile run_time', () => {
  it('counts every run until it is interrupted', async () => {
    const words = ['-j', 'prog', 'profile', 'pinned', pin, 'run_time'];
    const { stdout, stderr, status } = await interrupt(words, statisticsOn, () => {
      for (let count = 0; count < 7; count++) runProgram(100);
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const [only, ...others] = JSON.parse(stdout) as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect(only).toMatchObject({ metric: 'run_time', run_cnt: 700 });
    expect(only!.value).toBeGreaterThan(0);
    expect(only!.enabled).toBe(only!.running);
    expect(only!.enabled).toBeGreaterThan(100_000_000);
    // The reference exits from its signal handler, without JSON's last newline.
    expect(stdout.endsWith(']')).toBe(true);
  });

  it('counts for a duration, and what ran before or after does not count', () => {
    runProgram(50);
    const words = ['bin/tsbpftool.js', 'prog', 'profile', 'pinned', pin, 'duration', '1', 'run_time'];
    const started = Date.now();
    const { stdout, status } = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(1000);
    expect({ stdout, status }).toEqual({
      stdout: `\n${'0'.padStart(18)} ${'run_cnt'.padEnd(20)}\n${'0'.padStart(18)} ${'run_time'.padEnd(61)}\n`,
      status: 0,
    });
  });

  it('is refused to who may not have statistics made', () => {
    const without = ['--bounding-set=-sys_admin', '--inh-caps=-sys_admin', process.execPath, 'bin/tsbpftool.js'];
    for (const format of [[], ['-j']]) {
      const words = [...without, ...format, 'prog', 'profile', 'pinned', pin, 'run_time'];
      const { stdout, stderr, status } = spawnSync('setpriv', words, { cwd: project, encoding: 'utf8' });
      const text = 'failed to enable run time statistics: Operation not permitted';
      const told = format.length === 0 ? ['', `Error: ${text}\n`] : [`{"error":"${text}"}\n`, ''];
      expect({ stdout, stderr, status }).toEqual({ stdout: told[0], stderr: told[1], status: 255 });
    }
  });

  it('closes the batch it ends', async () => {
    const file = path.join('/tmp', `profile-${process.pid}`);
    kernel.writeFile(file, Buffer.from(`prog profile pinned ${pin} run_time\nversion\n`));
    try {
      const json = await interrupt(['-j', 'batch', 'file', file], statisticsOn, () => runProgram(3));
      expect(json.status).toBe(0);
      expect(JSON.parse(json.stdout)).toMatchObject([{ output: [{ run_cnt: 3 }] }]);
      const plain = await interrupt(['batch', 'file', file], statisticsOn, () => runProgram(3));
      expect(plain.stdout).toMatch(/^\n {17}3 run_cnt {13}\n[^\n]*\n$/);
    } finally {
      kernel.unlink(file);
    }
  });
});

describe('the programs of prog profile', () => {
  it('count on tracepoints: runs, and the time between both', () => {
    const cpus = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim();
    const stride = Number(/(\d+)$/.exec(cpus)![1]) + 1;
    const spec = profileObject({ counters: 2, stride });
    const onTracepoints = spec.programs.map((part) => ({
      ...part,
      section: undefined,
      type: bpf_prog_type.BPF_PROG_TYPE_RAW_TRACEPOINT,
      expectedAttachType: 0,
    }));
    const loaded = loadObject(kernel, { ...spec, programs: onTracepoints }, { log });
    const open: { close(): void }[] = [loaded];
    const events: number[] = [];
    const map = (name: string) => {
      const opened = loaded.map(name)!;
      open.push(opened);
      return opened;
    };
    const sums = (name: string, index: number, numbers: number) => {
      const values = new BigUint64Array(numbers * stride);
      map(name).lookup(Uint8Array.of(index, 0, 0, 0), new Uint8Array(values.buffer));
      return Array.from({ length: numbers }, (_, at) =>
        values.reduce((sum, value, i) => (i % numbers === at ? sum + value : sum), 0n),
      );
    };
    try {
      for (let slot = 0; slot < 2 * stride; slot++) {
        const fd = openCounter(kernel, cpuClock, slot % stride);
        expect(fd).toBeGreaterThan(0);
        events.push(fd);
        const value = new Uint8Array(Int32Array.of(fd).buffer);
        map('events').update(new Uint8Array(Uint32Array.of(slot).buffer), value);
      }
      // Both on one tracepoint, called in this order: each pair is of one moment and one CPU.
      for (const part of loaded.programs) {
        open.push(attachRawTracepoint({ kernel, log }, part, 'sched_process_exit'));
      }
      for (let count = 0; count < 5; count++) expect(spawnSync('true').status).toBe(0);
      expect(sums('counts', 0, 1)[0]).toBeGreaterThanOrEqual(5n);
      for (const index of [0, 1]) {
        const [value, enabled, running] = sums('accum_readings', index, 3);
        expect(value).toBeGreaterThan(0n);
        expect(enabled).toBeGreaterThan(0n);
        expect(running).toBeGreaterThan(0n);
      }
    } finally {
      for (const held of open.reverse()) held.close();
      for (const fd of events) kernel.close(fd);
    }
  });
});

describe('prog profile with counters', () => {
  const needsVirtualMachine = (running: { skip(reason?: string): never }) => {
    if (!inVirtualMachine) running.skip('this machine refuses programs on functions');
  };

  it('counts every run, and the time it took, by both clocks', async (running) => {
    needsVirtualMachine(running);
    const words = ['-j', 'prog', 'profile', 'pinned', pin, 'cpu_clock', 'task_clock', 'run_time'];
    const { stdout, stderr, status } = await interrupt(words, attached, () => {
      for (let count = 0; count < 5; count++) runProgram(40);
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const measured = JSON.parse(stdout) as Record<string, number | string>[];
    expect(measured.map(({ metric, run_cnt }) => [metric, run_cnt])).toEqual([
      ['cpu_clock', 200],
      ['task_clock', 200],
      ['run_time', 200],
    ]);
    for (const { value, enabled, running } of measured) {
      expect(value).toBeGreaterThan(0);
      expect(enabled).toBeGreaterThan(0);
      expect(running).toBeGreaterThan(0);
    }
    expect(leftovers()).toEqual([]);
  });

  it('counts for a duration, in plain text', (running) => {
    needsVirtualMachine(running);
    const words = ['bin/tsbpftool.js', 'prog', 'profile', 'pinned', pin, 'duration', '1', 'cpu_clock'];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toBe(
      `\n${'0'.padStart(18)} ${'run_cnt'.padEnd(20)}\n${'0'.padStart(18)} ${'cpu_clock'.padEnd(61)}\n`,
    );
  });

  it('passes over a CPU that is offline, and says so', (running) => {
    needsVirtualMachine(running);
    const second = '/sys/devices/system/cpu/cpu1/online';
    kernel.writeFile(second, Buffer.from('0'));
    try {
      for (const format of [[], ['-j']]) {
        const words = ['prog', 'profile', 'pinned', pin, 'duration', '0', 'cpu_clock', 'task_clock'];
        const { stderr, status } = spawnSync(process.execPath, ['bin/tsbpftool.js', ...format, ...words], {
          cwd: project,
          encoding: 'utf8',
        });
        const told = (name: string) => `cpu 1 may be offline, skip ${name} profiling.\n`;
        expect({ stderr, status }).toEqual({
          stderr: format.length === 0 ? told('cpu_clock') + told('task_clock') : '',
          status: 0,
        });
      }
    } finally {
      kernel.writeFile(second, Buffer.from('1'));
    }
  });

  it('is a class of the library, which leaves nothing behind', (running) => {
    needsVirtualMachine(running);
    const target = profileTarget(program);
    expect(target).toMatchObject({ name: expect.stringMatching(/./), typeId: expect.any(Number) });
    if ('problem' in target) return;
    const before = descriptors(process.pid).length;
    const profiler = new Profiler(kernel, { target, counters: [cpuClock, cpuClock, cpuClock, cpuClock], log });
    profiler.openCounters(() => expect.unreachable());
    runProgram(3);
    profiler.attach();
    runProgram(11);
    const { runs, readings } = profiler.read();
    runProgram(3);
    profiler.close();
    expect(runs).toBe(11n);
    expect(readings).toHaveLength(4);
    for (const { value } of readings) expect(value).toBeGreaterThan(0n);
    expect(descriptors(process.pid).length).toBe(before);
    const cycles = { type: perf_type_id.PERF_TYPE_HARDWARE, config: BigInt(perf_hw_id.PERF_COUNT_HW_CPU_CYCLES) };
    const lacking = new Profiler(kernel, { target, counters: [cpuClock, cycles] });
    expect(() => lacking.openCounters(() => expect.unreachable())).toThrow(CounterRefused);
    lacking.close();
    expect(descriptors(process.pid).length).toBe(before);
    expect(leftovers()).toEqual([]);
  });

  it('says which counter a machine lacks, and leaves nothing behind', (running) => {
    needsVirtualMachine(running);
    for (const format of [[], ['-j']]) {
      const words = ['bin/tsbpftool.js', ...format, 'prog', 'profile', 'pinned', pin, 'cycles', 'cpu_clock'];
      const { stdout, stderr, status } = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
      const text = 'failed to create event cycles on cpu 0';
      const told = format.length === 0 ? ['', `Error: ${text}\n`] : [`{"error":"${text}"}\n`, ''];
      expect({ stdout, stderr, status }).toEqual({ stdout: told[0], stderr: told[1], status: 255 });
    }
    const typed = spawnSync(
      'script',
      ['-qec', `node bin/tsbpftool.js prog profile pinned ${pin} cycles`, '/dev/null'],
      {
        cwd: project,
        encoding: 'utf8',
      },
    );
    const hint =
      'this machine does not count cycles, as most virtual machines; cpu_clock, task_clock and run_time need no such';
    expect(typed.stdout.split('\r\n')).toEqual([
      'Error: failed to create event cycles on cpu 0',
      expect.stringContaining(`hint: ${hint}`),
      '',
    ]);
    expect(leftovers()).toEqual([]);
  });

  it('is refused programs on functions here, and leaves nothing behind', (running) => {
    if (inVirtualMachine) running.skip('this machine takes programs on functions');
    const words = ['bin/tsbpftool.js', 'prog', 'profile', 'pinned', pin, 'cpu_clock'];
    const { stderr, status } = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
    if (status === 0) running.skip('this machine takes programs on functions');
    expect(stderr).toMatch(/^libbpf: prog 'fentry_XXX': BPF program load failed: -EPERM\n/);
    expect(stderr).toMatch(/Error: failed to load profile_obj\n$/);
    expect(status).toBe(255);
    const target = profileTarget(program) as ProfileTarget;
    const before = descriptors(process.pid).length;
    expect(() => new Profiler(kernel, { target, counters: [cpuClock] })).toThrow(ProgramRefused);
    expect(descriptors(process.pid).length).toBe(before);
    expect(leftovers()).toEqual([]);
  });
});
