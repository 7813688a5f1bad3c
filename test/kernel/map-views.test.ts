// Elements and events as people and scripts want them: types named on the command line, addresses as text, one CPU, sums.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadProgram } from '../../src/bpf/index.ts';
import { mapSchemas } from '../../src/commands/map/output-schema.ts';
import { assemble, encodeInstructions, op } from '../../src/insn/index.ts';
import { BpfMap, createMap, Fd } from '../../src/kernel/index.ts';
import { runProgram } from '../../src/kernel/run-program.ts';
import { autoAttach, type LoadedObject, loadObject } from '../../src/loader/index.ts';
import { parseObject } from '../../src/object/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import { bpf_map_type, bpf_prog_type } from '../../src/uapi/index.ts';
import { orSkipLater } from '../support/feature.ts';
import { Scope } from '../support/inventory/objects.ts';

const project = path.resolve(import.meta.dirname, '../..');
const program = path.join(project, 'bin/tsbpftool.js');
const hello = path.join(project, 'examples/hello-ring-buffer-config.bpf.o');
const kernel = openKernel();
const pins = '/sys/fs/bpf/map_views';
const open: { close(): void }[] = [];
const cpus = Number(/(\d+)\s*$/.exec(readFileSync('/sys/devices/system/cpu/possible', 'utf8'))?.[1]) + 1;

function tool(line: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...line.split(' ')], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
function mustRun(line: string): string {
  const { stdout, ...rest } = tool(line);
  expect(rest, line).toEqual({ status: 0, stderr: '' });
  return stdout;
}
const json = (line: string) => JSON.parse(mustRun(line));

function load(file: string): LoadedObject {
  const object = loadObject(kernel, parseObject(readFileSync(file), { path: file, log: () => undefined }));
  open.push(object);
  return object;
}

beforeAll(() => {
  rmSync(pins, { recursive: true, force: true });
  mkdirSync(pins);
});
afterAll(() => {
  for (const object of open.splice(0).reverse()) object.close();
  rmSync(pins, { recursive: true, force: true });
});

