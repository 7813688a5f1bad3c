// A batch keeps the map open that its commands name by the same pin, and still means what is pinned there.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BpfMap, createMap } from '../../src/kernel/index.ts';
import { openKernel } from '../../src/sys/index.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';

const kernel = openKernel();
const folder = '/sys/fs/bpf/batch_test';
const pin = `${folder}/map`;
const tool = path.resolve(import.meta.dirname, '../../bin/tsbpftool.js');
const open: BpfMap[] = [];

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});
afterEach(() => {
  for (const map of open.splice(0)) map.close();
  rmSync(folder, { recursive: true, force: true });
});

function pinnedMap(): BpfMap {
  const fd = createMap(kernel, {
    type: bpf_map_type.BPF_MAP_TYPE_ARRAY,
    name: 'batch_test',
    keySize: 4,
    valueSize: 4,
    maxEntries: 1,
  });
  const map = new BpfMap(kernel, fd);
  open.push(map);
  map.pin(pin);
  return map;
}

function firstValue(map: BpfMap): number {
  const value = new Uint8Array(4);
  expect(map.lookup(new Uint8Array(4), value)).toBe(value);
  return value[0]!;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600 && !condition(); tries++) await pause(100);
  expect(condition()).toBe(true);
}

describe('a batch', () => {
  it('writes to the map that has taken the place of another at the same path', async () => {
    const first = pinnedMap();
    const batch = spawn(process.execPath, [tool, 'batch', 'file', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let stderr = '';
    batch.stderr.on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise<number | null>((resolve) => batch.once('close', resolve));
    const update = (value: number) => batch.stdin.write(`map update pinned ${pin} key 0 0 0 0 value ${value} 0 0 0\n`);
    update(1);
    update(2);
    await until(() => firstValue(first) === 2);
    rmSync(pin);
    const second = pinnedMap();
    update(3);
    await until(() => firstValue(second) === 3);
    rmSync(pin);
    update(4);
    batch.stdin.end();
    expect(await ended).toBe(255);
    expect(stderr).toBe(`Error: bpf obj get (${pin}): No such file or directory\n`);
    expect([firstValue(first), firstValue(second)]).toEqual([2, 3]);
  });
});
