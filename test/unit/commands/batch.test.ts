import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Context, Dispatcher, defaultOptions, type TopCommand, usage } from '../../../src/cli/index.ts';
import { batchCommand } from '../../../src/commands/batch/batch.ts';
import { LineReader } from '../../../src/commands/batch/lines.ts';
import { maxCommandBytes, nextCommand, splitWords } from '../../../src/commands/batch/split.ts';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';

function commandsOf(text: string) {
  const bytes = Buffer.from(text, 'latin1');
  let at = 0;
  const reader = new LineReader((into) => {
    const part = bytes.subarray(at, at + Math.min(into.length, 7));
    into.set(part);
    at += part.length;
    return part.length;
  }, maxCommandBytes);
  const found: unknown[] = [];
  for (;;) {
    const command = nextCommand(() => reader.next()?.toString('latin1'), found.length);
    if (command === undefined) return found;
    if (typeof command === 'string' || 'error' in command) {
      found.push(typeof command === 'string' ? command : command.error);
      return found;
    }
    found.push(command.words);
  }
}

describe('splitting a batch line', () => {
  it('splits at blanks', () => {
    expect(splitWords(' map\tshow  id 1\r\n')).toEqual(['map', 'show', 'id', '1']);
  });

  it('reads quotes only at the start of a word', () => {
    expect(splitWords(`a'b c' "d 'e" '' x`)).toEqual(["a'b", "c'", "d 'e", '', 'x']);
  });

  it('starts a new word right after a closing quote', () => {
    expect(splitWords('"a"b')).toEqual(['a', 'b']);
  });

  it('refuses a quote that is never closed', () => {
    expect(splitWords('map "show\n')).toBe('unterminated quoted string');
  });

  it('refuses more than 4095 words', () => {
    expect(splitWords('a '.repeat(4095))).toHaveLength(4095);
    expect(splitWords('a '.repeat(4096))).toBe('too many arguments');
  });
});

describe('reading commands', () => {
  it('skips comments and empty lines, and cuts comments inside quotes', () => {
    expect(commandsOf('# all\n\nmap show # these\n \t\nprog "a#b"')).toEqual([
      ['map', 'show'],
      'unterminated quoted string in command 1',
    ]);
  });

  it('joins continuation lines', () => {
    expect(commandsOf('map \\\nshow \\\nid 1\nprog show')).toEqual([
      ['map', 'show', 'id', '1'],
      ['prog', 'show'],
    ]);
  });

  it('misses the continuation line at the end of the file', () => {
    expect(commandsOf('map \\\n')).toEqual(['missing continuation line on command 0']);
  });

  it('refuses a line that fills the buffer', () => {
    expect(commandsOf('x'.repeat(65_535))).toEqual(['unreadable length']);
    expect(commandsOf(`${'x'.repeat(65_533)}\n`)).toEqual([['x'.repeat(65_533)]]);
  });

  it('refuses continuation lines that add up to too much', () => {
    expect(commandsOf(`${'x'.repeat(40_000)}\\\n${'y'.repeat(40_000)}\n`)).toEqual(['command 0 is too long']);
  });
});

describe('batch', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'batch-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const say: TopCommand = {
    name: 'say',
    load: async () => ({
      run: (ctx, words) => {
        if (words.peek() === 'usage') usage();
        if (words.peek() === 'fail') return -2;
        if (words.peek() === 'nothing') return 0;
        if (ctx.json) ctx.json.string(words.next());
        else ctx.print(`${words.next()}\n`);
        return 0;
      },
    }),
  };

  async function run(text: string, json = false) {
    const file = path.join(folder, 'commands');
    writeFileSync(file, text);
    const stdout = memorySink();
    const stderr = memorySink();
    const writer = json ? new JsonWriter(stdout, { pretty: false }) : undefined;
    const ctx = new Context({ programName: 'bpftool', options: defaultOptions, stdout, stderr, json: writer });
    const dispatcher = new Dispatcher([{ name: 'batch', load: async () => batchCommand }, say], 'Usage: %P\n');
    const status = await dispatcher.run(ctx, ['batch', 'file', file]);
    return { status, out: stdout.contents(), err: stderr.contents() };
  }

  it('counts what it ran', async () => {
    expect(await run('say one\nsay two\n')).toEqual({ status: 0, out: 'one\ntwo\nprocessed 2 commands\n', err: '' });
  });

  it('stops at the first failure and hands its status on', async () => {
    expect(await run('say one\nsay fail\nsay two\n')).toEqual({ status: -2, out: 'one\n', err: '' });
  });

  it('gives command and output of each line as JSON', async () => {
    const { out } = await run('say one\nsay nothing\n', true);
    expect(out).toBe('[{"command":["say","one"],"output":"one"},{"command":["say","nothing"],"output":null}]');
  });

  it('stays valid JSON when a command ends in its usage', async () => {
    expect(await run('say usage\nsay two\n', true)).toEqual({
      status: -1,
      out: '[{"command":["say","usage"],"output":null}]',
      err: '',
    });
  });

  it('decodes words as UTF-8', async () => {
    expect((await run('say "grüße dich"\n')).out).toBe('grüße dich\nprocessed 1 commands\n');
  });
});
