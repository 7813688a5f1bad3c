import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TsbpfError } from '../../../src/errors/index.ts';
import { dataMapName, linkProgram, objectName, ObjectError, parseObject } from '../../../src/object/index.ts';
import { bpf_attach_type, bpf_map_type, bpf_prog_type } from '../../../src/uapi/index.ts';

const root = new URL('../../../', import.meta.url);

function read(name: string): Buffer {
  return readFileSync(new URL(name.startsWith('hello') ? `examples/${name}` : `test/fixtures/objects/${name}`, root));
}

function parse(name: string, options: { relaxedMaps?: boolean } = {}) {
  const log: string[] = [];
  const spec = parseObject(read(name), { path: name, log: (_level, text) => void log.push(text), ...options });
  return { spec, log };
}

describe('maps', () => {
  test('have the attributes of their declarations', () => {
    const { spec } = parse('maps.bpf.o');
    const map = (name: string) => spec.maps.find((candidate) => candidate.name === name)!;
    expect(map('a_hash')).toMatchObject({
      type: bpf_map_type.BPF_MAP_TYPE_HASH,
      keySize: 8,
      valueSize: 24,
      maxEntries: 100,
    });
    expect(map('a_bloom_filter').mapExtra).toBe(3n);
    expect(map('flagged').flags).toBe(129);
    expect(map('a_perf_array').maxEntries).toBe(0);
    expect(map('an_odd_ringbuf').maxEntries).toBe(8192);
  });

  test('pinned by name get a path', () => {
    expect(parse('pinned-map.bpf.o').spec.maps[0]!.pinPath).toBe('/sys/fs/bpf/pinned_map');
  });

  test('of maps know their inner map and initialisers', () => {
    const { spec } = parse('map-in-map.bpf.o');
    const outer = spec.maps.find((map) => map.name === 'outer_array')!;
    expect(outer.inner).toMatchObject({ name: 'outer_array.inner', valueSize: 8, maxEntries: 4 });
    expect(outer.slots.map((slot) => spec.maps[slot!]?.name)).toEqual(['inner_one', undefined, 'inner_two']);
    const jumps = spec.maps.find((map) => map.name === 'jumps')!;
    expect(spec.programs[jumps.slots[2]!]!.name).toBe('tail_target');
  });

  test('with unknown attributes are refused unless relaxed', () => {
    const log: string[] = [];
    const options = { path: 'x', log: (_level: string, text: string) => void log.push(text) };
    expect(() => parseObject(read('attributes.bpf.o'), options)).toThrow(ObjectError);
    expect(log).toEqual(["map 'odd': unknown field 'no_such_attribute'."]);
    expect(parse('attributes.bpf.o', { relaxedMaps: true }).spec.maps).toHaveLength(1);
  });
});

