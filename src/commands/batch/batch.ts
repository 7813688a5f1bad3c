import { closeSync, openSync } from 'node:fs';
import { type Context, type Dispatcher, fail, type StandaloneCommand, UsageExit, type Words } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { doubtPinnedMap, dropPinnedMap, keepPinnedMap } from '../shared/kept-map.ts';
import { LineReader, readDescriptor } from './lines.ts';
import { maxCommandBytes, nextCommand } from './split.ts';

/**
 * `batch file FILE`: runs the commands of a file, or of standard input (`-`), up to the first that fails.
 * do_batch() of bpftool's src/main.c.
 */
export const batchCommand: StandaloneCommand = {
  async run(ctx, words, dispatcher) {
    const path = filePath(words);
    const fd = path === '-' ? 0 : open(path);
    // Lines often name one pinned map: it is opened once for those that follow each other.
    keepPinnedMap(ctx);
    // Options of a line are among its words.
    ctx.declaredOptions = undefined;
    try {
      return await runCommands(ctx, fd, dispatcher);
    } finally {
      dropPinnedMap(ctx);
      if (fd !== 0) closeSync(fd);
    }
  },
};

function filePath(words: Words): string {
  if (words.left < 2) fail('too few parameters for batch');
  if (words.left > 2) fail('too many parameters for batch');
  if (!words.take('file')) fail(`expected 'file', got: ${words.peek()}`);
  return words.next();
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    fail(`Can't open file (${path}): ${systemErrorText(error)}`);
  }
}

function systemErrorText(error: unknown): string {
  const errno = (error as NodeJS.ErrnoException).errno;
  return errno === undefined ? String(error) : strerror(-errno);
}

async function runCommands(ctx: Context, fd: number, dispatcher: Dispatcher): Promise<number> {
  const json = ctx.json;
  const reader = new LineReader((into) => {
    // What earlier commands wrote must be visible while this one waits for its next line.
    ctx.stdout.flush();
    doubtPinnedMap(ctx);
    return readDescriptor(fd, into);
  }, maxCommandBytes);
  // One character for each byte, so that words come through as they are.
  const nextLine = () => reader.next()?.toString('latin1');

  json?.startArray();
  const depth = json?.depth ?? 0;
  let done = 0;
  for (;;) {
    const command = readCommand(nextLine, done);
    if (command === undefined) break;
    if ('error' in command) {
      ctx.error(command.error);
      json?.endArray();
      return -1;
    }
    // -j: the depth to which an object is closed, whatever the line left open.
    const status = await runOne(ctx, dispatcher, command.words, depth);
    if (status !== 0) {
      json?.endArray();
      return status;
    }
    done++;
  }
  // Plain output only; a batch that fails does not say it.
  if (json === undefined) ctx.print(`processed ${done} commands\n`);
  json?.endArray();
  return 0;
}

function readCommand(nextLine: () => string | undefined, done: number) {
  try {
    const command = nextCommand(nextLine, done);
    // The text of E2BIG, which the reference sets for a line that does not fit.
    return command === 'unreadable length' ? { error: 'reading batch file failed: Argument list too long' } : command;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== 'read') throw error;
    return { error: `reading batch file failed: ${systemErrorText(error)}` };
  }
}

/** Runs one command; with JSON its words and its output become an object. A usage error ends the batch. */
async function runOne(ctx: Context, dispatcher: Dispatcher, words: string[], depth: number): Promise<number> {
  const json = ctx.json;
  if (json !== undefined) {
    json.startObject().name('command').startArray();
    for (const word of words) json.string(word);
    json.endArray().name('output');
  }
  try {
    return await dispatcher.run(ctx, words);
  } catch (error) {
    // Usage: the text of the object that was called last.
    if (!(error instanceof UsageExit)) throw error;
    dispatcher.printLastUsage(ctx);
    return -1;
  } finally {
    json?.closeTo(depth);
  }
}
