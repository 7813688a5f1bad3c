// `trace` of a program that makes every call in every way: what is shown stands in test/golden/trace, the same for all kernels.
// TSBPFTOOL_RECORD=1 writes these files anew.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callsProgram, normalised, run } from '../support/trace/calls.ts';

const golden = path.resolve(import.meta.dirname, '../golden/trace');
const timeout = 200_000;

/** What a scene's trace is compared by. */
interface Scene {
  readonly name: string;
  readonly options?: readonly string[];
  /** Why calls fail is another kernel's matter. */
  readonly anyError?: boolean;
  /** Processes and threads run at once. */
  readonly anyOrder?: boolean;
  /** The same with `-j` and `replay`; where `replay` shows whole what a trace shows the beginning of, it is not. */
  readonly isReplayed?: boolean;
}

const scenes: readonly Scene[] = [
  { name: 'maps', isReplayed: true },
  { name: 'percpu', isReplayed: true },
  { name: 'typed', isReplayed: true },
  { name: 'programs', options: ['--insns'] },
  { name: 'batches', isReplayed: true },
  { name: 'large', options: ['-s', 'all'] },
  { name: 'pointers', isReplayed: true },
  { name: 'every', anyError: true },
  { name: 'family', anyOrder: true, isReplayed: true },
];

describe('trace of every call', () => {
  let folder = '';
  let program: string | undefined;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-trace-'));
    program = callsProgram(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const shown = (scene: Scene, text: string) => {
    const lines = normalised(text, { withErrors: scene.anyError !== true });
    return `${(scene.anyOrder ? lines.sort() : lines).join('\n')}\n`;
  };
  const recorded = ({ name }: Scene) => readFileSync(path.join(golden, `${name}.txt`), 'utf8');

  for (const scene of scenes) {
    it(`shows ${scene.name}`, { timeout }, (context) => {
      if (program === undefined) return context.skip('there is no C compiler');
      const { stdout, stderr, status } = run(['trace', ...(scene.options ?? []), '--', program, scene.name]);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      const text = shown(scene, stdout);
      if (process.env.TSBPFTOOL_RECORD !== undefined) writeFileSync(path.join(golden, `${scene.name}.txt`), text);
      expect(text).toBe(recorded(scene));
    });
  }

  it('shows what probes are on', { timeout }, (context) => {
    if (program === undefined) return context.skip('there is no C compiler');
    const text = run(['trace', '--', program, 'probes']).stdout;
    for (const [name, place] of [
      ['kprobe', 'no_such_function'],
      ['uprobe', '/nowhere/a program'],
    ]) {
      const isThere = existsSync(`/sys/bus/event_source/devices/${name}`);
      expect(text.split(`config1="${place}"`).length - 1).toBe(isThere ? 1 : 0);
    }
  });

  it('is written as lines of JSON that replay shows alike', { timeout }, (context) => {
    if (program === undefined) return context.skip('there is no C compiler');
    for (const scene of scenes.filter(({ isReplayed }) => isReplayed)) {
      const file = path.join(folder, `${scene.name}.json`);
      const { stderr, status } = run(['trace', '-j', '-o', file, '--', program, scene.name]);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expect(shown(scene, run(['replay', file]).stdout)).toBe(recorded(scene));
    }
  });

  it('shows the same by raw tracepoints, where there is no tracefs', { timeout }, (context) => {
    if (program === undefined) return context.skip('there is no C compiler');
    const before = ['unshare', '-m', 'sh', '-c', 'umount -a -t tracefs; exec "$@"', 'sh'];
    for (const scene of scenes.filter(({ name }) => ['maps', 'pointers', 'family'].includes(name))) {
      const { stdout, stderr, status } = run(['trace', '--', program, scene.name], { before });
      expect(stderr).toMatch(/tracefs is not mounted .*raw tracepoints are used/);
      expect(status).toBe(0);
      expect(shown(scene, stdout)).toBe(recorded(scene));
    }
  });
});
