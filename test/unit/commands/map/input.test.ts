import { describe, expect, it } from 'vitest';
import { Context, defaultOptions, Words } from '../../../../src/cli/index.ts';
import { readElement } from '../../../../src/commands/map/input.ts';
import { useKernel } from '../../../../src/commands/shared/kernel.ts';
import type { Kernel, MapInfo } from '../../../../src/kernel/index.ts';
import { memorySink } from '../../../../src/output/index.ts';
import { BPF_NOEXIST, bpf_map_type } from '../../../../src/uapi/index.ts';

const hash: MapInfo = {
  type: bpf_map_type.BPF_MAP_TYPE_HASH,
  id: 1,
  keySize: 4,
  valueSize: 2,
  maxEntries: 8,
  flags: 0,
  name: 'm',
  ifindex: 0,
  netnsDev: 0n,
  netnsIno: 0n,
  btfId: 0,
  btfKeyTypeId: 0,
  btfValueTypeId: 0,
  btfVmlinuxValueTypeId: 0,
  btfVmlinuxId: 0,
  mapExtra: 0n,
};
const everything = { key: true, value: true, flags: true, readOnly: false };
const keyOnly = { key: true, value: false, flags: false, readOnly: true };

function read(line: string, info = hash, parts = everything) {
  const ctx = new Context({
    programName: 'bpftool',
    options: defaultOptions,
    stdout: memorySink(),
    stderr: memorySink(),
  });
  useKernel(ctx, { readText: () => '0-1' } as unknown as Kernel);
  return readElement(ctx, new Words(line === '' ? [] : line.split(' ')), info, parts);
}

describe('an element on the command line', () => {
  it('takes its parts in any order, abbreviated', async () => {
    const { key, value, flags } = await read('noe v 1 2 k 3 4 5 6');
    expect([...key, ...value]).toEqual([3, 4, 5, 6, 1, 2]);
    expect(flags).toBe(BPF_NOEXIST);
  });

  it('takes bytes as decimal, octal, hexadecimal and negative numbers', async () => {
    expect([...(await read('key 10 010 0x10 -1 value 255 -128')).key]).toEqual([10, 8, 16, 255]);
    expect([...(await read('key hex 10 ff 0xa 0 value 0 0')).key]).toEqual([16, 255, 10, 0]);
  });

  it.each([
    ['', 'did not find key'],
    ['key 1 2 3 4', 'did not find value'],
    ['key 1', 'key expected 4 bytes got 1'],
    ['key 1 2 3 x', 'error parsing byte: x'],
    ['key 08 0 0 0', 'error parsing byte: 08'],
    ['key 1 2 3 4 key 1', 'duplicate key'],
    ['value 1 2 value 1', 'duplicate value'],
    ['any any', 'flags specified multiple times: any'],
    ['key 1 2 3 4 5', 'expected key or value, got: 5'],
    ['key 1 2 256 4', 'key byte 3: 256 does not fit a byte (-128 to 255)'],
    ['key 1 2 3 4 value -129 0', 'value byte 1: -129 does not fit a byte (-128 to 255)'],
    ['key hex 1 2 3 100', 'key byte 4: 100 does not fit a byte (-128 to 255)'],
  ])('refuses `%s`', async (line, message) => {
    await expect(read(line)).rejects.toThrow(message);
  });

  it('refuses parts that the map or the verb does not have', async () => {
    await expect(read('key 1', { ...hash, keySize: 0 })).rejects.toThrow('unnecessary key');
    await expect(read('value 1', hash, keyOnly)).rejects.toThrow('unnecessary value');
    await expect(read('any key 1 2 3 4', hash, keyOnly)).rejects.toThrow('flags specified multiple times: any');
  });

  it('still wants the word key of a map without keys where the verb does', async () => {
    const owed = { ...keyOnly, emptyKey: true };
    await expect(read('', { ...hash, keySize: 0 }, owed)).rejects.toThrow('did not find key');
    expect((await read('key', { ...hash, keySize: 0 }, owed)).key).toHaveLength(0);
    await expect(read('key key', { ...hash, keySize: 0 }, owed)).rejects.toThrow('unnecessary key');
    expect((await read('', { ...hash, keySize: 0 }, keyOnly)).key).toHaveLength(0);
  });

  it('repeats the value of a per-CPU map for every CPU, padded to 8 bytes', async () => {
    const perCpu = { ...hash, type: bpf_map_type.BPF_MAP_TYPE_PERCPU_HASH };
    const { value } = await read('key 0 0 0 0 value 7 8', perCpu);
    expect([...value]).toEqual([7, 8, 0, 0, 0, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0, 0]);
  });

  it('wants an object for the value of a map of maps', async () => {
    const outer = { ...hash, type: bpf_map_type.BPF_MAP_TYPE_ARRAY_OF_MAPS };
    await expect(read('value id', outer)).rejects.toThrow('value smaller than 4B for map in map?');
    const sized = { ...outer, valueSize: 4 };
    await expect(read('value id', sized)).rejects.toThrow('not enough value arguments for map in map');
    await expect(read('value foo 1', sized)).rejects.toThrow("expected 'id', 'name' or 'pinned', got: 'foo'?");
  });
});
