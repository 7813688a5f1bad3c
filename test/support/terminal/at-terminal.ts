// Runs commands at pseudo-terminals, in one process of Python for all of them.
import { spawn } from 'node:child_process';
import path from 'node:path';

export interface TerminalCommand {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  /** The terminal's width, 80 unless given. */
  readonly columns?: number;
  /** It is killed after so long. */
  readonly seconds?: number;
  /** Descriptors that are a pipe instead of the terminal. */
  readonly pipe?: readonly (1 | 2)[];
  /** [seconds from the start, signal number] */
  readonly signals?: readonly (readonly [number, number])[];
}

export interface TerminalOutcome {
  /** Minus the signal that ended it. */
  readonly status: number;
  /** What the terminal was given, lines ending in \n. */
  readonly terminal: string;
  readonly piped: string;
}

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../../..');

/** One after the other; the outcomes are in the same order. */
export function atTerminal(commands: readonly TerminalCommand[]): Promise<TerminalOutcome[]> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', [path.join(project, 'test/support/terminal/at_terminal.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (data: string) => {
      text += data;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(JSON.parse(text) as TerminalOutcome[]);
      else reject(new Error(`python3 ended with ${status}`));
    });
    child.stdin.end(JSON.stringify({ commands }));
  });
}
