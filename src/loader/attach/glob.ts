/** `*` stands for any text, `?` for any character. */
export function globMatches(text: string, pattern: string): boolean {
  // The last star, and where the text stood then: on a mismatch one more character goes to that star.
  let star = -1;
  let mark = 0;
  let at = 0;
  let from = 0;
  while (at < text.length) {
    if (pattern[from] === '*') {
      star = from++;
      mark = at;
    } else if (from < pattern.length && (pattern[from] === '?' || pattern[from] === text[at])) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[from] === '*') from++;
  return from === pattern.length;
}
