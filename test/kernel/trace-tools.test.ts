// What both programs' own commands do to maps, as `trace` tells it: each key and value is known beforehand.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referencePath } from '../../scripts/setup/reference.mjs';
import { run, tool } from '../support/trace/calls.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const pins = '/sys/fs/bpf/trace-tools';
const processors = readFileSync('/sys/devices/system/cpu/possible', 'utf8')
  .trim()
  .split(',')
  .reduce((count, range) => count + 1 + Number(range.split('-').at(-1)) - Number(range.split('-')[0]), 0);
const each = (value: number) => `[${Array.from({ length: processors }, () => value).join(',')}]`;

/** A command, and what it does: creations, pins, and elements with their keys and values. */
const commands: readonly (readonly [words: string, ...facts: string[]])[] = [
  [
    'map create P/hash type hash key 4 value 8 entries 4 name tt_hash',
    'create tt_hash BPF_MAP_TYPE_HASH 4 8 4',
    'pin P/hash',
  ],
  ['map update pinned P/hash key 1 0 0 0 value 2 0 0 0 0 0 0 0', 'update tt_hash 1=2'],
  ['map update pinned P/hash key hex 05 00 00 00 value hex ff ff 0 0 0 1 0 0', 'update tt_hash 5=1099511693311'],
  ['map update pinned P/hash key 0x2 0 0 0 value 3 0 0 0 0 0 0 0 noexist', 'update tt_hash 2=3 BPF_NOEXIST'],
  ['map update pinned P/hash key 2 0 0 0 value 4 0 0 0 0 0 0 0 exist', 'update tt_hash 2=4 BPF_EXIST'],
  ['map update pinned P/hash key 2 0 0 0 value 5 0 0 0 0 0 0 0 noexist', 'update tt_hash 2=5 BPF_NOEXIST EEXIST'],
  ['map lookup pinned P/hash key 1 0 0 0', 'lookup tt_hash 1=2'],
  ['map lookup pinned P/hash key 9 0 0 0', 'lookup tt_hash 9 ENOENT'],
  ['-j map lookup pinned P/hash key 2 0 0 0', 'lookup tt_hash 2=4'],
  ['map dump pinned P/hash', 'lookup tt_hash 1=2', 'lookup tt_hash 5=1099511693311', 'lookup tt_hash 2=4'],
  ['-j map dump pinned P/hash', 'lookup tt_hash 1=2', 'lookup tt_hash 5=1099511693311', 'lookup tt_hash 2=4'],
  ['map getnext pinned P/hash key 77 0 0 0'],
  ['map delete pinned P/hash key 5 0 0 0', 'delete tt_hash 5'],
  ['map delete pinned P/hash key 5 0 0 0', 'delete tt_hash 5 ENOENT'],
  ['map freeze pinned P/hash', 'freeze tt_hash'],
  ['map update pinned P/hash key 1 0 0 0 value 0 0 0 0 0 0 0 0', 'update tt_hash 1=0 EPERM'],
  [
    'map create P/array type array key 4 value 2 entries 2 name tt_array',
    'create tt_array BPF_MAP_TYPE_ARRAY 4 2 2',
    'pin P/array',
  ],
  ['map update pinned P/array key 1 0 0 0 value 7 1', 'update tt_array 1=263'],
  ['map dump pinned P/array', 'lookup tt_array 0=0', 'lookup tt_array 1=263'],
  ['map update pinned P/array key 2 0 0 0 value 7 1', 'update tt_array 2=263 E2BIG'],
  [
    'map create P/each type percpu_array key 4 value 8 entries 1 name tt_each',
    'create tt_each BPF_MAP_TYPE_PERCPU_ARRAY 4 8 1',
    'pin P/each',
  ],
  ['map update pinned P/each key 0 0 0 0 value 6 0 0 0 0 0 0 0', `update tt_each 0=${each(6)}`],
  ['map lookup pinned P/each key 0 0 0 0', `lookup tt_each 0=${each(6)}`],
  [
    'map create P/queue type queue value 4 entries 3 name tt_queue',
    'create tt_queue BPF_MAP_TYPE_QUEUE 0 4 3',
    'pin P/queue',
  ],
  ['map enqueue pinned P/queue value 8 0 0 0', 'update tt_queue =8'],
  ['map enqueue pinned P/queue value 9 0 0 0', 'update tt_queue =9'],
  ['map peek pinned P/queue', 'lookup tt_queue =8'],
  ['map dequeue pinned P/queue', 'take tt_queue =8'],
  [
    'map create P/stack type stack value 4 entries 3 name tt_stack',
    'create tt_stack BPF_MAP_TYPE_STACK 0 4 3',
    'pin P/stack',
  ],
  ['map push pinned P/stack value 1 2 3 4', 'update tt_stack =67305985'],
  ['map pop pinned P/stack', 'take tt_stack =67305985'],
  ['map pop pinned P/stack', 'take tt_stack ENOENT'],
  [
    'map create P/prefixes type lpm_trie key 8 value 4 entries 3 name tt_prefixes flags 1',
    'create tt_prefixes BPF_MAP_TYPE_LPM_TRIE 8 4 3',
    'pin P/prefixes',
  ],
  ['map update pinned P/prefixes key 8 0 0 0 10 0 0 0 value 1 0 0 0', 'update tt_prefixes 42949672968=1'],
  ['map dump pinned P/prefixes', 'lookup tt_prefixes 42949672968=1'],
  [
    'map create P/outer type hash_of_maps key 4 value 4 entries 2 name tt_outer inner_map pinned P/array',
    'create tt_outer BPF_MAP_TYPE_HASH_OF_MAPS 4 4 2',
    'pin P/outer',
  ],
  ['map update pinned P/outer key 3 0 0 0 value pinned P/array', 'update tt_outer 3=tt_array'],
  ['map show pinned P/outer'],
];