describe('keys that are addresses', () => {
  beforeAll(() => {
    mustRun(`map create ${pins}/four type lpm_trie key 8 value 4 entries 8 name mv_four flags 1`);
    mustRun(`map create ${pins}/six type lpm_trie key 20 value 4 entries 8 name mv_six flags 1`);
    mustRun(`map create ${pins}/hosts type hash key 4 value 6 entries 8 name mv_hosts`);
  });

  it('are prefixes in tries, longest match first', () => {
    mustRun(`map update pinned ${pins}/four key ip 10.0.0.0/8 value 1 0 0 0`);
    mustRun(`map update pinned ${pins}/four key ip 10.9.0.0/16 value 2 0 0 0`);
    mustRun(`map update pinned ${pins}/six key ip 2001:db8::/32 value 3 0 0 0`);
    expect(mustRun(`map lookup pinned ${pins}/four key ip 10.9.1.1`)).toContain('value: 02 00 00 00');
    expect(mustRun(`map lookup pinned ${pins}/four key ip 10.8.1.1`)).toContain('value: 01 00 00 00');
    expect(mustRun(`map lookup pinned ${pins}/six key ip 2001:db8:1::1`)).toContain('03 00 00 00');
    expect(tool(`map lookup pinned ${pins}/four key ip 11.0.0.1`).status).toBe(254);
  });

  it('are printed as prefixes', () => {
    const keys = (map: string) =>
      json(`-j map dump pinned ${pins}/${map} --as key=prefix`).map(({ key }: { key: string }) => key);
    expect(keys('four').sort()).toEqual(['10.0.0.0/8', '10.9.0.0/16']);
    expect(keys('six')).toEqual(['2001:db8::/32']);
    mustRun(`map delete pinned ${pins}/four key ip 10.9.0.0/16`);
    expect(keys('four')).toEqual(['10.0.0.0/8']);
  });

  it('are addresses elsewhere, and values hardware addresses', () => {
    mustRun(`map update pinned ${pins}/hosts key ip 192.168.0.1 value hex 00 1a 2b 3c 4d 5e`);
    const forms = '--as key=ipv4 --as value=mac';
    expect(json(`-j map dump pinned ${pins}/hosts ${forms}`)).toEqual([
      { key: '192.168.0.1', value: '00:1a:2b:3c:4d:5e' },
    ]);
    const lines = mustRun(`map export pinned ${pins}/hosts ${forms}`);
    expect(lines).toBe('{"key":"192.168.0.1","value":"00:1a:2b:3c:4d:5e"}\n');
    mustRun(`map update pinned ${pins}/hosts key json "10.0.0.9" value json "1:2:3:4:5:6" ${forms}`);
    expect(mustRun(`map lookup pinned ${pins}/hosts key ip 10.0.0.9`)).toContain('01 02 03 04 05 06');
  });

  it.each([
    ['four key ip ::1', "key ip: '::1' makes a key of 20 bytes"],
    ['four key ip 10.0.0.0/33', "'10.0.0.0/33': a prefix of this address has at most 32 bits"],
    ['four key ip 10.0.0', "'10.0.0' is no IP address or prefix"],
    ['four key ip', "key ip: expected an address after 'ip'"],
    ['hosts key ip 10.0.0.0/8', "key ip: '10.0.0.0/8' is no IP address; a prefix is a key of tries only"],
    ['hosts key ip fe80::1%lo', "key ip: 'fe80::1%lo' is no IP address"],
    ['hosts key ip 10.0.0.1 --as key=prefix', "--as key=prefix: 'key' has 4 bytes, prefix 8 or 20"],
    ['hosts key ip 10.0.0.1 --as key=nothing', '--as key=nothing: expected MEMBER=FORM'],
    ['hosts key ip 10.0.0.1 --as x=ip', "--as x=ip: 'x' has no type that has members"],
    ['hosts key ip 10.0.0.1 --as constructor=ip', "--as constructor=ip: 'constructor' has no type that has members"],
    ['hosts key json 5', 'key: has no type'],
    ['hosts key json "1.2.3" --as key=ip', 'key: "1.2.3" is no ip of 4 bytes'],
  ])('%s is refused', (words, message) => {
    const { status, stdout, stderr } = tool(`map lookup pinned ${pins}/${words}`);
    expect({ status, stdout }).toEqual({ status: 255, stdout: '' });
    expect(stderr).toContain(`Error: ${message}`);
  });
});

describe('values of all CPUs', () => {
  beforeAll(() => {
    mustRun(`map create ${pins}/counts type percpu_array key 4 value 8 entries 1 name mv_counts`);
    mustRun(`map update pinned ${pins}/counts key 0 0 0 0 value 7 0 0 0 0 0 0 0`);
  });

  it('are summed, or one is shown', () => {
    expect(json(`-j map dump pinned ${pins}/counts --sum`)).toEqual([
      { key: ['0x00', '0x00', '0x00', '0x00'], value: 7 * cpus },
    ]);
    const { value } = json(`-j map lookup pinned ${pins}/counts key 0 0 0 0 --cpu ${cpus - 1}`);
    expect(value).toEqual(['0x07', ...Array(7).fill('0x00')]);
  });

  it('are summed member by member, where types are known', () => {
    const object = load(path.join(project, 'test/fixtures/objects/rich-values.bpf.o'));
    const map = object.map('rich_percpu')!;
    map.pin(`${pins}/rich`);
    const summed = json(`-j map dump pinned ${pins}/rich --sum`);
    for (const { value } of summed) expect(value).not.toBeInstanceOf(Array);
    expect(summed.length).toBe(json(`-j map dump pinned ${pins}/rich`).length);
  });

  it.each([
    [`counts --cpu ${cpus}`, `--cpu ${cpus}: the map has values of the CPUs 0 to ${cpus - 1}`],
    ['counts --cpu x', "--cpu: can't parse 'x' as the number of a CPU"],
    ['counts --cpu 0 --sum', '--cpu and --sum exclude each other'],
    ['hosts --sum', '--sum is for per-CPU maps'],
  ])('%s is refused', (words, message) => {
    const { status, stderr } = tool(`map dump pinned ${pins}/${words}`);
    expect(status).toBe(255);
    expect(stderr).toContain(`Error: ${message}`);
  });
});

