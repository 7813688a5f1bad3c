/** Elements read together: key `i` at `i * keySize`, value `i` at `i * valueSize` (all CPUs for per-CPU maps). */
export interface ElementBatch {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
  readonly keySize: number;
  readonly valueSize: number;
}
