// Objects linked by both programs, each loaded by the program that linked it: the kernel holds the same instructions.
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeatureMissing, kernelAtLeast, orSkipLater } from '../support/feature.ts';
import { run } from '../support/parity/programs.ts';
import { World } from '../support/parity/world.ts';

const pairs = [
  ['library', 'weak'],
  ['library', 'hidden'],
  ['library', 'statics'],
  ['library', 'statics-too'],
  ['library', 'maps'],
  ['weak', 'library'],
  ['weak', 'hidden'],
  ['weak', 'statics'],
  ['weak', 'maps'],
  ['hidden', 'library'],
  ['hidden', 'weak'],
  ['hidden', 'statics'],
  ['statics', 'library'],
  ['statics', 'statics-too'],
  ['statics', 'maps'],
] as const;

describe('programs of linked objects', () => {
  let world: World;
  beforeAll(() => {
    world = new World('gen_linked_');
  });
  afterAll(() => world?.end());

  /** Links and loads a pair with one program; the instructions of each program as the reference shows them, by name. */
  async function instructions(program: readonly string[], pair: readonly string[]): Promise<Record<string, string>> {
    const output = path.join(world.tmp, 'linked.o');
    const pins = path.join(world.pins, 'linked');
    const files = pair.map((name) => path.join(world.project, 'test/fixtures/link', `${name}.bpf.o`));
    try {
      for (const words of [
        ['gen', 'object', output, ...files],
        ['prog', 'loadall', output, pins],
      ]) {
        // The kernel may refuse the types of a linked object, with a warning: it is loaded without them.
        const { status } = await run([...program], words);
        if (status !== 0 && program === world.programs.reference) throw new FeatureMissing(words.join(' '), '5.15');
        expect({ words, status }).toEqual({ words, status: 0 });
      }
      const found: Record<string, string> = {};
      for (const name of readdirSync(pins)) {
        const words = ['prog', 'dump', 'xlated', 'pinned', path.join(pins, name), 'opcodes'];
        const { status, stdout } = await run(world.programs.reference, words);
        expect(status).toBe(0);
        found[name] = withoutIds(stdout);
      }
      return found;
    } finally {
      rmSync(pins, { recursive: true, force: true });
      // A map of the objects says itself where it is pinned.
      rmSync('/sys/fs/bpf/sized', { force: true });
      rmSync(output, { force: true });
    }
  }

  for (const pair of pairs) {
    it(`${pair.join(' and ')} are the same`, { timeout: 60_000 }, (context) =>
      orSkipLater(context, async () => {
        const theirs = await instructions(world.programs.reference, pair);
        expect(Object.keys(theirs).length).toBeGreaterThan(0);
        expect(Object.values(theirs).every((text) => text.includes('exit'))).toBe(true);
        expect(await instructions(world.programs.ours, pair)).toEqual(theirs);
      }),
    );
  }

  it.skipIf(!kernelAtLeast('5.15'))('are told apart where they differ', async () => {
    const [one, other] = [
      await instructions(world.programs.ours, pairs[0]),
      await instructions(world.programs.ours, pairs[2]),
    ];
    expect(one).not.toEqual(other);
  });
});

/** Ids of maps are those of each load: they are in the text, and in the instruction that the next line shows. */
function withoutIds(dump: string): string {
  return dump.replaceAll(/map\[id:\d+\](.*)\n(\s+\S\S \S\S \S\S \S\S) (?:\S\S ){4}/g, 'map[id:*]$1\n$2 ** ** ** ** ');
}
