// What both programs print as JSON for real objects, by command.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Programs, run } from '../parity/programs.ts';
import type { World } from '../parity/world.ts';
import { commandOf } from './commands.ts';

export type Who = keyof Programs;

export interface Output {
  who: Who;
  /** The words that were run. */
  line: string;
  succeeded: boolean;
  document: unknown;
}

export class Outputs {
  readonly byCommand = new Map<string, Output[]>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Runs lines that succeed, all in one batch, for starting a program costs more than most lines. */
  async batch(who: Who, lines: readonly string[], options: readonly string[] = []): Promise<void> {
    const stdin = lines.map((line) => `${this.#world.fill(line)}\n`).join('');
    const { document, status } = await this.#run(who, [...options, 'batch', 'file', '-'], { stdin });
    await this.#add(who, 'batch file -', document, status === 0);
    const done = document as { command: string[]; output: unknown }[];
    // An old errno that a command left makes the reference fail after the last line.
    const ended = who === 'reference' && 'error' in done.at(-1)! ? done.slice(0, -1) : done;
    if (ended.length !== lines.length || (status !== 0 && ended === done)) {
      throw new Error(`${who}: ${JSON.stringify(done.at(-1))}`);
    }
    for (const { command, output } of ended) await this.#add(who, command.join(' '), output, true);
  }

  /** Runs one line by itself; `netns`: path of the network namespace where. */
  async one(who: Who, line: string, succeeds: boolean, options: { netns?: string } = {}): Promise<void> {
    const words = this.#world.fill(line).split(' ');
    const { document, status } = await this.#run(who, words, options);
    if (!succeeds && status === 0) throw new Error(`${who}: ${line} does not fail`);
    await this.#add(who, line, document, succeeds);
  }

  /** Runs one line of ours that prints a document a line. */
  async lines(line: string): Promise<void> {
    const words = this.#world.fill(line).split(' ');
    const { stdout, status } = await run(this.#world.programs.ours, ['-j', ...words], { cwd: this.#world.tmp });
    if (status !== 0) throw new Error(`${line} fails`);
    for (const text of Buffer.from(stdout, 'latin1').toString('utf8').trim().split('\n')) {
      await this.#add('ours', line, JSON.parse(text), true);
    }
  }

  /** A line that runs until it is interrupted, as a terminal would; `cause` makes it print what contains `mark`. */
  async until(who: Who, line: string, cause: () => void, mark: string): Promise<void> {
    const { text, status } = await this.#interrupted(who, line, cause, mark);
    await this.#add(who, line, JSON.parse(text), status === 0);
  }

  /** As `until`, of one of ours that prints a document a line. */
  async linesUntil(line: string, cause: () => void, mark: string): Promise<void> {
    const { text, status } = await this.#interrupted('ours', line, cause, mark);
    for (const each of text.trimEnd().split('\n')) await this.#add('ours', line, JSON.parse(each), status === 0);
  }

  async #interrupted(who: Who, line: string, cause: () => void, mark: string) {
    const [file, ...words] = [...this.#world.programs[who], '-j', ...this.#world.fill(line).split(' ')];
    const child = spawn(file!, words, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
    });
    const closed = once(child, 'close');
    // The reference buffers what it prints, so that nothing says when it has begun.
    for (let count = 0; count < 60 && !text.includes(mark); count++) {
      cause();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill('SIGINT');
    const [status] = await closed;
    if (!text.includes(mark)) throw new Error(`${who}: ${line} shows nothing with ${mark}: ${text}`);
    return { text, status };
  }

  async #run(who: Who, words: readonly string[], options: { stdin?: string; netns?: string } = {}) {
    const inFolder = { cwd: this.#world.tmp, ...options };
    const { stdout, status } = await run(this.#world.programs[who], ['-j', ...words], inFolder);
    const text = Buffer.from(stdout, 'latin1').toString('utf8');
    try {
      return { document: JSON.parse(text) as unknown, status };
    } catch (cause) {
      throw new Error(`${who}: ${words.join(' ')}: no JSON: ${text.slice(0, 300)}`, { cause });
    }
  }

  async #add(who: Who, line: string, document: unknown, succeeded: boolean): Promise<void> {
    const command = (await commandOf(line.split(' '))) ?? '';
    const list = this.byCommand.get(command) ?? [];
    this.byCommand.set(command, list);
    list.push({ who, line, succeeded, document });
  }
}
