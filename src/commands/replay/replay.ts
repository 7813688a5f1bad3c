import { closeSync, openSync, readSync } from 'node:fs';
import { fail, type OwnHandler } from '../../cli/index.ts';
import { parseJsonValue } from '../../btf/index.ts';
import { UsageError } from '../../errors/index.ts';
import { ReplayScript } from './script.ts';
import { replayText } from './text.ts';
import { isTraceLine, type TraceLine } from './trace-line.ts';

/** `replay`: prints what `trace -j` wrote. */
export const replay: OwnHandler = (ctx, words, given) => {
  const path = words.next();
  if (words.left > 0) words.unexpected();
  const script = given.has('script') ? new ReplayScript() : undefined;
  if (script !== undefined) ctx.print(script.head());
  let number = 0;
  for (const text of linesOf(path)) {
    number++;
    if (text.trim() === '') continue;
    const line = parse(text);
    if (line === undefined) fail(`${path}: line ${number} is no event of a trace`);
    ctx.print(shown(line, script) ?? fail(`${path}: line ${number} is nested too deeply`));
  }
};

/** Undefined for what is nested more deeply than anything that was traced. */
function shown(line: TraceLine, script: ReplayScript | undefined): string | undefined {
  try {
    return script === undefined ? replayText(line) : script.commands(line);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function parse(text: string): TraceLine | undefined {
  try {
    // Keys and values have integers that no double holds.
    const value = parseJsonValue(text);
    return isTraceLine(value) ? value : undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

const chunkBytes = 1 << 18;

function readSome(fd: number, chunk: Buffer, path: string): number {
  try {
    return readSync(fd, chunk, 0, chunkBytes, null);
  } catch (error) {
    fail(`can't read ${path}: ${(error as Error).message}`);
  }
}

/** Lines of a file, read piece by piece. */
function* linesOf(path: string): Generator<string> {
  let fd: number;
  try {
    fd = path === '-' ? 0 : openSync(path, 'r');
  } catch (error) {
    fail(`can't open ${path}: ${(error as Error).message}`);
  }
  try {
    const decoder = new TextDecoder();
    const chunk = Buffer.alloc(chunkBytes);
    let rest = '';
    for (;;) {
      const count = readSome(fd, chunk, path);
      if (count === 0) break;
      const lines = (rest + decoder.decode(chunk.subarray(0, count), { stream: true })).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}
