// A network namespace of its own for a group of cases: made by lines of ip(8), tc(8) and the reference.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { FeatureMissing, inVirtualMachine } from '../../feature.ts';
import { kernel } from '../fixtures/raw.ts';
import type { World } from '../world.ts';

const CLONE_NEWNET = 0x40000000;

/** Lines for one program, run in one go; or what only code can do, called inside the namespace. */
export type Step =
  | { readonly ip: readonly string[]; readonly missing?: Missing }
  | { readonly tc: readonly string[]; readonly missing?: Missing }
  | { readonly bpftool: string; readonly missing?: Missing }
  | { readonly words: readonly string[]; readonly missing?: Missing }
  | ((world: World) => void);

/** What a kernel lacks where the step fails, and the first that has it. */
export interface Missing {
  readonly feature: string;
  readonly since: string;
}

/** Makes the namespace and all in it, which go with the world. Answers its path. */
export function makeNamespace(world: World, name: string, steps: readonly Step[]): string {
  const full = `tnt_${world.prefix}${name}`;
  spawnSync('ip', ['netns', 'del', full]);
  must(['ip', 'netns', 'add', full]);
  world.defer(() => spawnSync('ip', ['netns', 'del', full]));
  const namespace = `/run/netns/${full}`;
  for (const step of steps) take(world, namespace, step);
  return namespace;
}

/** The words that start `words` in a network namespace; other than with `ip netns exec`, /sys stays as it is. */
export function within(namespace: string, words: readonly string[]): string[] {
  return ['nsenter', `--net=${namespace}`, ...words];
}

function take(world: World, namespace: string, step: Step): void {
  if (typeof step === 'function') {
    inside(namespace, () => step(world));
    return;
  }
  const { words, input } = command(world, step);
  const run = spawnSync('nsenter', [`--net=${namespace}`, ...words], { encoding: 'utf8', input });
  if (run.status === 0) return;
  const told = `${words.join(' ')}: ${(run.stderr || run.stdout).trim()}`;
  if (step.missing === undefined) throw new Error(told);
  // Only Debian's kernels are known to be built with everything.
  throw new FeatureMissing(`${step.missing.feature}: ${told}`, inVirtualMachine ? step.missing.since : undefined);
}

type Line = Exclude<Step, (world: World) => void>;

function command(world: World, step: Line): { words: string[]; input: string } {
  const fill = (line: string) => line.split(' ').map((word) => world.fill(word));
  if ('bpftool' in step) return { words: [...world.programs.reference, ...fill(step.bpftool)], input: '' };
  if ('words' in step) return { words: [...step.words], input: '' };
  const [program, lines] = 'ip' in step ? (['ip', step.ip] as const) : (['tc', step.tc] as const);
  return { words: [program, '-batch', '-'], input: lines.map((line) => `${fill(line).join(' ')}\n`).join('') };
}

/** Runs `body` while this thread is in the namespace. */
function inside(namespace: string, body: () => void): void {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const there = openSync(namespace, 'r');
  try {
    enter(there);
    body();
  } finally {
    enter(own);
    closeSync(there);
    closeSync(own);
  }
}

function enter(fd: number): void {
  const result = kernel().setNamespace(fd, CLONE_NEWNET);
  if (result < 0) throw new Error(`entering a network namespace fails with errno ${-result}`);
}

function must(words: string[]): void {
  const run = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${words.join(' ')}: ${run.stderr}`);
}
