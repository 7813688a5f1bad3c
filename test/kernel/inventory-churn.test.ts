// Objects that come and go while an inventory is taken: between any two of its calls, and by another process that never stops.
import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventorySchemas } from '../../src/commands/snapshot/output-schema.ts';
import { allParts, type Inventory, InventoryReader } from '../../src/inventory/index.ts';
import type { Kernel } from '../../src/kernel/index.ts';
import { bpf_map_type } from '../../src/uapi/index.ts';
import { kernel, Scope } from '../support/inventory/objects.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const execute = promisify(execFile);
const { BPF_MAP_TYPE_ARRAY_OF_MAPS } = bpf_map_type;
const pin = '/sys/fs/bpf/inv_churn_pin';
const names = ['churn_map', 'churn_prog', 'churn_outer'];

/** The kernel, with `before` called before each of its calls. */
function watched(before: () => void): Kernel {
  return new Proxy(kernel, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        before();
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

/** No map of programs: kernels lose count of one that is opened while they empty it, and then it stays for good. */
function objects(): Scope {
  const scope = new Scope();
  const map = scope.map({ name: 'churn_map', maxEntries: 7 });
  const program = scope.program('churn_prog', { maps: [map] });
  const outer = { name: 'churn_outer', type: BPF_MAP_TYPE_ARRAY_OF_MAPS, maxEntries: 2, innerMapFd: map.number };
  scope.set(scope.map(outer), 1, map);
  scope.pin(program, pin);
  return scope;
}

const ofOurs = (inventory: Inventory) =>
  [...inventory.programs, ...inventory.maps].filter(({ name }) => names.includes(name));

/** Each record that is there says what the object was. */
function checkRecords(inventory: Inventory): void {
  for (const record of ofOurs(inventory)) {
    if (record.kind === 'prog') {
      expect(record).toMatchObject({ name: 'churn_prog', type: 'socket_filter' });
      expect(record.tag).toMatch(/^[0-9a-f]{16}$/);
      expect(record.mapIds).toHaveLength(1);
      for (const { path: where } of record.pins) expect(where).toBe(pin);
      continue;
    }
    const is = { churn_map: ['hash', 7], churn_outer: ['array_of_maps', 2] };
    expect([record.type, record.maxEntries]).toEqual(is[record.name as keyof typeof is]);
    expect(record.contents.length).toBeLessThanOrEqual(record.name === 'churn_map' ? 0 : 1);
  }
  for (const records of [inventory.programs, inventory.maps, inventory.links, inventory.btfs]) {
    const ids = records.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  }
}

describe('an inventory of what comes and goes', () => {
  const places = 50;

  /** A program's maps are freed a while after it. */
  const gone = async (reader: InventoryReader) => {
    // The one who runs the tests waits for a word meanwhile.
    await pause(1);
    for (let i = 0; i < 400 && ofOurs(reader.take([])).length > 0; i++) await pause(50);
    expect(ofOurs(reader.take([]))).toEqual([]);
  };

  it('has no error and no wrong record wherever between its calls objects vanish', async () => {
    let calls = 0;
    let at = Number.POSITIVE_INFINITY;
    let act: () => void = () => undefined;
    const reader = new InventoryReader(
      watched(() => {
        if (calls++ === at) act();
      }),
    );
    using first = objects();
    const whole = reader.take(allParts);
    expect(
      ofOurs(whole)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...names].sort());
    const all = calls;
    first[Symbol.dispose]();
    await gone(reader);
    let seen = 0;
    for (let i = 0; i < places; i++) {
      using scope = objects();
      [calls, at, act] = [0, Math.floor((all * i) / places), () => scope[Symbol.dispose]()];
      const inventory = reader.take(allParts);
      checkRecords(inventory);
      // Nothing that vanishes is missing.
      for (const problem of inventory.missing) expect(whole.missing).toContain(problem);
      seen += ofOurs(inventory).length;
      scope[Symbol.dispose]();
      at = Number.POSITIVE_INFINITY;
      await gone(reader);
    }
    // Some vanished before they were looked at, some after.
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(names.length * places);
  }, 120_000);

  it('has no error and no wrong record wherever between its calls objects come', async () => {
    for (let i = 0; i < places; i++) {
      let calls = 0;
      let scope: Scope | undefined;
      const reader = new InventoryReader(
        watched(() => {
          if (calls++ === i * 20) scope ??= objects();
        }),
      );
      try {
        checkRecords(reader.take(allParts));
        scope ??= objects();
        expect(ofOurs(reader.take(allParts))).toHaveLength(names.length);
      } finally {
        scope?.[Symbol.dispose]();
      }
      await gone(reader);
    }
  }, 120_000);
});

describe('views while another process loads and frees objects', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, schemas: Object.values(inventorySchemas) });
  const fits = (command: string, text: string) => {
    const validate = ajv.getSchema(`urn:tsbpftool:output:${command}#/$defs/output`)!;
    expect(validate(JSON.parse(text)), `${command}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(true);
  };
  let scope: Scope;
  let churn: ReturnType<typeof spawn>;

  beforeAll(() => {
    scope = objects();
    // Probing loads and frees hundreds of programs and maps, again and again.
    churn = spawn(process.execPath, [tool, 'batch', 'file', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    churn.stdin!.on('error', () => undefined).end('feature probe kernel\n'.repeat(2000));
  });
  afterAll(() => {
    churn.kill('SIGKILL');
    scope[Symbol.dispose]();
  });

  it.each([
    ['snapshot', 'snapshot'],
    ['graph', 'graph'],
    ['metrics', 'metrics'],
    ['top', 'top -n 50 --interval 0.05'],
    ['top', 'top maps -n 50 --interval 0.05'],
  ])(
    '%s has what stays (%s)',
    async (command, line) => {
      for (let turn = 0; turn < (command === 'top' ? 1 : 3); turn++) {
        // Throws where the status is not 0.
        const run = await execute(process.execPath, [tool, '-j', ...line.split(' ')], { maxBuffer: 1 << 28 });
        expect(run.stderr.replaceAll(/^note: .*\n/gm, '')).toBe('');
        const lines = command === 'top' ? run.stdout.trimEnd().split('\n') : [run.stdout];
        if (command === 'top') expect(lines).toHaveLength(50);
        for (const text of lines) {
          fits(command, text);
          expect(text).toContain(line.includes('maps') ? 'churn_outer' : 'churn_prog');
        }
        expect(churn.exitCode).toBeNull();
      }
    },
    120_000,
  );
});
