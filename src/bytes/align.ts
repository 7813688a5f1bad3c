/** The smallest multiple of `alignment` (any positive integer) that is >= `value`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
