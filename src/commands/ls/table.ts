import { printable } from '../shared/refs.ts';
import type { Column, Row, Value } from './rows.ts';

/** How a terminal shows a table. */
export interface Screen {
  readonly columns: number;
  readonly hasColours: boolean;
  /** It shows characters beyond ASCII. */
  readonly isUnicode: boolean;
}

const gap = 2;
/** Text is cut no shorter than this, and numbers not at all; rather the last columns are left out. */
const least = 8;
/** Names say what an object is: those that the kernel keeps are shown whole. */
const leastOfNames = 15;

/** The rows as a table no wider than the screen: the widest columns are cut first. Ends with a newline. */
export async function tableText(columns: readonly Column[], rows: readonly Row[], screen: Screen): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const cells = rows.map((row) => columns.map((column) => cellText(column, row[column.name])));
  const heads = columns.map(({ name }) => name.toUpperCase().replaceAll('_', ' '));
  const natural = columns.map((_, i) => Math.max(heads[i]!.length, ...cells.map((row) => [...row[i]!].length)));
  const shown = fitted(natural, { columns, total: screen.columns });
  const none = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
      'middle',
    ].map((name) => [name, '']),
  );
  const table = new Table({
    chars: none,
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [], compact: true },
    colWidths: shown.map((width) => width + gap),
    colAligns: columns.slice(0, shown.length).map(({ isNumber }) => (isNumber ? 'right' : 'left')),
    truncate: screen.isUnicode ? '…' : '~',
  });
  const bold = (text: string) => (screen.hasColours ? `\x1b[1m${text}\x1b[22m` : text);
  const faint = (text: string) => (screen.hasColours && text === absent ? `\x1b[2m${text}\x1b[22m` : text);
  table.push(heads.slice(0, shown.length).map(bold));
  for (const row of cells) table.push(row.slice(0, shown.length).map(faint));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** The widths of as many columns as fit into `total`, gaps between them left out. */
function fitted(
  natural: readonly number[],
  { columns, total }: { columns: readonly Column[]; total: number },
): number[] {
  const widths = [...natural];
  const leastOf = ({ name }: Column) => (name === 'name' ? leastOfNames : least);
  const smallest = natural.map((width, i) => (columns[i]!.isNumber ? width : Math.min(width, leastOf(columns[i]!))));
  const sum = (of: readonly number[]) => of.reduce((all, width) => all + width + gap, -gap);
  while (widths.length > 1 && sum(smallest.slice(0, widths.length)) > total) widths.pop();
  while (sum(widths) > total) {
    const cuttable = widths.map((width, i) => (width > smallest[i]! ? width : 0));
    const widest = cuttable.indexOf(Math.max(...cuttable));
    if (cuttable[widest] === 0) break;
    widths[widest]!--;
  }
  return widths;
}

const absent = '-';

function cellText({ unit }: Column, value: Value): string {
  if (value === undefined) return absent;
  if (typeof value === 'number') return unit === undefined ? String(value) : inUnits(value, unit);
  const text = typeof value === 'string' ? value : value.join(', ');
  return text === '' ? absent : printable(text);
}

const units = {
  bytes: { step: 1024, names: ['B', 'K', 'M', 'G', 'T'] },
  ns: { step: 1000, names: ['ns', 'us', 'ms', 's'] },
};

/** Three digits at most before the unit, one after the point below ten. */
function inUnits(value: number, unit: 'bytes' | 'ns'): string {
  const { step, names } = units[unit];
  let [scaled, at] = [value, 0];
  while (scaled >= step && at < names.length - 1) {
    scaled /= step;
    at++;
  }
  return `${scaled < 10 && at > 0 ? scaled.toFixed(1) : Math.round(scaled)}${names[at]}`;
}
