/** Size of an operand as AT&T syntax spells it: 1, 2, 4 or 8 bytes. */
export type Size = 'b' | 'w' | 'l' | 'q';

const old = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const highBytes = ['ah', 'ch', 'dh', 'bh'];
const newSuffix: Readonly<Record<Size, string>> = { b: 'b', w: 'w', l: 'd', q: '' };

/** A register as instructions with a REX or VEX prefix number them: byte registers 4 to 7 are the low bytes of SP to DI. */
export function registerName(number: number, size: Size): string {
  if (number >= 8) return `%r${number}${newSuffix[size]}`;
  const name = old[number]!;
  if (size === 'w') return `%${name}`;
  if (size === 'l') return `%e${name}`;
  if (size === 'q') return `%r${name}`;
  return number < 4 ? `%${name[0]}l` : `%${name}l`;
}

/** As `registerName`, without a prefix: there byte registers 4 to 7 are the high bytes of AX to BX. */
export function legacyRegisterName(number: number, size: Size): string {
  return size === 'b' && number >= 4 ? `%${highBytes[number - 4]}` : registerName(number, size);
}

/** Endings of conditional instructions, by the low bits of the operation code. */
export const conditions = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];
