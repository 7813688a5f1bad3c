// Typed values in and out of maps: on the command line, in files of JSON lines, through the library.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { possibleCpus } from '../../src/host/index.ts';
import {
  BpfMap,
  createMap,
  ElementWriter,
  elementValueSize,
  maps,
  readBatches,
  TypedMap,
} from '../../src/kernel/index.ts';
import { type LoadedObject, loadObject } from '../../src/loader/index.ts';
import { parseObject } from '../../src/object/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';
import { inVirtualMachine } from '../support/feature.ts';

const project = path.resolve(import.meta.dirname, '../..');
const kernel = openKernel();
const pins = '/sys/fs/bpf/typed_maps';
const entries = inVirtualMachine ? 20_000 : 1_000_000;
let work: string;
let objects: LoadedObject[] = [];

function load(name: string, folder: string, adjust: (map: { name: string; maxEntries: number }) => void = () => {}) {
  const file = path.join(project, folder, `${name}.bpf.o`);
  const spec = parseObject(readFileSync(file), { path: file, log: () => undefined });
  for (const map of spec.maps) adjust(map);
  const object = loadObject(kernel, spec);
  objects.push(object);
  return object;
}

function pinned(object: LoadedObject, name: string, pin = name): string {
  const where = `${pins}/${pin}`;
  const map = object.map(name)!;
  map.pin(where);
  return where;
}

function tool(words: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(project, 'bin/tsbpftool.js'), ...words], {
    encoding: 'utf8',
    input,
    maxBuffer: 1 << 30,
  });
  return { status, stdout, stderr };
}

const done = { status: 0, stderr: '' };