describe('types named on the command line', () => {
  it('are those of what waits in a queue', () => {
    mustRun(`map create ${pins}/queue type queue value 13 entries 4 name mv_queue`);
    const types = `--btf ${hello} --value-type user_msg_t`;
    mustRun(`map enqueue pinned ${pins}/queue value json {"message":"Hi"} ${types}`);
    expect(json(`-j map peek pinned ${pins}/queue ${types}`)).toEqual({ value: { message: 'Hi' } });
    expect(mustRun(`map dequeue pinned ${pins}/queue ${types}`)).toBe(
      '{\n    "value": {\n        "message": "Hi"\n    }\n}\n',
    );
    expect(tool(`map dequeue pinned ${pins}/queue ${types}`).status).toBe(254);
  });

  it('are those of the keys of maps of maps, whose values are ids', () => {
    const outer = createMap(kernel, {
      type: bpf_map_type.BPF_MAP_TYPE_HASH_OF_MAPS,
      name: 'mv_outer',
      keySize: 13,
      valueSize: 4,
      maxEntries: 4,
      innerMapFd: load(path.join(project, 'test/fixtures/objects/map-in-map.bpf.o')).maps.find(
        (map) => map.info().type === bpf_map_type.BPF_MAP_TYPE_ARRAY,
      )!.fd.number,
    });
    expect(outer).toBeGreaterThan(0);
    using map = new BpfMap(kernel, outer);
    map.pin(`${pins}/outer`);
    const { id } = map.info();
    expect(json(`-j map dump id ${id} --btf ${hello} --key-type user_msg_t`)).toEqual([]);
  });

  it('may be named for an element that waits', () => {
    mustRun(`map enqueue pinned ${pins}/queue value 1 2 3 4 5 6 7 8 9 10 11 12 13`);
  });

  it.each([
    ['--value-type user_msg_t', 'name a file with --btf FILE'],
    [`--btf ${hello} --value-type user_msg`, "no type with a size is called 'user_msg'; there is user_msg_t"],
    [`--btf ${hello} --value-type event_t`, "value: its type has 40 bytes, the map's values have 13"],
    ['--btf /dev/null --value-type int', "can't read BTF of '/dev/null'"],
    ['--btf /nowhere --value-type int', "can't read BTF of '/nowhere': No such file or directory"],
  ])('are refused: %s', (words, message) => {
    const { status, stderr } = tool(`map peek pinned ${pins}/queue ${words}`);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });
});

describe('names that are no whole names', () => {
  it('are taken by the commands of this program', () => {
    expect(mustRun('map export name mv_host* --as key=ipv4 --as value=mac')).toContain('192.168.0.1');
    expect(mustRun('map export name mv_hos --as key=ipv4 --as value=mac')).toContain('192.168.0.1');
    const { status, stderr } = tool('map export name mv_*');
    expect(status).toBe(255);
    expect(stderr).toMatch(/^Error: several maps match 'mv_\*': id \d+ \(mv_four\), /);
    expect(tool('map lookup name mv_hos key 0 0 0 0')).toMatchObject({ status: 255, stdout: '', stderr: '' });
  });

  it('are those of data sections as their objects have them', () => {
    const object = load(hello);
    expect(object.maps.map((map) => map.info().name)).toContain('hello_ri.rodata');
    expect(mustRun('map export name hello-ring-buffer-config.rodata')).toContain('Hello World');
  });
});

/** Runs `map events`, `produce` once it listens; answers how it ended. */
async function events(words: string, produce: () => void) {
  const child = spawn(process.execPath, [program, ...words.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += data));
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (data) => {
      stderr += data;
      if (stderr.includes('Warning:')) resolve();
    });
    child.once('exit', () => resolve());
  });
  produce();
  const status = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { status, stdout, stderr };
}

