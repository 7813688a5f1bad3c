// Runs one case: both programs, the same objects, the same moment.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ObjectKind, objectIds } from '../../../src/kernel/index.ts';
import type { Outcome, ParityCase } from './case.ts';
import { kernel } from './fixtures/raw.ts';
import { normalise } from './normalise.ts';
import { run } from './programs.ts';
import { World } from './world.ts';

export interface Comparison {
  reference: Outcome;
  ours: Outcome;
}

const attempts = 5;
/** How long a busy machine is waited for, in milliseconds: a test may take a minute. */
const patience = 40_000;

/** Both outcomes of a case, normalised as the case says; equal when the programs agree. */
export async function compare(parityCase: ParityCase, world: World): Promise<Comparison> {
  if (parityCase.changes === true) return await compareTwins(parityCase);
  for (const key of parityCase.needs ?? []) world.get(key);
  return parityCase.wholeMachine === true
    ? await compareWhileNothingChanges(parityCase, world)
    : await runBoth(parityCase, world);
}

/**
 * Output about the whole machine is comparable only when no other process made or dropped an object between the two
 * programs. An unequal run during which the objects stayed the same is repeated too, since a listing may meet an object
 * that is being freed; only several such runs are a difference.
 */
async function compareWhileNothingChanges(parityCase: ParityCase, world: World): Promise<Comparison> {
  const until = Date.now() + patience;
  for (let quietRuns = 0; ; ) {
    const before = objectsOfMachine();
    const comparison = await runBoth(parityCase, world);
    if (equal(comparison)) return comparison;
    if (objectsOfMachine() === before) quietRuns++;
    if (quietRuns === attempts || Date.now() > until) return comparison;
  }
}

/** All ids of the machine as one text. */
function objectsOfMachine(): string {
  const ids = (kind: ObjectKind) => [...objectIds(kernel(), kind)].join(' ');
  return (['prog', 'map', 'link', 'btf'] as const).map(ids).join('\n');
}

async function runBoth(parityCase: ParityCase, world: World): Promise<Comparison> {
  const argv = parityCase.argv.map((word) => world.fill(word));
  const options = prepare(parityCase, world);
  const [reference, ours] = await Promise.all([
    run(world.programs.reference, argv, options),
    run(world.programs.ours, argv, options),
  ]);
  const comparison = { reference: finish(parityCase, reference, []), ours: finish(parityCase, ours, []) };
  if (parityCase.statusOfErrno === true && comparison.ours.status === 0) comparison.reference.status = 0;
  return comparison;
}

/** Each program changes its own copy; the copies have the same names and paths, one after the other. */
async function compareTwins(parityCase: ParityCase): Promise<Comparison> {
  return { reference: await changeCopy(parityCase, 'reference'), ours: await changeCopy(parityCase, 'ours') };
}

async function changeCopy(parityCase: ParityCase, which: 'reference' | 'ours'): Promise<Outcome> {
  const world = new World('t_');
  try {
    for (const key of parityCase.needs ?? []) world.get(key);
    const argv = parityCase.argv.map((word) => world.fill(word));
    const options = prepare(parityCase, world);
    const outcome = await run(world.programs[which], argv, options);
    const after: string[] = [];
    for (const line of parityCase.then ?? []) {
      const shown = await run(
        world.programs.reference,
        line.split(' ').map((word) => world.fill(word)),
        { netns: parityCase.scene === undefined ? undefined : world.scene(parityCase.scene) },
      );
      // The status of showing a link depends on an old errno (E6).
      const status = line.startsWith('link show') && shown.stdout !== '' ? '' : `exit ${shown.status}`;
      // Each copy of a hash map has its own seed, and so its own order of entries.
      const stdout = line.startsWith('map dump') ? shown.stdout.split('\n').sort().join('\n') : shown.stdout;
      after.push(`$ bpftool ${line}\n${stdout}${shown.stderr}${status}`);
    }
    const temporary = (text: string) => text.replaceAll(world.tmp, '{tmp}');
    return finish(parityCase, outcome, after.map(temporary));
  } finally {
    world.end();
  }
}

function prepare(parityCase: ParityCase, world: World) {
  for (const [name, text] of Object.entries(parityCase.files ?? {})) {
    writeFileSync(
      path.join(world.tmp, name),
      text.replace(/\{[^}\n]+\}/g, (word) => world.fill(word)),
    );
  }
  return {
    stdin: parityCase.stdin?.replace(/\{[^}\n]+\}/g, (word) => world.fill(word)),
    env: parityCase.env,
    uid: parityCase.uid,
    within: parityCase.within === undefined ? undefined : world.fill(parityCase.within),
    capabilities: parityCase.capabilities,
    userNamespace: parityCase.userNamespace,
    netns: parityCase.scene === undefined ? undefined : world.scene(parityCase.scene),
    cwd: world.tmp,
  };
}

function finish(parityCase: ParityCase, outcome: Omit<Outcome, 'after'>, after: string[]): Outcome {
  // A twin's ids and load times are its own, whatever the case says.
  const rules = [...(parityCase.normalise ?? [])];
  const own = parityCase.changes === true ? [...rules, 'ids' as const, 'times' as const, 'memlock' as const] : rules;
  // Holders are shown by ours only (V1). Pinned fixtures have none but the commands of cases that run side by side.
  const told = [...own, 'pids' as const];
  return {
    stdout: normalise(outcome.stdout, told),
    stderr: normalise(outcome.stderr, told),
    status: outcome.status,
    after: after.map((text) => normalise(text, told)),
  };
}

export function equal({ reference, ours }: Comparison): boolean {
  return JSON.stringify(reference) === JSON.stringify(ours);
}
