import type { NativeStruct } from '../../src/uapi/index.ts';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { errnoName, TsbpfError, VerifierError } from '../../src/errors/index.ts';
import { kernelVersion } from '../../src/host/index.ts';
import { autoAttach, type LoadedObject, loadObject } from '../../src/loader/index.ts';
import { parseObject } from '../../src/object/index.ts';
import { type Kernel, openKernel } from '../../src/sys/index.ts';

const kernel = openKernel();
const root = resolve(import.meta.dirname, '../..');
const reference = process.env.BPFTOOL ?? join(root, '.cache/reference/bpftool');
const pins = '/sys/fs/bpf/loader-test';
const byName = '/sys/fs/bpf/pinned_map';

/** Objects whose programs want what a file cannot name: a function of another program, or of a module that is not there. */
const withoutTarget = ['extension', 'extension-bare', 'program-tracing', 'tracing-multi-module'];
/** Objects the kernel refuses, or that keep a part back, so that a load of everything fails in both programs. */
const refused = ['rejected', 'core-unresolved', 'attributes', 'kprobes', ...withoutTarget];
// The addresses of an arena, and of itself in a program that writes to its streams, differ from load to load. None of the
// programs of `refusals` is loaded unless asked for.
// biome-ignore format: a list
const partial = [
  'refusals', 'streams', 'library', 'optional', 'optional-only', 'optional-tracepoints', 'optional-twins', 'struct-ops-optional', 'pinned-map', 'pinned-buffers', 'arena',
  // Of these the reference makes something else (COMPATIBILITY.md) or, of per-CPU data, what depends on the kernel.
  'gcc-outer-first', 'percpu-data', 'percpu-used',
];

function objects(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  const files = readdirSync(path).filter((name) => name.endsWith('.bpf.o'));
  return files.map((name) => join(path, name));
}

const fixtures = [...objects('examples'), ...objects('test/fixtures/objects')];

function fixture(name: string): string {
  return fixtures.find((file) => basename(file) === `${name}.bpf.o`)!;
}

async function bpftool(...argv: string[]): Promise<{ stdout: string; stderr: string; status: number | undefined }> {
  const result = await execa(reference, argv, { reject: false, env: { LC_ALL: 'C' }, maxBuffer: 1 << 28 });
  return { stdout: result.stdout, stderr: result.stderr, status: result.exitCode };
}

/** The JSON outputs of several commands, run by one process. */
async function batch(commands: readonly string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await execa(reference, ['-j', 'batch', 'file', '-'], { input: `${commands.join('\n')}\n` });
  return JSON.parse(stdout).map((entry: { output: Record<string, unknown> }) => entry.output);
}

interface Load {
  object?: LoadedObject;
  diagnostics: string[];
  error?: unknown;
}

function load(file: string, on: Kernel = kernel): Load {
  const diagnostics: string[] = [];
  const log = (level: string, text: string) => {
    if (level !== 'debug') diagnostics.push(...`libbpf: ${text}`.split('\n').filter((line) => line !== ''));
  };
  try {
    const spec = parseObject(readFileSync(file), { path: file, log });
    return { object: loadObject(on, spec, { log }), diagnostics };
  } catch (error) {
    return { diagnostics, error };
  }
}

/** What the kernel holds of a folder of pinned programs and one of maps, without what differs by chance. */
async function inKernel(folder: string): Promise<unknown> {
  const list = (path: string) => (existsSync(path) ? readdirSync(path).sort() : []);
  const programs = list(folder).map((name) => join(folder, name));
  const maps = list(`${folder}-maps`).map((name) => join(`${folder}-maps`, name));
  if (programs.length === 0) return { programs: [], maps: [] };
  const work = mkdtempSync(join(tmpdir(), 'loader-test-'));
  const raw = (index: number) => join(work, String(index));
  await batch(programs.map((path, index) => `prog dump xlated pinned ${path} file ${raw(index)}`));
  const codes = programs.map((_path, index) => rawCode(readFileSync(raw(index))));
  rmSync(work, { recursive: true });
  const facts = await batch([
    ...programs.map((path) => `prog show pinned ${path}`),
    ...maps.map((path) => `map show pinned ${path}`),
  ]);
  const data = maps.filter((path) => /rodata|data|bss|kconfig/.test(path));
  const contents = data.length > 0 ? await batch(data.map((path) => `map dump pinned ${path}`)) : [];
  // Text names lines and callees, but reads all kernel symbols each time: one program of each object.
  const text = await bpftool('prog', 'dump', 'xlated', 'pinned', programs.at(-1)!, 'opcodes', 'linum');
  return {
    names: [...programs, ...maps],
    facts: facts.map(({ id, loaded_at, btf_id, map_ids, pids, ...rest }) => ({
      ...rest,
      hasBtf: Number(btf_id) > 0,
      maps: (map_ids as number[] | undefined)?.length,
    })),
    codes,
    text: withoutIds(text.stdout),
    contents,
  };
}

