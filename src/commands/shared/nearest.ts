/** Those of `names` that `word` may be a misspelling of, nearest first: at most a third of the letters differ. */
export function nearest(word: string, names: readonly string[]): string[] {
  const most = Math.max(1, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  return [...new Set(names)]
    .map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= most || (lower.length > 2 && name.toLowerCase().includes(lower)))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
}

/** Number of letters to insert, remove or replace to make one word of the other. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
}
