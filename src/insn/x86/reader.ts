import { conditions, legacyRegisterName, registerName, type Size } from './registers.ts';

const longest = 15;
const segments: Readonly<Record<number, string>> = {
  38: '%es:',
  46: '%cs:',
  54: '%ss:',
  62: '%ds:',
  100: '%fs:',
  101: '%gs:',
};

/** An operand that is a register or a place in memory. */
type Place = { readonly register: number } | { readonly memory: string };

/**
 * Reads the parts of one instruction in the order in which they are encoded. Reading past the end yields zeros and
 * sets `short`. Source of the encoding: Intel's manual, volume 2, chapter 2.
 */
export class InstructionReader {
  readonly #code: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  readonly #address: bigint;
  #at: number;
  /** Whether the code ended inside the instruction, or it is longer than any may be. */
  short = false;
  /** Operands are of 16 bits unless REX.W says 64. */
  narrow = false;
  /** The last of the prefixes F2 and F3, or 0. */
  repeat = 0;
  rex = 0;
  #segment = '';
  #place: Place = { register: 0 };
  /** The field of three bits in the ModRM byte, without REX.R: it extends some operation codes. */
  extension = 0;
  #register = 0;

  /** `address` is that of `code[start]`. */
  constructor(code: Uint8Array, start: number, address: bigint) {
    this.#code = code;
    this.#start = start;
    this.#at = start;
    this.#end = Math.min(code.length, start + longest);
    this.#address = address;
  }

  get length(): number {
    return this.#at - this.#start;
  }

  byte(): number {
    if (this.#at >= this.#end) {
      this.short = true;
      return 0;
    }
    return this.#code[this.#at++]!;
  }

  /** Reads prefixes and REX; answers the byte after them. */
  prefixes(): number {
    for (;;) {
      const byte = this.byte();
      if (byte === 0x66) this.narrow = true;
      else if (byte === 0xf2 || byte === 0xf3) this.repeat = byte;
      else if (segments[byte] !== undefined) this.#segment = segments[byte];
      else if ((byte & 0xf0) === 0x40) {
        this.rex = byte;
        return this.byte();
      } else return byte;
    }
  }

  get wide(): boolean {
    return (this.rex & 8) !== 0;
  }

  get hasSegment(): boolean {
    return this.#segment !== '';
  }

  /** Size of operands that are not bytes. */
  get size(): Exclude<Size, 'b'> {
    return this.wide ? 'q' : this.narrow ? 'w' : 'l';
  }

  /** A register whose number is the low bits of the operation code. */
  lowRegister(opcode: number, size: Size): string {
    return this.#nameOf((opcode & 7) | ((this.rex & 1) << 3), size);
  }

  /** Reads ModRM and what of SIB and displacement it asks for. */
  modrm(): this {
    const byte = this.byte();
    this.extension = (byte >> 3) & 7;
    this.#register = this.extension | ((this.rex & 4) << 1);
    const base = (byte & 7) | ((this.rex & 1) << 3);
    this.#place = byte >= 0xc0 ? { register: base } : { memory: this.#segment + this.#memory(byte >> 6, byte & 7) };
    return this;
  }

  /** The operand that ModRM names by register. */
  reg(size: Size): string {
    return this.#nameOf(this.#register, size);
  }

  /** The operand that is a register or memory. */
  rm(size: Size): string {
    return 'memory' in this.#place ? this.#place.memory : this.#nameOf(this.#place.register, size);
  }

  #nameOf(register: number, size: Size): string {
    return this.rex === 0 ? legacyRegisterName(register, size) : registerName(register, size);
  }

  get isMemory(): boolean {
    return 'memory' in this.#place;
  }

  #memory(mode: number, low: number): string {
    if (mode === 0 && low === 5) return `${this.signed(4) || ''}(%rip)`;
    if (low !== 4) {
      const displacement = mode === 0 ? 0n : this.signed(mode === 1 ? 1 : 4);
      return `${displacement || ''}(${registerName(low | ((this.rex & 1) << 3), 'q')})`;
    }
    const sib = this.byte();
    const index = ((sib >> 3) & 7) | ((this.rex & 2) << 2);
    const base = (sib & 7) | ((this.rex & 1) << 3);
    const noBase = mode === 0 && (sib & 7) === 5;
    const displacement = mode === 0 && !noBase ? 0n : this.signed(mode === 1 ? 1 : 4);
    const scale = 1 << (sib >> 6);
    // Without an index a scale means nothing, but a base that needs no SIB byte shows that there is one.
    const hidden = index === 4 && scale === 1 && ((sib & 7) === 4 || noBase);
    if (hidden && noBase) return String(displacement);
    const indexName = index === 4 ? '%riz' : registerName(index, 'q');
    const inner = `${noBase ? '' : registerName(base, 'q')}${hidden ? '' : `,${indexName}`}`;
    return `${displacement || ''}(${inner}${scale === 1 ? '' : `,${scale}`})`;
  }

  /** A signed little-endian number of 1, 2, 4 or 8 bytes. */
  signed(bytes: number): bigint {
    return BigInt.asIntN(bytes * 8, this.unsigned(bytes));
  }

  unsigned(bytes: number): bigint {
    let value = 0n;
    for (let i = 0n; i < bytes; i++) value |= BigInt(this.byte()) << (8n * i);
    return value;
  }

  /** An immediate of the operands' size, at most 4 bytes: those of 64-bit operands are signed, others are not. */
  immediate(size: Size): string {
    if (size === 'b') return `$${this.signed(1)}`;
    return `$${size === 'q' ? this.signed(4) : this.unsigned(size === 'w' ? 2 : 4)}`;
  }

  /** Reads a distance of 1 or 4 bytes from the end of the instruction; answers the address it leads to. */
  target(bytes: number): string {
    const distance = this.signed(bytes);
    return `0x${BigInt.asUintN(64, this.#address + BigInt(this.length) + distance).toString(16)}`;
  }

  condition(opcode: number): string {
    return conditions[opcode & 15]!;
  }
}
