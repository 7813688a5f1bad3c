import { describe, expect, it } from 'vitest';
import {
  type CommandFamily,
  Context,
  Dispatcher,
  defaultOptions,
  fail,
  failSilently,
  type Handler,
  type TopCommand,
  UsageExit,
  usage,
} from '../../../src/cli/index.ts';
import { JsonWriter, memorySink } from '../../../src/output/index.ts';

const handlers: Record<string, Handler> = {
  show: (ctx, words) => ctx.print(`shown ${words.peek() ?? 'all'}\n`),
  lookup: () => fail('lookup failed: No such file or directory', { status: -2 }),
  list: (ctx) => {
    ctx.json?.startArray().startObject().field('id', 1).name('value');
    failSilently();
  },
  dump: () => usage(),
  pin: (ctx) => {
    ctx.error('two words are needed');
    usage();
  },
  twice: (ctx) => {
    ctx.error('first');
    fail('second');
  },
  walk: (ctx) => {
    ctx.json?.startArray();
    ctx.error('one of them is gone');
    ctx.json?.number(2).endArray();
  },
  break: () => {
    throw new TypeError('x is undefined');
  },
};

const family: CommandFamily = {
  name: 'thing',
  summary: 'Things.',
  usage: 'Usage: %P %O show\n',
  verbs: [...Object.keys(handlers).map((name) => ({ name, load: async () => handlers[name]! })), { name: 'help' }],
};
const commands: TopCommand[] = [{ name: 'thing', load: async () => family }];

async function run(line: string, options: { json?: boolean } = {}) {
  const stdout = memorySink();
  const stderr = memorySink();
  const json = options.json ? new JsonWriter(stdout, { pretty: false }) : undefined;
  const ctx = new Context({ programName: 'bpftool', options: defaultOptions, stdout, stderr, json });
  const dispatcher = new Dispatcher(commands, 'Usage: %P OBJECT\n');
  let status: number | string;
  try {
    status = await dispatcher.run(ctx, line === '' ? [] : line.split(' '));
  } catch (error) {
    if (!(error instanceof UsageExit)) throw error;
    dispatcher.printLastUsage(ctx);
    status = 'usage';
  }
  // memorySink keeps what was flushed; both are read only now.
  return { status, out: stdout.contents(), err: stderr.contents() };
}

describe('a command line', () => {
  it('selects object and verb by abbreviation, and the first verb without one', async () => {
    expect(await run('t s x')).toEqual({ status: 0, out: 'shown x\n', err: '' });
    expect(await run('thing')).toEqual({ status: 0, out: 'shown all\n', err: '' });
  });

  it('with an unknown word shows the usage of its level, naming the object as typed', async () => {
    expect(await run('t zap')).toEqual({ status: -1, out: '', err: 'Usage: bpftool t show\n' });
    expect(await run('zap')).toEqual({ status: -1, out: '', err: 'Usage: bpftool OBJECT\n' });
    expect(await run('t help')).toEqual({ status: 0, out: '', err: 'Usage: bpftool t show\n' });
    expect(await run('t help', { json: true })).toEqual({ status: 0, out: 'null', err: '' });
  });

  it('ends the run when a handler asks for the usage text', async () => {
    expect(await run('t dump')).toEqual({ status: 'usage', out: '', err: 'Usage: bpftool t show\n' });
  });

  it('reports a failure once, on the stream of its mode', async () => {
    const message = 'lookup failed: No such file or directory';
    expect(await run('t lookup')).toEqual({ status: -2, out: '', err: `Error: ${message}\n` });
    expect(await run('t lookup', { json: true })).toEqual({ status: -2, out: `{"error":"${message}"}`, err: '' });
  });

  it('leaves valid JSON behind whatever a handler left open', async () => {
    expect(await run('t list', { json: true })).toEqual({ status: -1, out: '[{"id":1,"value":null}]', err: '' });
    expect(await run('t walk', { json: true })).toEqual({
      status: 0,
      out: '[{"error":"one of them is gone"},2]',
      err: '',
    });
  });

  it('leaves one document behind when more follows an error', async () => {
    const first = '{"error":"two words are needed"}';
    expect(await run('t pin', { json: true })).toEqual({ status: 'usage', out: first, err: '' });
    expect(await run('t twice', { json: true })).toEqual({
      status: -1,
      out: '{"error":"first"}',
      err: 'Error: second\n',
    });
  });

  it('says that an unexpected error is internal, without a stack trace', async () => {
    expect(await run('t break')).toEqual({ status: -1, out: '', err: 'Error: internal error: x is undefined\n' });
  });
});