describe('map events', () => {
  it('decodes the events of a ring buffer by a type of its program', async (context) => {
    await orSkipLater(context, async () => {
      const object = load(hello);
      using link = autoAttach({ kernel, log: () => undefined }, object.programs[0]!);
      expect(link).toBeDefined();
      const { id } = object.map('output')!.info();
      const shown = await events(`-j map events id ${id} --type event_t --count 1 --timeout 20`, () =>
        spawnSync('/bin/true'),
      );
      expect(shown).toMatchObject({ status: 0, stderr: expect.stringContaining('do not reach the owner') });
      expect(JSON.parse(shown.stdout)).toMatchObject({ event: { pid: expect.any(Number), message: 'Hello World' } });
    });
  });

  it('prints bytes where there is no type, and ends in time', async () => {
    const object = load(hello);
    const { id } = object.map('output')!.info();
    const shown = await events(`map events id ${id} --timeout 1`, () => undefined);
    expect(shown).toMatchObject({ status: 0, stdout: '' });
  });

  it('ends by a signal, with status 0', async () => {
    const { id } = load(hello).map('output')!.info();
    const child = spawn(process.execPath, [program, 'map', 'events', 'id', String(id)]);
    await new Promise((resolve) => child.stderr.once('data', resolve));
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('exit', (status) => resolve(status)))).toBe(0);
  });

  it('counts what is lost on a processor, in lines that fit their schema', async () => {
    using scope = new Scope();
    const array = scope.map({
      name: 'mv_lost',
      type: bpf_map_type.BPF_MAP_TYPE_PERF_EVENT_ARRAY,
      keySize: 4,
      valueSize: 4,
      maxEntries: 64,
    });
    const { instructions } = assemble([
      op.store('u64', op.at('r10', -8), 9),
      op.mapAddress('r2', array.number),
      op.alu32('=', 'r3', -1),
      op.alu('=', 'r4', 'r10'),
      op.alu('+=', 'r4', -8),
      op.alu('=', 'r5', 8),
      op.call('perf_event_output'),
      op.alu('=', 'r0', 0),
      op.exit(),
    ]);
    const code = encodeInstructions(instructions);
    const type = bpf_prog_type.BPF_PROG_TYPE_SCHED_CLS;
    using sender = new Fd(kernel, loadProgram(kernel, { code, name: 'mv_lost', type, license: 'GPL' }));
    const send = (repeat: number) =>
      runProgram({ kernel, fd: sender, type: 'sched_cls' }, { data: new Uint8Array(64), repeat });
    using map = new BpfMap(kernel, kernel.duplicate(array.number));
    const words = ['-j', 'map', 'events', 'id', String(map.info().id)];
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    const sendUntil = async (isTold: () => boolean) => {
      for (let i = 0; i < 400 && !isTold(); i++) {
        send(1);
        await pause(50);
      }
    };
    await sendUntil(() => stdout.includes('\n'));
    // What is stopped reads nothing, until its buffer has no room.
    child.kill('SIGSTOP');
    send(20_000);
    child.kill('SIGCONT');
    await sendUntil(() => stdout.includes('"lost"'));
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { lost?: number });
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(mapSchemas['map events']!);
    for (const line of lines) expect(validate(line), JSON.stringify(line)).toBe(true);
    const lost = lines.reduce((all, line) => all + (line.lost ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(stderr).toContain(`lost ${lost} events\n`);
    expect(lines.filter((line) => 'data_hex' in line).length).toBeGreaterThan(1000);
  });

  it.each([
    ['hosts', 'neither a ringbuf nor a perf_event_array'],
    ['hosts --count x', "--count: can't parse 'x' as a number"],
    ['hosts --timeout -1', "--timeout: can't parse '-1' as a number"],
    ['users', 'is a user_ringbuf: programs read it, and user space writes'],
  ])('refuses %s', (words, message) => {
    if (
      words === 'users' &&
      tool(`map create ${pins}/users type user_ringbuf key 0 value 0 entries 4096 name mv_users`).status !== 0
    )
      return;
    const { status, stdout, stderr } = tool(`map events pinned ${pins}/${words}`);
    expect({ status, stdout }).toEqual({ status: 255, stdout: '' });
    expect(stderr).toContain(`Error: `);
    expect(stderr).toContain(message);
  });
});