/** The instructions in hexadecimal; in place of a map's id stands its order of appearance. */
function rawCode(bytes: Buffer): string[] {
  const order = new Map<number, number>();
  const slots: string[] = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const isMap = bytes[at] === 0x18 && [1, 2].includes(bytes[at + 1]! >> 4);
    if (isMap) {
      const id = bytes.readUInt32LE(at + 4);
      if (!order.has(id)) order.set(id, order.size);
      bytes.writeUInt32LE(order.get(id)!, at + 4);
    }
    slots.push(bytes.toString('hex', at, at + 8));
  }
  return slots;
}

/** Map ids, in the text and in the bytes of the instructions that hold them, become their order of appearance. */
function withoutIds(text: string): string {
  const order = new Map<string, number>();
  let known = '';
  return text
    .split('\n')
    .map((line) => {
      const match = /map\[id:(\d+)\]/.exec(line);
      if (match) {
        if (!order.has(match[1]!)) order.set(match[1]!, order.size);
        known = `map ${order.get(match[1]!)}`;
        return line.replace(match[0], `[${known}]`);
      }
      return line.replace(/(18 [0-9a-f]{2} 00 00) (?:[0-9a-f]{2} ?){4}/, (whole, head) =>
        known ? `${head} id ` : whole,
      );
    })
    .join('\n');
}

function clean(): void {
  for (const path of [pins, `${pins}-maps`]) rmSync(path, { recursive: true, force: true });
  rmSync(byName, { force: true });
}

afterEach(clean);

async function asReference(
  file: string,
): Promise<{ state: unknown; diagnostics: string[]; status: number | undefined }> {
  const result = await bpftool('prog', 'loadall', file, pins, 'pinmaps', `${pins}-maps`);
  const state = await inKernel(pins);
  clean();
  const diagnostics = result.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Error: '));
  return { state, diagnostics, status: result.status };
}

describe('an object loads to what the reference loads it to', () => {
  const names = (files: string[]) => files.map((file) => [basename(file, '.bpf.o'), file] as const);
  const whole = names(fixtures).filter(([name]) => ![...refused, ...partial].includes(name));

  test.each(whole)('%s', async (_name, file) => {
    const expected = await asReference(file);
    const { object, diagnostics, error } = load(file);
    if (expected.status !== 0) {
      // Kernel addresses in verifier logs differ from load to load.
      const plain = (lines: string[]) => lines.map((line) => line.replace(/0xffff[0-9a-f]{12}/g, 'ADDRESS'));
      expect(plain(diagnostics)).toEqual(plain(expected.diagnostics));
      expect(error).toBeInstanceOf(TsbpfError);
      return;
    }
    if (error) throw error;
    object!.pinPrograms(pins);
    mkdirSync(`${pins}-maps`, { recursive: true });
    object!.pinMaps(`${pins}-maps`);
    object!.close();
    expect(await inKernel(pins)).toEqual(expected.state);
    expect(diagnostics).toEqual(expected.diagnostics);
  });

  const inWords = names(refused.map(fixture)).filter(([name]) => name !== 'kprobes');
  test.each(inWords)('%s is refused in the same words', async (_name, file) => {
    const expected = await asReference(file);
    const { diagnostics, error } = load(file);
    expect(error).toBeInstanceOf(TsbpfError);
    expect(diagnostics).toEqual(expected.diagnostics);
  });
});

