// Help for people: at terminals of several widths, in pipes, and under the reference's own name.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandTopic, verbTopic } from '../../src/commands/help/topic.ts';
import { loadFamilies, program } from '../../src/main.ts';
import { atTerminal, type TerminalCommand, type TerminalOutcome } from '../support/terminal/at-terminal.ts';

const project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../..');
const tool = path.join(project, 'bin/tsbpftool.js');
const env = { LANG: 'C', LC_ALL: 'C', TERM: 'dumb', NO_COLOR: '1' };
let folder: string;
const outcomes = new Map<string, TerminalOutcome>();

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
const control = /[\x00-\x09\x0b-\x1f\x7f]/;
const lines = [
  'help map',
  'map --help',
  'map export --help',
  'help',
  'ls --help',
  'help trace',
  'help bogus',
  'map dump -h',
];
const variants: Readonly<Record<string, Partial<TerminalCommand>>> = {
  'at a terminal': {},
  'at a narrow terminal': { columns: 40 },
  'at a wide terminal': { columns: 200 },
  'in a pipe': { pipe: [1, 2] },
};
const own = (
  await Promise.all([
    ...(
      await loadFamilies()
    ).flatMap((family) => family.verbs.filter(({ extension }) => extension).map((verb) => verbTopic(family, verb))),
    ...program.commands.filter(({ declare }) => declare !== undefined).map(commandTopic),
  ])
).map((topic) => ({ words: topic.path.join(' '), topic }));

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'help-'));
  symlinkSync(tool, path.join(folder, 'bpftool'));
  const commands = [
    ...Object.entries(variants).flatMap(([how, more]) =>
      lines.map((line) => ({
        key: `${line} ${how}`,
        command: { argv: [process.execPath, tool, ...line.split(' ')], env, ...more },
      })),
    ),
    ...own.map(({ words }) => ({
      key: `help of ${words}`,
      command: { argv: [process.execPath, tool, 'help', ...words.split(' ')], env },
    })),
    {
      key: 'as bpftool',
      command: { argv: [path.join(folder, 'bpftool'), 'map', '--help'], env, pipe: [1 as const, 2 as const] },
    },
  ];
  const all = await atTerminal(commands.map(({ command }) => command));
  for (const [i, { key }] of commands.entries()) outcomes.set(key, all[i]!);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shown = (key: string) => {
  const { status, terminal, piped } = outcomes.get(key)!;
  expect(status, key).toBe(0);
  return terminal + piped;
};

describe('help', () => {
  it('explains an object: its verbs, words, options and examples', () => {
    for (const line of ['help map', 'map --help']) {
      const text = shown(`${line} at a terminal`);
      expect(text).toMatch(/^Usage: tsbpftool(\.js)? map show \[MAP\]\n/);
      for (const heading of ['Commands:', 'Arguments:', 'Options of every command:', 'Examples:']) {
        expect(text).toContain(`\n${heading}\n`);
      }
      expect(text).toMatch(/export +Writes every element as a line of JSON/);
      expect(text).toContain('--btf FILE');
    }
    expect(shown('help map at a terminal')).toBe(shown('map --help at a terminal'));
  });

  it('explains a verb, with what holds where something is left out', () => {
    const text = shown('map export --help at a terminal');
    expect(text).toMatch(/^Usage: tsbpftool(\.js)? map export MAP \[FILE\]\n/);
    expect(text).toMatch(/\[default: standard output\]/);
    expect(text).toContain('  tsbpftool map export name config config.ndjson\n');
    expect(text).toContain('The manual page tsbpftool-map(8) says more.');
  });

  it('is no wider than the terminal where words allow', () => {
    for (const [how, columns] of [
      ['at a narrow terminal', 40],
      ['at a terminal', 80],
      ['at a wide terminal', 120],
    ] as const) {
      for (const line of ['help map', 'map export --help', 'ls --help']) {
        // Lines of an example are shown as they are typed.
        const [before] = shown(`${line} ${how}`).split('\nExamples:');
        const long = before!.split('\n').filter((text) => text.length > columns && text.trim().includes('  '));
        expect(
          long.filter((text) => columns > 40 || text.length > 60),
          `${line} ${how}`,
        ).toEqual([]);
      }
    }
  });

  it('has one line on what bpftool lacks, at a terminal only', () => {
    const [text, hint] = shown('help at a terminal').split('hint: ');
    expect(text).toMatch(/^Usage: /);
    expect(hint).toMatch(
      /^beyond bpftool: .*map schema\|events\|export\|import.*; `tsbpftool(\.js)? help WORD` explains them\n$/,
    );
    for (const word of ['ls', 'trace', 'top', 'metrics', 'snapshot', 'why']) expect(hint).toContain(word);
    const piped = shown('help in a pipe');
    expect(piped).toBe(text);
    expect(shown('help bogus in a pipe')).toBe(text);
  });

  it("is bpftool's usage text under its name, for whoever reads it from a pipe", () => {
    expect(outcomes.get('as bpftool')!.piped).toMatch(/^Usage: bpftool \[OPTIONS\] OBJECT /);
  });

  it('has no colours, and nothing that a terminal would obey', () => {
    for (const { terminal, piped } of outcomes.values()) expect(terminal + piped).not.toMatch(control);
  });
});

describe('help of what bpftool lacks', () => {
  it.each(own)('$words: synopsis, arguments, options, defaults, examples', ({ words, topic }) => {
    const text = shown(`help of ${words}`);
    const flat = text.replaceAll(/\s+/g, ' ');
    expect(flat).toContain(` ${words}`);
    expect(topic.summary).not.toBe('');
    expect(flat).toContain(topic.summary);
    for (const { long, summary, default: fallback } of topic.options) {
      expect(flat).toContain(`--${long}`);
      expect(flat).toContain(summary.split(' ').slice(0, 3).join(' '));
      if (fallback !== undefined) expect(flat).toContain(`[default: ${fallback}]`);
    }
    for (const { name } of topic.arguments) expect(flat).toContain(name);
    expect(topic.examples.length).toBeGreaterThan(0);
    for (const { line } of topic.examples) expect(text).toContain(line);
  });
});
