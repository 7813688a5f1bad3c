/** A symbol as the table of an input has it; names stay offsets until they are asked for. */
export interface InputSymbol {
  readonly nameOffset: number;
  /** STT_* */
  readonly type: number;
  /** STB_* */
  readonly binding: number;
  readonly other: number;
  readonly section: number;
  readonly value: bigint;
  readonly size: bigint;
}

/** A symbol of the output. */
export interface OutputSymbol {
  readonly name: number;
  type: number;
  binding: number;
  other: number;
  section: number;
  value: bigint;
  size: bigint;
}

export const symbolSize = 24;
const visibilityMask = 3;

export const visibilityOf = (symbol: { other: number }) => symbol.other & visibilityMask;

/** Sets the visibility (STV_…) in `st_other` and leaves its other bits. */
export function setVisibility(symbol: OutputSymbol, visibility: number): void {
  symbol.other = (symbol.other & ~visibilityMask) | visibility;
}

/** The whole entries of an ELF64 symbol table; bytes behind the last one are ignored. */
export function readSymbols(bytes: Uint8Array, littleEndian: boolean): InputSymbol[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const symbols: InputSymbol[] = [];
  for (let at = 0; at + symbolSize <= bytes.length; at += symbolSize) {
    const info = view.getUint8(at + 4);
    symbols.push({
      nameOffset: view.getUint32(at, littleEndian),
      type: info & 15,
      binding: info >> 4,
      other: view.getUint8(at + 5),
      section: view.getUint16(at + 6, littleEndian),
      value: view.getBigUint64(at + 8, littleEndian),
      size: view.getBigUint64(at + 16, littleEndian),
    });
  }
  return symbols;
}

/** An ELF64 symbol table, 24 bytes a symbol. */
export function writeSymbols(symbols: readonly OutputSymbol[], littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(symbols.length * symbolSize);
  const view = new DataView(bytes.buffer);
  for (const [i, symbol] of symbols.entries()) {
    const at = i * symbolSize;
    view.setUint32(at, symbol.name, littleEndian);
    view.setUint8(at + 4, (symbol.binding << 4) | symbol.type);
    view.setUint8(at + 5, symbol.other);
    view.setUint16(at + 6, symbol.section, littleEndian);
    view.setBigUint64(at + 8, BigInt.asUintN(64, symbol.value), littleEndian);
    view.setBigUint64(at + 16, symbol.size, littleEndian);
  }
  return bytes;
}
