// Programs of examples/ and docs/snippets/, run as a user runs them: on their own, by Node, with the package as it was built.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const project = path.resolve(import.meta.dirname, '../../..');
/** Within the project, so that `tsbpftool` is the package itself. */
const folder = path.join(project, '.cache/examples');

/** A module that Node 20 takes, made of a TypeScript program; its path. */
export function compiled(source: string): string {
  const file = path.join(project, source);
  mkdirSync(folder, { recursive: true });
  const target = path.join(folder, `${source.replaceAll(/\W/g, '-')}-${process.pid}.mjs`);
  const { outputFiles } = buildSync({
    stdin: {
      // Files beside the program are found from where it was written.
      contents: readFileSync(file, 'utf8'),
      resolveDir: path.dirname(file),
      sourcefile: file,
      loader: 'ts',
    },
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(file).href) },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    write: false,
  });
  writeFileSync(target, outputFiles[0]!.contents);
  return target;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Resolves once it has printed what matches; rejects if it ends before. */
  readonly printed: (pattern: RegExp) => Promise<void>;
  /** What it printed, once it has ended; rejects unless with status 0. */
  readonly ended: Promise<string>;
}

/** Starts a program; `through` are the words before `node`, as of a program that changes the namespace. */
export function start(source: string, words: readonly string[] = [], through: readonly string[] = []): Running {
  const file = compiled(source);
  const [program = '', ...rest] = [...through, process.execPath, file, ...words];
  const child = spawn(program, rest, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let errors = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    text += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      rmSync(file, { force: true });
      if (status === 0) resolve(text);
      else reject(new Error(`${source} ended with ${status ?? signal}: ${errors}`));
      for (const listener of listeners) listener();
    });
  });
  // Whoever waits for it sees it; until then it is no unhandled rejection.
  ended.catch(() => undefined);
  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (pattern.test(text)) resolve();
        else if (child.exitCode !== null || child.signalCode !== null) {
          reject(new Error(`${source} ended without printing ${pattern}: ${text}${errors}`));
        }
      };
      listeners.add(look);
      child.on('close', look);
      look();
    });
  return { child, output: () => text, printed, ended };
}
