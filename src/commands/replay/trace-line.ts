/** A line of `trace -j`, as far as it is read here. */
export interface TraceLine {
  readonly event?: unknown;
  readonly [name: string]: unknown;
}
