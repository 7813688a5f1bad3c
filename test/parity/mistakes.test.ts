// Mistakes at a terminal: the reference's text comes first, unchanged; lines that say what was meant follow. Elsewhere
// there is the reference's text alone, which the other suites hold.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../support/parity/world.ts';
import { atTerminal, type TerminalOutcome } from '../support/terminal/at-terminal.ts';
import { mistakes } from './cases/mistakes.ts';

const world = new World('tmist_');
const outcomes = new Map<string, { reference: TerminalOutcome; ours: TerminalOutcome }>();
const pin = (name: string) => path.join(world.pins, name);
const fill = (line: string) =>
  line
    .replace(/\{pin:(\w+)\}/g, (_, name: string) => pin(name))
    .replaceAll('{pins}', world.pins)
    .replaceAll('{tmp}', world.tmp)
    .split(' ');

beforeAll(async () => {
  const create = (name: string, words: string) =>
    world.reference('map', 'create', pin(name), ...`${words} name ${name.slice(0, 15)}`.split(' '));
  create('tmist_hash', 'type hash key 4 value 4 entries 4');
  create('tmist_full', 'type hash key 4 value 4 entries 1');
  create('tmist_frozen', 'type array key 4 value 4 entries 1');
  create('tmist_ring', 'type ringbuf key 0 value 0 entries 4096');
  world.reference('map', 'create', pin('twin1'), ...'type hash key 4 value 4 entries 4 name tmist_twin'.split(' '));
  world.reference('map', 'create', pin('twin2'), ...'type array key 4 value 4 entries 2 name tmist_twin'.split(' '));
  world.reference(...`map update pinned ${pin('tmist_full')} key 1 0 0 0 value 1 0 0 0`.split(' '));
  world.reference(...`map freeze pinned ${pin('tmist_frozen')}`.split(' '));
  const { reference, ours } = world.programs;
  const commands = mistakes.flatMap(({ line }) => [
    { argv: [...reference, ...fill(line)], cwd: world.tmp },
    { argv: [...ours, ...fill(line)], cwd: world.tmp },
  ]);
  const all = await atTerminal(commands);
  for (const [i, { line }] of mistakes.entries()) {
    outcomes.set(line, { reference: all[2 * i]!, ours: all[2 * i + 1]! });
  }
}, 300_000);
afterAll(() => world.end());

/** Parts the hints from what stands before them. */
function parts(text: string): { before: string; hints: string[] } {
  const at = text.search(/^hint: /m);
  const before = at < 0 ? text : text.slice(0, at);
  return { before, hints: at < 0 ? [] : text.slice(at).trimEnd().split('\n') };
}

describe('a mistake at a terminal', () => {
  it('is tried in at least 40 ways', () => expect(mistakes.length).toBeGreaterThanOrEqual(40));

  it.each(mistakes)('$line', ({ line, hint, differs }) => {
    const { reference, ours } = outcomes.get(line)!;
    const { before, hints } = parts(ours.terminal);
    if (differs === undefined)
      expect({ status: ours.status, before }).toEqual({ status: reference.status, before: reference.terminal });
    expect(hints.every((each) => each.startsWith('hint: '))).toBe(true);
    const wanted = typeof hint === 'string' ? fill(hint).join(' ') : hint;
    if (typeof wanted === 'string') expect(hints).toEqual([`hint: ${wanted}`]);
    else expect(hints.join('\n')).toMatch(wanted);
  });

  it('is not explained where standard error is no terminal', async () => {
    const { ours } = world.programs;
    const some = mistakes.filter((_, i) => i % 5 === 0);
    const all = await atTerminal(
      some.map(({ line }) => ({ argv: [...ours, ...fill(line)], pipe: [2 as const], cwd: world.tmp })),
    );
    for (const { terminal, piped } of all) expect(terminal + piped).not.toContain('hint:');
  }, 120_000);
});

describe('a pin outside of BPF file systems', () => {
  it('is told to hide what is there, and how that is undone', async () => {
    const folder = path.join(world.tmp, 'files');
    const { reference, ours } = world.programs;
    const tryIn = async (program: readonly string[]) => {
      const [outcome] = await atTerminal([
        {
          argv: [
            'sh',
            '-c',
            `mkdir -p ${folder} && touch ${folder}/a ${folder}/b && "$@"; ls -1 ${folder} | grep -v debug; umount ${folder} && umount ${folder}; ls -1 ${folder}`,
            'sh',
            ...program,
            ...`map pin name tmist_hash ${folder}/pin`.split(' '),
          ],
        },
      ]);
      rmSync(folder, { recursive: true, force: true });
      return outcome!.terminal;
    };
    expect(await tryIn(reference)).toBe('pin\na\nb\n');
    const hint =
      `hint: a BPF file system is now mounted over ${folder} and hides 2 files there; ` +
      `\`umount ${folder} && umount ${folder}\` brings them back and removes what is pinned there\n`;
    expect(await tryIn(ours)).toBe(`${hint}pin\na\nb\n`);
  }, 60_000);
});
