import { fail, usage } from './failure.ts';

/** True if `word` is a (possibly whole) beginning of `full`. */
export function isPrefix(word: string | undefined, full: string): boolean {
  return word !== undefined && full.startsWith(word);
}

/** A cursor over the words of one command, after its verb. */
export class Words {
  readonly all: readonly string[];
  index: number;

  /** `index` is that of the first word not yet consumed; the words before it stay reachable through `previous`. */
  constructor(all: readonly string[], index = 0) {
    this.all = all;
    this.index = index;
  }

  /** Number of words left. */
  get left(): number {
    return this.all.length - this.index;
  }

  /** The word `ahead` places on, not consumed. */
  peek(ahead = 0): string | undefined {
    return this.all[this.index + ahead];
  }

  /** The word before the cursor. */
  get previous(): string {
    return this.all[this.index - 1] ?? '';
  }

  /** Consumes a word; ends in the usage text where there is none. */
  next(): string {
    const word = this.all[this.index];
    if (word === undefined) usage();
    this.index++;
    return word;
  }

  /** Consumes the next word if it abbreviates `keyword`. */
  take(keyword: string): boolean {
    if (!isPrefix(this.peek(), keyword)) return false;
    this.index++;
    return true;
  }

  /** True if the next word abbreviates `keyword`; nothing is consumed. */
  at(keyword: string): boolean {
    return isPrefix(this.peek(), keyword);
  }

  /** Fails unless at least `count` words are left. */
  require(count: number, options?: { status?: number }): void {
    if (this.left < count) fail(`'${this.previous}' needs at least ${count} arguments, ${this.left} found`, options);
  }

  /** Fails naming the next word as one nobody expects. */
  unexpected(): never {
    fail(`what is '${this.peek() ?? '(null)'}'?`);
  }
}

/**
 * The message for a word that abbreviates several of `keywords`, or undefined where it is clear.
 * The list is cut where the reference's 256-byte message buffer ends.
 */
export function ambiguity(word: string, keywords: readonly string[]): string | undefined {
  const matching = keywords.filter((keyword) => isPrefix(word, keyword));
  if (matching.length < 2) return undefined;
  return `ambiguous prefix: '${word}' could be '${matching.join("' or '")}'`.slice(0, 255);
}