interface Call {
  readonly event: string;
  readonly pid: number;
  readonly command: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly objects: Readonly<Record<string, { readonly name: string }>>;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly key_hex?: string;
  readonly value_hex?: string;
  readonly keys?: readonly unknown[];
  readonly values?: readonly unknown[];
  readonly errno?: string;
}

const verbs: Readonly<Record<string, string>> = {
  BPF_MAP_UPDATE_ELEM: 'update',
  BPF_MAP_LOOKUP_ELEM: 'lookup',
  BPF_MAP_DELETE_ELEM: 'delete',
  BPF_MAP_LOOKUP_AND_DELETE_ELEM: 'take',
  BPF_MAP_FREEZE: 'freeze',
};

function factsOf(call: Call): string[] {
  const { command, attributes, objects, errno } = call;
  const name = objects.map_fd?.name ?? '';
  if (!name.startsWith('tt_') && !/^BPF_(MAP_CREATE|OBJ_PIN|OBJ_GET)$/.test(command)) return [];
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  switch (command) {
    case 'BPF_MAP_CREATE': {
      const { map_name, map_type, key_size, value_size, max_entries } = attributes;
      return String(map_name).startsWith('tt_')
        ? [`create ${map_name} ${map_type} ${key_size ?? 0} ${value_size} ${max_entries}`]
        : [];
    }
    case 'BPF_OBJ_PIN':
      return [`pin ${attributes.pathname}`];
    case 'BPF_OBJ_GET':
      return [`get ${attributes.pathname}`];
    case 'BPF_MAP_LOOKUP_BATCH':
      return (call.keys ?? []).map((key, i) => `lookup ${name} ${text(key)}=${text(call.values![i])}`);
    default: {
      const verb = verbs[command];
      if (verb === undefined) return [];
      const key = call.key === undefined ? '' : text(call.key);
      const value = call.value === undefined ? '' : `=${objects.value?.name ?? text(call.value)}`;
      return [
        [verb, name, key + value, attributes.flags === 'BPF_ANY' ? '' : (attributes.flags ?? ''), errno ?? '']
          .filter((word) => word !== '')
          .join(' '),
      ];
    }
  }
}

describe('trace of the commands of', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'trace-tools-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(pins, { recursive: true, force: true });
  });

  for (const [whose, program] of [
    ['the reference', [referencePath(project)]],
    ['this program', [process.execPath, tool]],
  ] as const) {
    it(`${whose} tells each key and value`, { timeout: 200_000 }, (context) => {
      if (spawnSync(program[0]!, [...program.slice(1), 'version']).status !== 0)
        return context.skip('there is no reference');
      rmSync(pins, { recursive: true, force: true });
      mkdirSync(pins, { recursive: true });
      // Each command is a process of its own, whose number stands before it.
      const script = commands.map(
        ([words]) =>
          `sh -c 'echo $$; exec ${program.join(' ')} ${words.replaceAll('P/', `${pins}/`)} >/dev/null 2>&1'\n`,
      );
      writeFileSync(path.join(folder, 'script'), script.join(''));
      const out = path.join(folder, 'trace');
      const { stdout, stderr } = run(['trace', '-j', '-o', out, '--', 'sh', path.join(folder, 'script')]);
      expect(stderr).toBe('');
      const pids = stdout.trim().split('\n').map(Number);
      expect(pids).toHaveLength(commands.length);
      const calls = readFileSync(out, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Call)
        .filter(({ event }) => event === 'call');
      const seen = commands.map(([words], i) => {
        const facts = calls.filter(({ pid }) => pid === pids[i]).flatMap(factsOf);
        const plain = facts.map((fact) => fact.replaceAll(`${pins}/`, 'P/'));
        const opened = plain.filter((fact) => fact.startsWith('get ')).sort();
        expect(opened, words).toEqual([...words.matchAll(/pinned (\S+)/g)].map(([, pin]) => `get ${pin}`).sort());
        // A hash map's order is its own.
        return [words, ...plain.filter((fact) => !fact.startsWith('get ')).sort()];
      });
      const known = commands.map(([words, ...facts]) => [words, ...facts.sort()]);
      expect(seen).toEqual(known);
    });
  }
});
