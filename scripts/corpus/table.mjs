// Counts by source, printed as a table.

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
    const width = Math.max(title.length, 5, ...[...this.#rows.keys()].map((name) => name.length));
    const widths = this.#columns.map((name) => Math.max(name.length, 8));
    const line = (name, cells) =>
      console.log(`${name.padEnd(width)}  ${cells.map((cell, at) => String(cell).padStart(widths[at])).join('  ')}`);
    line(title, this.#columns);
    for (const [name, counts] of this.#rows) line(name, Object.values(counts));
    line(
      'total',
      this.#columns.map((column) => this.total(column)),
    );
  }
}