beforeAll(() => {
  rmSync(pins, { recursive: true, force: true });
  mkdirSync(pins);
  work = mkdtempSync(path.join(os.tmpdir(), 'typed-maps-'));
  const hello = load('hello-buffer-config', 'examples');
  pinned(hello, 'config');
  const rich = load('rich-values', 'test/fixtures/objects');
  for (const name of ['rich_hash', 'rich_percpu', 'without_btf']) pinned(rich, name);
});
afterAll(() => {
  for (const object of objects) object.close();
  objects = [];
  rmSync(pins, { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
});

const config = ['pinned', `${pins}/config`];

describe('a section of global variables', () => {
  it.each(['.data', '.rodata', '.bss'])('is one element of names and values, with 0 as its key: %s', (name) => {
    const object = load('globals', 'test/fixtures/objects');
    const section = object.maps.find((map) => map.info().name.endsWith(name))!;
    using typed = new TypedMap<number, Record<string, unknown>>(section);
    const all = typed.get(0)!;
    const names = object.spec.variables.filter(({ map }) => object.spec.maps[map]!.name.endsWith(name));
    expect(names.length).toBeGreaterThan(0);
    expect(Object.keys(all)).toEqual(expect.arrayContaining(names.map((variable) => variable.name)));
    expect(typed.get(1)).toBeUndefined();
    expect(typed.has(0)).toBe(true);
    const { stdout, status } = tool(['-j', 'map', 'lookup', 'id', `${typed.info.id}`, 'key', 'json', '0']);
    expect(status).toBe(0);
    expect(JSON.stringify(JSON.parse(stdout))).toContain(`"${names[0]!.name}"`);
    if (name !== '.data') return;
    typed.set(0, all);
    expect(typed.get(0)).toEqual(all);
  });
});

describe('an element as JSON on the command line', () => {
  it('is written, found and deleted by its typed key', () => {
    const words = ['key', 'json', '501', 'value', 'json', '{"message":"Hello 2"}'];
    expect(tool(['map', 'update', ...config, ...words])).toEqual({ ...done, stdout: '' });
    expect(JSON.parse(tool(['map', 'lookup', ...config, 'key', 'json', '501']).stdout)).toEqual({
      key: 501,
      value: { message: 'Hello 2' },
    });
    expect(tool(['map', 'getnext', ...config, 'key', 'json', '"0x1f4"'])).toMatchObject(done);
    expect(tool(['map', 'delete', ...config, 'key', 'json', '501'])).toEqual({ ...done, stdout: '' });
    expect(tool(['map', 'lookup', ...config, 'key', 'json', '501']).status).toBe(254);
  });

  it.each([
    [
      ['key', 'json', '2', 'value', 'json', '{"message":"Hello, everyone"}'],
      'value.message: 15 bytes do not fit char[13]',
    ],
    [
      ['key', 'json', '2', 'value', 'json', '{"mesage":""}'],
      "struct user_msg_t has no member 'mesage'; it has message",
    ],
    [['key', 'json', '2', 'value', 'json', '[]'], 'value: an array is no object (struct user_msg_t)'],
    [['key', 'json', '-1', 'value', 'json', '{}'], 'key: -1 does not fit __u32'],
    [['key', 'json', '4294967296', 'value', 'json', '{}'], 'key: 4294967296 does not fit __u32'],
    [['key', 'json', '99999999999999999999', 'value', 'json', '{}'], 'key: 99999999999999999999 does not fit'],
    [['key', 'json', '1.5', 'value', 'json', '{}'], 'key: 1.5 is no integer'],
    [['key', 'json', '{', 'value', 'json', '{}'], 'key: '],
    [['key', 'json'], "key json: expected JSON text after 'json'"],
    [['key', 'json', '2', 'value', 'json', '{}', '--strict'], "value: must have required property 'message'"],
  ])('is refused with the path of what does not fit: %j', (words, message) => {
    const before = tool(['map', 'dump', ...config]).stdout;
    const result = tool(['map', 'update', ...config, ...words]);
    expect(result.stderr).toContain(`Error: `);
    expect(result.stderr).toContain(message);
    expect(result.status).toBe(255);
    expect(tool(['map', 'dump', ...config]).stdout).toBe(before);
  });

  it('is bytes where the map has no types', () => {
    const map = ['pinned', `${pins}/without_btf`];
    const { key_size: keySize, value_size: valueSize } = infoOf('without_btf');
    const bytes = (size: number, first: number | string) => JSON.stringify([first, ...new Array(size - 1).fill(0)]);
    expect(
      tool(['map', 'update', ...map, 'key', 'json', bytes(keySize, 1), 'value', 'json', bytes(valueSize, '0xfe')]),
    ).toEqual({ ...done, stdout: '' });
    const refused = tool(['map', 'update', ...map, 'key', 'json', '[1]', 'value', 'json', bytes(valueSize, 1)]);
    expect(refused.stderr).toBe(`Error: key: expected ${keySize} bytes got 1\n`);
    expect(tool(['map', 'lookup', ...map, 'key', 'json', bytes(keySize, 256)]).stderr).toMatch(
      /^Error: key\[0\]: "256" is no byte/,
    );
  });

  it('has a value for each CPU where the map has', () => {
    const map = ['pinned', `${pins}/rich_percpu`];
    const cpus = possibleCpus(kernel);
    const values = Array.from({ length: cpus }, (_, cpu) => ({ u32: cpu + 7 }));
    expect(tool(['map', 'update', ...map, 'key', 'json', '0', 'value', 'json', JSON.stringify(values)])).toEqual({
      ...done,
      stdout: '',
    });
    using typed = maps.pinned<number, { u32: number }[]>(kernel, `${pins}/rich_percpu`);
    expect(typed.get(0)!.map(({ u32 }) => u32)).toEqual(values.map(({ u32 }) => u32));
    const one = tool(['map', 'update', ...map, 'key', 'json', '0', 'value', 'json', '{"u32":1}']);
    expect(one.stderr).toBe(`Error: value: expected an array with one value for each of ${cpus} CPUs, got no array\n`);
    const wrong = tool([
      'map',
      'update',
      ...map,
      'key',
      'json',
      '0',
      'value',
      'json',
      JSON.stringify([{ u32: 1 }, ...values.slice(1).map(() => ({ nosuch: 1 }))]),
    ]);
    if (cpus > 1) expect(wrong.stderr).toMatch(/^Error: value\[1\]: struct /);
  });
});

function infoOf(name: string): { key_size: number; value_size: number } {
  const shown = JSON.parse(tool(['-j', 'map', 'show', 'pinned', `${pins}/${name}`]).stdout);
  return { key_size: shown.bytes_key, value_size: shown.bytes_value };
}

describe('the schema of a map', () => {
  it.each(['config', 'rich_hash', 'rich_percpu', 'without_btf'])(
    '%s accepts what export writes, and nothing else',
    (name) => {
      const { stdout, ...rest } = tool(['map', 'schema', 'pinned', `${pins}/${name}`]);
      expect(rest).toEqual(done);
      const validate = new Ajv2020({ strict: false }).compile(JSON.parse(stdout));
      const lines = tool(['map', 'export', 'pinned', `${pins}/${name}`])
        .stdout.split('\n')
        .filter(Boolean);
      for (const line of lines) {
        const element = JSON.parse(line);
        expect(validate(element), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
        expect(validate({ ...element, more: 1 })).toBe(false);
        const { key: _, key_hex: _hex, ...keyless } = element;
        expect(validate(keyless)).toBe(false);
        expect(validate({ ...element, key: element.key ?? 0, key_hex: '00' })).toBe(false);
      }
      expect(validate({ key: 'x', value: 1 })).toBe(false);
    },
  );

  it('is one line with -j, and asks for every member with --strict', () => {
    const { stdout } = tool(['-j', 'map', 'schema', ...config, '--strict']);
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(stdout).properties.value.required).toEqual(['message']);
  });
});

describe('lines of JSON', () => {
  const big = 'big';
  beforeAll(() => {
    for (const copy of [big, 'copy']) {
      const object = load('bench', 'test/fixtures/objects', (map) => {
        map.maxEntries = entries;
      });
      pinned(object, 'bench', copy);
    }
    using map = BpfMap.openPinned(kernel, `${pins}/${big}`);
    fill(map);
  });

  function fill(map: BpfMap): void {
    const { keySize, valueSize } = map.info();
    const count = 10_000;
    const keys = new Uint8Array(count * keySize);
    const values = new Uint8Array(count * valueSize);
    const writer = new ElementWriter(map);
    for (let from = 0; from < entries; from += count) {
      const [key, value] = [new DataView(keys.buffer), new DataView(values.buffer)];
      for (let i = 0; i < count; i++) {
        key.setUint32(i * keySize, from + i, true);
        for (let at = 0; at < 28; at += 4)
          value.setUint32(i * valueSize + at, Math.imul(from + i + at, 2654435761), true);
        // Now and then the padding holds something, which only bytes can carry.
        value.setUint32(i * valueSize + 28, i % 1000 === 0 ? 7 : 0, true);
      }
      writer.write({ keys, values, count: Math.min(count, entries - from) });
    }
  }

  /** Number of elements and a sum over them that does not depend on their order. */
  async function digest(pin: string): Promise<{ count: number; sum: number }> {
    using map = BpfMap.openPinned(kernel, pin);
    let [count, sum] = [0, 0];
    const batches = readBatches(map);
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
      const { keys, values, keySize, valueSize } = next.value;
      for (let i = 0; i < next.value.count; i++) {
        let hash = 0x811c9dc5;
        for (let at = 0; at < keySize; at++) hash = Math.imul(hash ^ keys[i * keySize + at]!, 0x01000193);
        for (let at = 0; at < valueSize; at++) hash = Math.imul(hash ^ values[i * valueSize + at]!, 0x01000193);
        sum = (sum + (hash >>> 0)) % 2 ** 48;
      }
      count += next.value.count;
    }
    return { count, sum };
  }

  it(`carry ${entries} elements from map to map through a pipe, exactly`, { timeout: 300_000 }, async () => {
    const command = '"$0" "$1" map export pinned "$2" | "$0" "$1" map import pinned "$3"';
    const words = [process.execPath, path.join(project, 'bin/tsbpftool.js'), `${pins}/${big}`, `${pins}/copy`];
    const { exitCode, stderr } = await execa('bash', ['-o', 'pipefail', '-c', command, ...words], { reject: false });
    expect({ status: exitCode, stderr }).toEqual(done);
    const original = await digest(`${pins}/${big}`);
    expect(original.count).toBe(entries);
    expect(await digest(`${pins}/copy`)).toEqual(original);
  });

  it('carry per-CPU values and untyped bytes through a file', () => {
    for (const name of ['rich_percpu', 'rich_hash', 'without_btf']) {
      const file = path.join(work, `${name}.ndjson`);
      const before = tool(['map', 'dump', 'pinned', `${pins}/${name}`]).stdout;
      expect(tool(['map', 'export', 'pinned', `${pins}/${name}`, file])).toEqual({ ...done, stdout: '' });
      expect(tool(['map', 'import', 'pinned', `${pins}/${name}`, file])).toEqual({ ...done, stdout: '' });
      expect(tool(['map', 'dump', 'pinned', `${pins}/${name}`]).stdout).toBe(before);
    }
    expect(readdirSync(work).filter((name) => !name.endsWith('.ndjson'))).toEqual([]);
  });

  const lines = (...list: string[]) => list.map((line) => `${line}\n`).join('');
  const good = (key: number) => `{"key":${key},"value":{"message":"m${key}"}}`;

  it('stop at the first bad one, by number and path; what came before is in the map', () => {
    const input = lines(good(1001), '', good(1002), '{"key":1003,"value":{"message":5}}', good(1004));
    expect(tool(['map', 'import', ...config], input)).toEqual({
      status: 255,
      stdout: '',
      stderr: 'Error: line 4: value.message: 5 is no array (char[13]) (2 entries imported before it)\n',
    });
    expect(tool(['map', 'lookup', ...config, 'key', 'json', '1002']).status).toBe(0);
    expect(tool(['map', 'lookup', ...config, 'key', 'json', '1004']).status).toBe(254);
  });

  it('go on after bad ones if told so, and count them', () => {
    const input = lines(
      good(1),
      'not json',
      '{"key":1}',
      '[1]',
      'null',
      '{"key":1,"value":{},"x":1}',
      '{"key":1,"key_hex":"00000000","value":{}}',
      '{"key_hex":"0","value":{}}',
      '{"key_hex":"00","value":{}}',
      '{"key":18446744073709551616,"value":{}}',
      '{"key":9,"value":{"message":"\ud800"}',
      good(2),
    );
    const result = tool(['map', 'import', ...config, '-', '--keep-going'], input);
    expect(result.status).toBe(255);
    const told = result.stderr.trimEnd().split('\n');
    expect(told.map((line) => /^Error: (line \d+|\d+ bad lines)/.exec(line)?.[1])).toEqual([
      ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((line) => `line ${line}`),
      '10 bad lines',
    ]);
    expect(told.at(-1)).toBe('Error: 10 bad lines, 2 entries imported');
  });

  it('may leave no member out with --strict; bytes leave none out', () => {
    const hex = `{"key":31,"value_hex":"${'41'.repeat(12)}00"}`;
    expect(tool(['map', 'import', ...config, '-', '--strict'], lines(good(30), hex))).toEqual({ ...done, stdout: '' });
    expect(tool(['map', 'import', ...config, '-', '--strict'], lines('{"key":32,"value":{}}'))).toEqual({
      status: 255,
      stdout: '',
      stderr: "Error: line 1: value: must have required property 'message' (0 entries imported before it)\n",
    });
  });

  it('that the map refuses are told by number', () => {
    const small = `${pins}/small`;
    tool(['map', 'create', small, ...'type hash key 4 value 4 entries 2 name small'.split(' ')]);
    const line = (key: number) => `{"key":[${key},0,0,0],"value":[1,0,0,0]}`;
    const result = tool(['map', 'import', 'pinned', small], lines(line(1), line(2), line(3), line(4)));
    expect(result).toEqual({
      status: 255,
      stdout: '',
      stderr: 'Error: line 3: update failed: Argument list too long (2 entries imported before it)\n',
    });
    const going = tool(
      ['map', 'import', 'pinned', small, '-', '--keep-going'],
      lines(line(5), line(1), line(6), line(2)),
    );
    expect(going.stderr.match(/line \d/g)).toEqual(['line 1', 'line 3']);
    expect(going.stderr).toContain('2 bad lines, 2 entries imported');
  });

  it('leave no file behind where they cannot be written', () => {
    expect(tool(['map', 'export', ...config, '/nosuch/file'])).toMatchObject({ status: 255 });
    const full = tool(['map', 'export', 'pinned', `${pins}/${big}`, '/dev/full']);
    expect(full.status).toBe(255);
    expect(full.stderr).toMatch(/No space left on device/);
    expect(existsSync('/dev/full')).toBe(true);
  });

  it('are refused for maps that have no keys, or hold other objects', () => {
    const queue = `${pins}/queue`;
    tool(['map', 'create', queue, ...'type queue key 0 value 4 entries 4 name queue'.split(' ')]);
    expect(tool(['map', 'export', 'pinned', queue]).stderr).toMatch(
      /^Error: a map of type queue has no keys to go through/,
    );
    expect(tool(['map', 'import', 'pinned', queue], '{"value":[1,2,3,4]}\n')).toEqual({ ...done, stdout: '' });
    expect(tool(['map', 'pop', 'pinned', queue]).stdout).toContain('01 02 03 04');
    const progs = `${pins}/progs`;
    tool(['map', 'create', progs, ...'type prog_array key 4 value 4 entries 4 name progs'.split(' ')]);
    expect(tool(['map', 'export', 'pinned', progs])).toMatchObject({
      status: 255,
      stderr: 'Error: typed values of a map that holds programs or maps: not supported\n',
    });
  });

  it('come from an interrupted file without harm', () => {
    const file = path.join(work, 'cut.ndjson');
    writeFileSync(file, `${good(7)}\n{"key":8,"val`);
    expect(tool(['map', 'import', ...config, file]).stderr).toMatch(
      /^Error: line 2: entry: .*1 entries imported before it/,
    );
  });
});

describe('the library', () => {
  it('gets, sets, deletes and walks typed elements', async () => {
    using map = maps.pinned<number, { message: string }>(kernel, `${pins}/config`);
    map.set(42, { message: 'answer' });
    expect(map.get(42)).toEqual({ message: 'answer' });
    expect(map.has(42)).toBe(true);
    expect(map.get(43)).toBeUndefined();
    expect(() => map.set(42, { message: 'again' }, 'noexist')).toThrow(/EEXIST/);
    expect(() => map.set(44, { message: 'none' }, 'exist')).toThrow(/ENOENT/);
    const keys: number[] = [];
    for await (const key of map.keys()) keys.push(key);
    const seen = new Map<number, { message: string }>();
    for await (const [key, value] of map) seen.set(key, value);
    expect([...seen.keys()].sort()).toEqual(keys.sort());
    expect(seen.get(42)).toEqual({ message: 'answer' });
    expect(map.delete(42)).toBe(true);
    expect(map.delete(42)).toBe(false);
  });

  it('gives 64-bit integers as bigints', () => {
    using map = maps.pinned<number, { packets: bigint }>(kernel, `${pins}/copy`);
    map.set(1, { packets: 2n ** 64n - 1n });
    expect(map.get(1)!.packets).toBe(2n ** 64n - 1n);
  });

  it('finds maps by id and name, and says what is missing', () => {
    const [found] = maps.byName(kernel, 'config', { readOnly: true });
    using map = found!;
    using again = maps.byId(kernel, map.info.id);
    expect(again.info.name).toBe('config');
    expect(maps.byName(kernel, 'no such name')).toEqual([]);
    expect(() => maps.byId(kernel, 0x7fff_fff0)).toThrow(/ENOENT/);
  });

  it('stops a walk when its signal aborts', async () => {
    using map = maps.pinned(kernel, `${pins}/big`);
    const controller = new AbortController();
    let count = 0;
    await expect(async () => {
      for await (const _ of map.entries({ signal: controller.signal })) if (++count === 10) controller.abort();
    }).rejects.toThrow(/abort/i);
    expect(count).toBeLessThan(entries);
  });

  it('reads a map without batches one by one', async () => {
    const fd = createMap(kernel, {
      type: bpf_map_type.BPF_MAP_TYPE_LPM_TRIE,
      name: 'typed_trie',
      keySize: 8,
      valueSize: 4,
      maxEntries: 8,
      flags: 1,
    });
    const raw = new BpfMap(kernel, fd);
    expect(elementValueSize(kernel, raw.info())).toBe(4);
    raw.update(Uint8Array.of(8, 0, 0, 0, 10, 0, 0, 0), Uint8Array.of(1, 2, 3, 4));
    const [map] = maps.byName(kernel, 'typed_trie');
    const seen: unknown[] = [];
    for await (const element of map!) seen.push(element);
    expect(seen).toEqual([[Uint8Array.of(8, 0, 0, 0, 10, 0, 0, 0), Uint8Array.of(1, 2, 3, 4)]]);
    map!.close();
    raw.close();
  });
});
