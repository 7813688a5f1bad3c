/** One kind of refusal: what the verifier says, why, and what to do about it. `{1}` stands for the pattern's first group. */
export interface RefusalKind {
  /** Stable: callers may compare with it. */
  readonly id: string;
  /** Matched against each line the verifier ends with. The named group `insn` is the instruction meant, where not the last. */
  readonly pattern: RegExp;
  /** A whole sentence, and what is known of the place filled in. */
  readonly cause: string;
  readonly change: string;
}
