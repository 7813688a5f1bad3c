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

/** `*` stands for any text, `?` for any character: a shell's match without character classes, in time proportional to the product of the lengths at worst. */
export function matchesGlob(text: string, pattern: string): boolean {
  let [at, p] = [0, 0];
  /** Where the last star was, and how much of the text it covers so far. */
  let [star, covered] = [-1, 0];
  while (at < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      covered = at;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[at])) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++covered;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