describe('a load', () => {
  test('gives the verifier’s log with its error', () => {
    const { error } = load(fixture('rejected'));
    expect(error).toBeInstanceOf(VerifierError);
    expect((error as VerifierError).log).toContain('invalid access to packet');
    expect((error as VerifierError).message).toMatch(
      /^prog '\w+': failed to load: EACCES: R1 (offset is outside of the packet|min value is outside of the allowed memory range)$/,
    );
    expect((error as VerifierError).message).not.toContain('\n');
  });

  test('finds a map pinned by name the next time', () => {
    const first = load(fixture('pinned-map')).object!;
    const second = load(fixture('pinned-map')).object!;
    expect([first.maps[0]!.reused, second.maps[0]!.reused]).toEqual([false, true]);
    first.close();
    second.close();
  });

  test('finds pinned maps whose sizes depend on the machine, its own and those of the reference', async () => {
    const names = ['buf_events', 'buf_ring', 'buf_three'];
    const pinned = '/sys/fs/bpf/loader-buffers';
    const unpin = () => {
      for (const name of names) rmSync(`/sys/fs/bpf/${name}`, { force: true });
    };
    const reused = () => {
      using object = load(fixture('pinned-buffers')).object!;
      return object.maps.map((map) => map.reused);
    };
    try {
      expect(reused()).toEqual([false, false, false]);
      expect(reused()).toEqual([true, true, true]);
      // The reference finds them, too.
      expect((await bpftool('prog', 'load', fixture('pinned-buffers'), pinned)).stderr).toBe('');
      rmSync(pinned);
      unpin();
      expect((await bpftool('prog', 'load', fixture('pinned-buffers'), pinned)).stderr).toBe('');
      expect(reused()).toEqual([true, true, true]);
    } finally {
      rmSync(pinned, { force: true });
      unpin();
    }
  });

  test('refuses a pinned map of another shape', async () => {
    const shape = 'type hash key 4 value 4 entries 1 name other'.split(' ');
    expect((await bpftool('map', 'create', byName, ...shape)).stderr).toBe('');
    const { diagnostics } = load(fixture('pinned-map'));
    expect(diagnostics).toContain(`libbpf: couldn't reuse pinned map at '${byName}': parameter mismatch`);
  });

  test('leaves nothing behind, whichever of its calls fails', () => {
    for (const name of ['map-in-map', 'pinned-map', 'globals', 'struct-ops', 'many-core']) {
      const openBefore = readdirSync('/proc/self/fd').length;
      let calls = 0;
      for (let failing = 1; ; failing++) {
        calls = 0;
        const faulty = new Proxy(kernel, {
          get: (target, member) => {
            const value = Reflect.get(target, member);
            if (typeof value !== 'function') return value;
            if (member !== 'bpf') return value.bind(target);
            return (command: number, attr: NativeStruct) => (++calls === failing ? -12 : target.bpf(command, attr));
          },
        });
        const { object, error } = load(fixture(name), faulty);
        object?.close();
        if (error !== undefined && !(error instanceof TsbpfError)) throw error;
        expect(readdirSync('/proc/self/fd').length, `${name}: call ${failing} fails with ${errnoName(12)}`).toBe(
          openBefore,
        );
        if (error !== undefined) expect(existsSync(byName)).toBe(false);
        clean();
        if (failing > calls) break;
      }
      // Even an object the kernel does not support makes a few.
      expect(calls).toBeGreaterThan(3);
    }
  });
});

describe('type relocations', () => {
  const { major, minor } = kernelVersion(kernel);
  const areLeftToKernel = major > 6 || (major === 6 && minor >= 15);
  const vmlinux = '/sys/kernel/btf/vmlinux';
  const parse = () => {
    const path = fixture('many-core');
    return parseObject(readFileSync(path), { path });
  };

  async function pinned(object: LoadedObject): Promise<unknown> {
    object.pinPrograms(pins);
    object.close();
    const state = await inKernel(pins);
    clean();
    return state;
  }

  test('are left to kernels that apply them as libbpf does: the instructions are the same, no BTF is read', async () => {
    const opened: string[] = [];
    const watched = new Proxy(kernel, {
      get: (target, member) => {
        const value = Reflect.get(target, member);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (member === 'open' || member === 'readFile') opened.push(String(args[0]));
          return value.apply(target, args);
        };
      },
    });
    const byKernel = await pinned(loadObject(watched, parse()));
    expect(opened.includes(vmlinux)).toBe(!areLeftToKernel);
    expect(byKernel).toEqual(await pinned(loadObject(kernel, parse(), { kernelBtf: vmlinux })));
  });

  test('that the kernel refuses are told of as without it', () => {
    const attempt = (options: { kernelBtf?: string }) => {
      const told: string[] = [];
      const spec = parse();
      const { code, coreRelocations } = spec.programs.find(({ name }) => name === 'm_parent')!;
      // Not the number that the object's own BTF says.
      code[coreRelocations[0]!.index * 8 + 4]! ^= 1;
      const log = (level: string, text: string) => void (level !== 'debug' && told.push(text));
      expect(() => loadObject(kernel, spec, { log, ...options })).toThrow(TsbpfError);
      return told;
    };
    const told = attempt({});
    expect(told.join('\n')).toMatch(/m_parent.*unexpected insn #\d+ \(ALU\/ALU64\) value/);
    expect(told).toEqual(attempt({ kernelBtf: vmlinux }));
  });
});

describe('programs attach where their sections say', () => {
  const hasTracepoints = ['/sys/kernel/tracing/events/sched', '/sys/kernel/debug/tracing/events/sched'].some(
    existsSync,
  );

  test('tracepoints, raw tracepoints, typed ones and iterators', (running) => {
    if (!hasTracepoints) running.skip('no tracefs with the tracepoints of the scheduler is mounted');
    const object = load(fixture('autoattach')).object!;
    const context = { kernel, log: () => undefined };
    const kinds = object.programs.map((program) => {
      using link = autoAttach(context, program);
      return [program.name, link !== undefined];
    });
    object.close();
    expect(Object.fromEntries(kinds)).toEqual({
      on_tracepoint: true,
      on_tp: true,
      on_raw_tp: true,
      on_raw_tracepoint: true,
      on_tp_btf: true,
      on_iter: true,
      pinned_only: false,
    });
  });
});
