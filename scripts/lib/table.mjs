// Tables as text: the first column is aligned to the left, the others to the right.

/**
 * @param {readonly (readonly (string | number)[])[]} rows the first is the heading
 * @param {{minWidth?: number, notes?: (row: number) => Iterable<string>}} [options] `minWidth` of the columns behind the
 *   first; `notes` are lines printed, indented, below a row
 */
export function printTable(rows, { minWidth = 0, notes = () => [] } = {}) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(column === 0 ? 0 : minWidth, ...rows.map((row) => String(row[column]).length)),
  );
  for (const [index, row] of rows.entries()) {
    const cells = row.map((cell, column) => {
      const isText = column === 0 || typeof rows[1]?.[column] === 'string';
      return isText ? String(cell).padEnd(widths[column] ?? 0) : String(cell).padStart(widths[column] ?? 0);
    });
    console.log(cells.join('  ').trimEnd());
    for (const note of notes(index)) console.log(`${' '.repeat(10)}${note}`);
  }
}
