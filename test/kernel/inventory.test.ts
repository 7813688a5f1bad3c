// One picture of what is loaded: what is in it, what it leaves open, and what happens to it while objects come and go.
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allParts, identityOf, InventoryReader, referenceCounts, takeInventory } from '../../src/inventory/index.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';
import { kernelAtLeast } from '../support/feature.ts';
import { kernel, Scope } from '../support/inventory/objects.ts';

const { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY } = bpf_map_type;
const hostile = ['inv.<script>', 'inv_123456789ab', 'inv.', 'inv_'];

function bpfDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /bpf|btf/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

describe('an inventory', () => {
  it('has programs, their maps, who has them open and where they are pinned, and leaves nothing open', () => {
    using scope = new Scope();
    const map = scope.map({ name: 'inv_map' });
    const program = scope.program('inv_prog', { maps: [map] });
    scope.pin(program, '/sys/fs/bpf/inventory-prog');
    const before = bpfDescriptors();
    const inventory = takeInventory(kernel);
    expect(bpfDescriptors()).toBe(before);
    const found = inventory.programs.find(({ name }) => name === 'inv_prog')!;
    const used = inventory.maps.find(({ name }) => name === 'inv_map')!;
    expect(found).toMatchObject({ kind: 'prog', type: 'socket_filter', mapIds: [used.id], uid: 0, runCount: 0n });
    expect(found.tag).toMatch(/^[0-9a-f]{16}$/);
    expect(Math.abs(found.loadedAt - Date.now() / 1000)).toBeLessThan(60);
    expect(found.memoryBytes).toBeGreaterThan(0);
    expect(found.pins.map(({ path, pid }) => ({ path, pid }))).toEqual([
      { path: '/sys/fs/bpf/inventory-prog', pid: 0 },
    ]);
    expect(found.holders).toEqual([{ pid: process.pid, comm: expect.any(String), fds: [program.number] }]);
    expect(used).toMatchObject({ kind: 'map', type: 'hash', keyBytes: 4, valueBytes: 4, maxEntries: 8 });
    expect(identityOf(found)).toBe(`prog socket_filter inv_prog ${found.tag}`);
  });

  it('has what the elements of maps name: tail calls and inner maps', () => {
    using scope = new Scope();
    const program = scope.program('inv_tail');
    const programs = scope.map({ name: 'inv_progs', type: BPF_MAP_TYPE_PROG_ARRAY, maxEntries: 4 });
    scope.set(programs, 2, program);
    const inner = scope.map({ name: 'inv_inner' });
    const outer = scope.map({
      name: 'inv_outer',
      type: BPF_MAP_TYPE_ARRAY_OF_MAPS,
      maxEntries: 3,
      innerMapFd: inner.number,
    });
    scope.set(outer, 1, inner);
    const { maps, programs: all, attachments } = takeInventory(kernel, ['contents']);
    const idOf = (name: string) => [...maps, ...all].find((record) => record.name === name)!.id;
    const contents = (name: string) => maps.find((record) => record.name === name)!.contents;
    expect(contents('inv_progs')).toEqual([{ kind: 'prog', id: idOf('inv_tail'), key: '2' }]);
    expect(contents('inv_outer')).toEqual([{ kind: 'map', id: idOf('inv_inner'), key: '1' }]);
    expect(attachments.filter(({ mapId }) => mapId === idOf('inv_progs'))).toMatchObject([
      { programId: idOf('inv_tail'), via: 'tail_call', target: 'inv_progs[2]' },
    ]);
    // It was looked into, and still has its program.
    expect(takeInventory(kernel, ['contents']).maps.find(({ name }) => name === 'inv_progs')!.contents).toHaveLength(1);
  });

  it('takes names of any bytes that the kernel takes', () => {
    using scope = new Scope();
    const names = hostile.filter((name) => /^[\w.]*$/.test(name));
    for (const name of names) scope.map({ name });
    const found = takeInventory(kernel, []).maps.map(({ name }) => name);
    for (const name of names) expect(found).toContain(name);
  });

  it('sees what came and went between two takings by one reader', () => {
    const reader = new InventoryReader(kernel);
    const has = () => reader.take([]).programs.some(({ name }) => name === 'inv_short');
    expect(has()).toBe(false);
    {
      using scope = new Scope();
      scope.program('inv_short');
      expect(has()).toBe(true);
    }
    expect(has()).toBe(false);
  });

  it('counts the references that the kernel counts', () => {
    using scope = new Scope();
    const map = scope.map({ name: 'inv_counted' });
    scope.program('inv_one', { maps: [map] });
    scope.program('inv_two', { maps: [map] });
    scope.pin(map, '/sys/fs/bpf/inventory-map');
    const counts = referenceCounts(kernel, 'map');
    const { id } = takeInventory(kernel, []).maps.find(({ name }) => name === 'inv_counted')!;
    // Its descriptor, its pin and two programs.
    expect(typeof counts === 'string' ? counts : counts.get(id)).toBe(4);
  });

  it('has everything at once', () => {
    using scope = new Scope();
    scope.map({ name: 'inv_entries' });
    const inventory = takeInventory(kernel, allParts);
    expect(inventory.maps.find(({ name }) => name === 'inv_entries')!.entries).toBe(
      kernelAtLeast('6.6') ? 0 : undefined,
    );
    // Kernels before 5.11 show their own types as a file only.
    const types = inventory.btfs.find(({ name }) => name === 'vmlinux');
    expect(types?.isKernel).toBe(kernelAtLeast('5.11') ? true : undefined);
    expect(inventory.bootId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
