import { isatty } from 'node:tty';
import { type Context, fail, type OwnHandler } from '../../cli/index.ts';
import { jsonText } from '../../btf/index.ts';
import { takeInventory } from '../../inventory/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { printable } from '../shared/refs.ts';
import { readChoice } from './choose.ts';
import { type Column, columnsOf, type Kind, kinds, partsFor, type Row, rowsOf, type Value } from './rows.ts';

/** `ls [KIND]`: a table at a terminal, tab-separated values elsewhere, with -j a line of JSON for each object. */
export const ls: OwnHandler = async (ctx, words, given) => {
  const kind = words.left === 0 ? 'all' : kindOf(words.next());
  if (words.left > 0) words.unexpected();
  const choice = readChoice(given, columnsOf[kind]);
  const inventory = takeInventory(kernelOf(ctx), partsFor(kind, choice.used));
  const rows = choice.rows(rowsOf(kind, inventory));
  if (ctx.json !== undefined) printLines(ctx, choice.columns, rows);
  // Whether it is a terminal decides the form, and `-j` before that.
  else if (isatty(1)) ctx.print(await (await import('./table.ts')).tableText(choice.columns, rows, screenOf()));
  else ctx.print(tabSeparated(choice.columns, rows));
  if (rows.length === 0) ctx.info(`no ${kind === 'all' ? 'objects' : kind}${given.has('where') ? ' that match' : ''}`);
  for (const sentence of inventory.missing) ctx.hint(sentence);
};

function kindOf(word: string): Kind {
  return kinds.find((kind) => word !== '' && kind.startsWith(word)) ?? fail(`'${word}' is none of ${kinds.join(', ')}`);
}

function screenOf() {
  // NO_COLOR is described at https://no-color.org.
  const { NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG } = process.env;
  return {
    columns: process.stdout.columns || 80,
    hasColours: !NO_COLOR && TERM !== undefined && TERM !== 'dumb',
    isUnicode: /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || ''),
  };
}

/** A line with the names of the columns, then one for each row; several values of a cell are parted by commas. */
function tabSeparated(columns: readonly Column[], rows: readonly Row[]): string {
  const cell = (value: Value) => printable(typeof value === 'object' ? value.join(',') : String(value ?? ''));
  const lines = rows.map((row) => columns.map(({ name }) => cell(row[name])).join('\t'));
  return [columns.map(({ name }) => name).join('\t'), ...lines].map((line) => `${line}\n`).join('');
}

function printLines(ctx: Context, columns: readonly Column[], rows: readonly Row[]): void {
  if (ctx.json!.depth > 0) fail('lines of JSON cannot stand inside the JSON of a batch');
  ctx.printsLines = true;
  for (const row of rows) {
    const members = columns.flatMap(({ name }) => (row[name] === undefined ? [] : [[name, row[name]]]));
    ctx.stdout.text(`${jsonText(Object.fromEntries(members))}\n`);
  }
}
