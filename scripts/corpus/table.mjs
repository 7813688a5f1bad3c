// Counts by source, printed as a table.
import { printTable } from '../lib/table.mjs';

/** Rows of counts by name, in the order in which names first came. */
export class Table {
  #columns;
  #rows = new Map();

  constructor(columns) {
    this.#columns = columns;
  }

  count(row, column, by = 1) {
    if (!this.#rows.has(row)) this.#rows.set(row, Object.fromEntries(this.#columns.map((name) => [name, 0])));
    this.#rows.get(row)[column] += by;
  }

  total(column) {
    let sum = 0;
    for (const counts of this.#rows.values()) sum += counts[column];
    return sum;
  }

  print(title) {
    const rows = [...this.#rows].map(([name, counts]) => [name, ...Object.values(counts)]);
    const total = ['total', ...this.#columns.map((column) => this.total(column))];
    printTable([[title, ...this.#columns], ...rows, total], { minWidth: 8 });
  }
}
