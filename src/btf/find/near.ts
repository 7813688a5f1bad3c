const maxSuggestions = 3;

/** The names nearest to one that is wrong, best first: those at most a third of its length away. */
export function nearestNames(wanted: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const found = new Map<string, number>();
  for (const name of names) {
    if (name === '' || Math.abs(name.length - wanted.length) > limit || found.has(name)) continue;
    const distance = editDistance(wanted, name, limit);
    if (distance <= limit) found.set(name, distance);
  }
  const best = Math.min(...found.values());
  return [...found]
    .filter(([, distance]) => distance <= best + 1)
    .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    .slice(0, maxSuggestions)
    .map(([name]) => name);
}

/** Insertions, deletions, changes and swaps of neighbours that turn one word into the other; above `limit` is not exact. */
export function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
