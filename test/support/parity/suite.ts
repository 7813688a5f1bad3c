// Parity cases as vitest tests.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameOf, type ParityCase } from './case.ts';
import { compare } from './check.ts';
import { FeatureMissing, kernelAtLeast, mayBeMissing } from '../feature.ts';
import { World } from './world.ts';

/**
 * Declares one test a case; all cases of a suite share their unchanged fixtures. `reference`: another bpftool than the
 * ordinary one; a suite is skipped as a whole where that does not exist.
 */
export function paritySuite(name: string, cases: readonly ParityCase[], reference?: string): void {
  const absent = reference !== undefined && !existsSync(reference);
  describe.skipIf(absent)(`bpftool ${name}${absent ? ` (there is no ${reference})` : ''}`, () => {
    let world: World;
    beforeAll(() => {
      world = new World('p_', reference);
    });
    afterAll(() => world?.end());

    for (const parityCase of process.env.TSBPFTOOL_TESTS === 'share' ? oneFormatEach(cases) : cases) {
      const declare = mayShareTheMoment(parityCase) ? it.concurrent : it;
      declare(nameOf(parityCase), async (context) => {
        try {
          const { reference, ours } = await compare(parityCase, world);
          const difference = parityCase.difference;
          if (parityCase.lists === 'cgroup' && !kernelAtLeast('6.0')) {
            expect({ ...ours, stdout: withoutCgroupPrograms(ours.stdout), status: 0 }).toEqual({
              ...reference,
              status: 0,
            });
            expect(ours.status).toBe(0);
            expect(ours.stdout).not.toBe(reference.stdout);
          } else if (difference === undefined) {
            expect(ours).toEqual(reference);
          } else {
            expect(ours, `documented difference ${difference.id}`).toMatchObject(difference.ours);
            expect(ours, `difference ${difference.id} is no longer one`).not.toEqual(reference);
          }
        } catch (error) {
          if (error instanceof FeatureMissing && mayBeMissing(error)) context.skip(error.message);
          throw error;
        }
      });
    }
  });
}

/** Of the cases that differ only in their format, one after the other, one: the first, then the second, and so on. */
function oneFormatEach(cases: readonly ParityCase[]): ParityCase[] {
  const groups: ParityCase[][] = [];
  let last: string | undefined;
  for (const parityCase of cases) {
    const [first, ...rest] = parityCase.argv;
    const key = JSON.stringify({ ...parityCase, argv: first === '-j' || first === '-p' ? rest : parityCase.argv });
    if (key === last) groups.at(-1)!.push(parityCase);
    else groups.push([parityCase]);
    last = key;
  }
  return groups.map((group, index) => group[index % group.length]!);
}

/** Cases that neither change objects nor write files, nor look at more than their own objects, may run side by side. */
function mayShareTheMoment({ changes, wholeMachine, files }: ParityCase): boolean {
  return changes !== true && wholeMachine !== true && files === undefined;
}

/** Output of `cgroup show` or `cgroup tree` with the lists of programs empty. */
function withoutCgroupPrograms(text: string): string {
  if (!text.startsWith('[')) return text.replace(/^(?: {4})?\d+ .*\n/gm, '');
  return text
    .replace(/\{\s*"id":[^{}]*\},?/g, '')
    .replace(/\[\s+\](?!\s*$)/g, '[]')
    .replace(/^\[\s+\]\n$/, '[]\n');
}