describe('global data', () => {
  test('becomes a map for each section', () => {
    const { spec } = parse('globals.bpf.o');
    const facts = spec.maps.map(({ name, flags, origin }) => [name, origin, flags]);
    expect(facts).toEqual([
      ['globals.data', 'data', 1024],
      ['globals.rodata', 'rodata', 128 | 1024],
      ['.data.custom', 'data', 1024],
      ['.rodata.custom_long_name', 'rodata', 128 | 1024],
      ['.data.static', 'data', 0],
      ['globals.bss', 'bss', 1024],
      ['.bss.custom', 'bss', 1024],
    ]);
  });

  test('knows its variables', () => {
    const { spec } = parse('globals.bpf.o');
    const variable = spec.variables.find(({ name }) => name === 'points')!;
    const bytes = spec.maps[variable.map]!.initialValue!.subarray(variable.offset, variable.offset + variable.size);
    expect([...new Int32Array(bytes.slice().buffer)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each([
    ['my_object_name', '.rodata', 'my_objec.rodata'],
    ['my_object_name', '.bss', 'my_objec.bss'],
    ['my_object_name', '.kconfig', 'my_obje.kconfig'],
    ['x', '.data', 'x.data'],
    ['a-b', '.data', 'a_b.data'],
    ['x', '.rodata.abracadabra', '.rodata.abracad'],
  ])('of %s in %s is in map %s', (object, section, map) => {
    expect(dataMapName(object, section)).toBe(map);
  });

  test.each([
    ['/a/b/hello.bpf.o', 'hello'],
    ['name-longer-than-fifteen.o', 'name-longer-tha'],
    ['plain', 'plain'],
  ])('%s is object %s', (path, name) => {
    expect(objectName(path)).toBe(name);
  });
});

describe('programs', () => {
  test('get their types from their sections', () => {
    const { spec } = parse('program-types.bpf.o');
    const types = Object.fromEntries(spec.programs.map((program) => [program.name, program]));
    expect(types.p_xdp).toMatchObject({ type: bpf_prog_type.BPF_PROG_TYPE_XDP, sectionName: 'xdp' });
    expect(types.p_connect4!.expectedAttachType).toBe(bpf_attach_type.BPF_CGROUP_INET4_CONNECT);
    expect(types.p_tracepoint!.section!.autoAttach).toBe('tp');
  });

  test('of a section with a question mark are not loaded by themselves', () => {
    const { spec } = parse('optional.bpf.o');
    expect(spec.programs.map(({ name, autoload, sectionName }) => [name, autoload, sectionName])).toEqual([
      ['loaded', true, 'tc'],
      ['not_loaded', false, 'tc'],
    ]);
  });

  test('get the subprograms they call appended, and only those', () => {
    const { spec } = parse('subprograms.bpf.o');
    const link = (name: string) =>
      linkProgram(spec, spec.programs.find((program) => program.name === name)!, {
        log: () => undefined,
        codeOf: (program) => program.code,
        withInfo: true,
        withTags: true,
      });
    const names = (name: string) => link(name).placements.map(({ program }) => program.name);
    expect(names('first')).toEqual(['first', 'branch', 'leaf', 'each', 'global_function']);
    expect(names('second')).toEqual(['second', 'leaf', 'weak_function', 'hidden_function']);
    const first = link('first');
    expect(first.funcInfo!.bytes.length / first.funcInfo!.recordSize).toBe(5);
    const offsets = new DataView(first.funcInfo!.bytes.buffer);
    const starts = first.placements.map((_, index) => offsets.getUint32(index * first.funcInfo!.recordSize, true));
    expect(starts).toEqual(first.placements.map(({ offset }) => offset));
  });
});

describe('externs', () => {
  test('are sorted and laid out as libbpf does', () => {
    const { spec } = parse('externs.bpf.o');
    const kconfig = spec.externs.filter((extern) => extern.kind === 'kconfig');
    expect(kconfig.map(({ name, offset }) => [name, offset])).toEqual([
      ['CONFIG_HZ', 0],
      ['CONFIG_IPV6', 8],
      ['CONFIG_NO_SUCH_OPTION', 12],
      ['LINUX_KERNEL_VERSION', 16],
      ['CONFIG_NR_CPUS', 20],
      ['CONFIG_BPF_JIT', 22],
      ['CONFIG_BPF_SYSCALL', 23],
      ['LINUX_HAS_BPF_COOKIE', 24],
      ['CONFIG_LOCALVERSION', 25],
      ['CONFIG_DEFAULT_HOSTNAME', 45],
    ]);
    expect(spec.maps[spec.kconfigMap]).toMatchObject({ name: 'externs.kconfig', valueSize: 109 });
  });
});

describe('what is no BPF object', () => {
  const hello = read('hello.bpf.o');
  const changed = (at: number, value: number) => {
    const bytes = Uint8Array.from(hello);
    bytes[at] = value;
    return bytes;
  };

  test.each([
    ['text', Buffer.from('hello'), "elf: 'f' is not a proper ELF object"],
    ['a 32-bit file', changed(4, 1), "elf: 'f' is not a 64-bit ELF object"],
    ['another machine', changed(18, 62), 'elf: f is not a valid eBPF object file'],
    ['half a file', hello.subarray(0, hello.length / 2), 'elf: failed to get section names strings from f'],
  ])('%s is refused in libbpf’s words', (_name, bytes, text) => {
    const log: string[] = [];
    expect(() => parseObject(bytes, { path: 'f', log: (_level, line) => void log.push(line) })).toThrow(ObjectError);
    expect(log[0]).toContain(text);
  });

  test('changed bytes give an object or a typed error, nothing else', () => {
    const objects = ['subprograms.bpf.o', 'map-in-map.bpf.o', 'externs.bpf.o', 'core.bpf.o', 'struct-ops.bpf.o'].map(
      read,
    );
    const change = fc.tuple(fc.double({ min: 0, max: 0.999999, noNaN: true }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.constantFrom(...objects), fc.array(change, { minLength: 1, maxLength: 8 }), (object, changes) => {
        const bytes = Uint8Array.from(object);
        for (const [where, value] of changes) bytes[Math.floor(where * bytes.length)] = value;
        try {
          parseObject(bytes, { path: 'x.o' });
        } catch (error) {
          if (!(error instanceof TsbpfError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
