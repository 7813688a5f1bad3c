import { matchesGlob } from '../../bytes/index.ts';
import { fail, type Given } from '../../cli/index.ts';
import { nearest } from '../shared/nearest.ts';
import type { Column, Row, Value } from './rows.ts';

/** Which columns and rows were asked for. */
export interface Choice {
  readonly columns: readonly Column[];
  /** Those the rows are chosen and sorted by, shown or not. */
  readonly used: readonly Column[];
  readonly rows: (rows: readonly Row[]) => Row[];
}

/** Reads `--columns`, `--where` and `--sort`; fails where they name a column that is not there. */
export function readChoice(given: Given, all: readonly Column[]): Choice {
  const columns = columnsGiven(given.list('columns'), all);
  const filters = given.list('where').map((text) => readFilter(text, all));
  const sort = readSort(given.text('sort'), all);
  return {
    columns,
    used: [...columns, ...filters.map(({ column }) => column), ...(sort === undefined ? [] : [sort.column])],
    rows: (rows) => {
      const found = rows.filter((row) => filters.every((filter) => filter.takes(row[filter.column.name])));
      return sort === undefined
        ? found
        : found.sort((a, b) => sort.sign * compare(a[sort.column.name], b[sort.column.name]));
    },
  };
}

function columnsGiven(names: readonly string[], all: readonly Column[]): readonly Column[] {
  if (names.length === 0) return all.filter(({ isExtra }) => !isExtra);
  return names.flatMap((name) => (name === 'all' ? all : [columnNamed(name, all)]));
}

function columnNamed(name: string, all: readonly Column[]): Column {
  const column = all.find((each) => each.name === name);
  if (column !== undefined) return column;
  const names = all.map((each) => each.name);
  const [meant] = nearest(name, names);
  fail(
    `no column '${name}' here; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean '${meant}'?`}`,
  );
}

function readFilter(text: string, all: readonly Column[]) {
  const [, name = '', operator = '', operand = ''] = /^(\w+)(!=|>=|<=|=|>|<)(.*)$/s.exec(text) ?? [];
  if (operator === '') fail(`--where: '${text}' is no COLUMN=PATTERN (also !=, and <, <=, >, >= for numbers)`);
  const column = columnNamed(name, all);
  const limit = Number(operand);
  if (/[<>]/.test(operator) && (operand === '' || Number.isNaN(limit))) fail(`--where: '${operand}' is no number`);
  const matches = (value: Value) => {
    const texts = typeof value === 'object' ? value : [String(value ?? '')];
    // Of no values, as of one that is not known, the empty text is had.
    return (texts.length === 0 ? [''] : texts).some((each) => matchesGlob(each, operand));
  };
  const takes = (value: Value): boolean => {
    if (operator === '=') return matches(value);
    if (operator === '!=') return !matches(value);
    const size = typeof value === 'object' ? value.length : typeof value === 'number' ? value : Number.NaN;
    if (operator === '<') return size < limit;
    if (operator === '>') return size > limit;
    return operator === '<=' ? size <= limit : size >= limit;
  };
  return { column, takes };
}

function readSort(text: string | undefined, all: readonly Column[]) {
  if (text === undefined) return undefined;
  const falls = text.startsWith('-');
  return { column: columnNamed(falls ? text.slice(1) : text, all), sign: falls ? -1 : 1 };
}

/** What is not known comes first. */
function compare(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'object' && typeof b === 'object' && a.length !== b.length) return a.length - b.length;
  const [one, other] = [String(a), String(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}
