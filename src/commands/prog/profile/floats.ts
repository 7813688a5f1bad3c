/** How C computes and prints the ratios: single precision, and two digits after the point. */

/** An unsigned 64-bit number times `factor`, divided by another, each step rounded to single precision. */
export function ratio(value: bigint, factor: number, divisor: bigint): number {
  return Math.fround(Math.fround(toSingle(value) * Math.fround(factor)) / toSingle(divisor));
}

/** The nearest number of single precision; ties go to the even one. */
function toSingle(value: bigint): number {
  let shift = 0n;
  // A double would round first and leave a tie where there was none: what is cut off stays as a last bit.
  while (value >> shift >= 1n << 52n) shift++;
  const cut = (value >> shift) << shift !== value;
  return Math.fround(Number((value >> shift) | (cut ? 1n : 0n))) * 2 ** Number(shift);
}

/** `%.2f` of a number that is not negative: ties go to the even digit, and large numbers are written out. */
export function twoDigits(value: number): string {
  if (value >= 2 ** 53) return `${BigInt(value)}.00`;
  const eighths = value * 8;
  // Only odd eighths lie halfway between two hundredths.
  if (!Number.isInteger(eighths) || eighths % 2 === 0) return value.toFixed(2);
  const below = (BigInt(eighths) * 25n - 1n) / 2n;
  const hundredths = below % 2n === 0n ? below : below + 1n;
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}`;
}
