import { type Btf, compileValueDecoder, compileValuePrinter, trySizeOf, type ValuePrinter } from '../btf/index.ts';
import { alignUp, toHex } from '../bytes/index.ts';
import { TsbpfError } from '../errors/index.ts';
import { isPerCpu } from '../uapi/index.ts';
import type { ElementValue } from '../kernel/index.ts';
import type { TracedMap } from './objects.ts';

/** The type of the keys or values of a map. */
export interface HalfTypes {
  readonly btf: Btf;
  readonly typeId: number;
}

/** How keys or values of a map are read: by their type, else as numbers of 1, 2, 4 or 8 bytes, else as bytes. */
export class ElementFormat {
  /** Bytes of one key, or of one processor's value. */
  readonly size: number;
  /** Bytes from one processor's value to the next, 0 where there is one value. */
  readonly step: number;
  readonly #btf: Btf | undefined;
  readonly #typeId: number;
  #text: ValuePrinter | undefined;
  #json: ValuePrinter | undefined;
  #decode: ((bytes: Uint8Array, at?: number) => ElementValue) | undefined;

  constructor(map: TracedMap, half: 'key' | 'value', types: HalfTypes | undefined) {
    this.size = half === 'key' ? map.keySize : map.valueSize;
    this.step = half === 'value' && isPerCpu(map.type) ? alignUp(map.valueSize, 8) : 0;
    // A type that does not fit is none.
    const fits = types !== undefined && types.typeId !== 0 && trySizeOf(types.btf, types.typeId) === this.size;
    this.#btf = fits ? types.btf : undefined;
    this.#typeId = fits ? types.typeId : 0;
  }

  /** Whether a type says what the bytes mean. */
  get isTyped(): boolean {
    return this.#btf !== undefined;
  }

  /** Whether no type and no size says what the bytes mean. */
  get isBytes(): boolean {
    return this.#btf === undefined && ![1, 2, 4, 8].includes(this.size);
  }

  /** Writes one key, or one processor's value, for people. */
  get text(): ValuePrinter {
    this.#text ??= this.#printer({ plain: true });
    return this.#text;
  }

  /** Writes it as JSON. */
  get json(): ValuePrinter {
    this.#json ??= this.#printer({ plain: false });
    return this.#json;
  }

  #printer({ plain }: { readonly plain: boolean }): ValuePrinter {
    const btf = this.#btf;
    if (btf !== undefined) {
      try {
        return compileValuePrinter(btf, this.#typeId, { plain, pretty: false, depth: 0, fullText: true });
      } catch (error) {
        if (!(error instanceof TsbpfError)) throw error;
      }
    }
    const { size } = this;
    return (sink, bytes, at) => {
      const text = plain ? rawText(bytes, at, size) : rawJson(bytes, at, size);
      sink.reserve(text.length);
      for (let i = 0; i < text.length; i++) sink.buf[sink.pos + i] = text.charCodeAt(i);
      sink.pos += text.length;
      return 0;
    };
  }

  /** One key or value in JavaScript: by its type, else a number, else bytes. Of several processors an array. */
  decode(bytes: Uint8Array): ElementValue {
    if (this.step > 0 && bytes.length > this.step) {
      const values: ElementValue[] = [];
      for (let at = 0; at + this.size <= bytes.length; at += this.step) values.push(this.#one(bytes, at));
      return values;
    }
    return this.#one(bytes, 0);
  }

  #one(bytes: Uint8Array, at: number): ElementValue {
    if (this.#btf !== undefined && this.#decode === undefined) {
      try {
        this.#decode = compileValueDecoder(this.#btf, this.#typeId);
      } catch (error) {
        if (!(error instanceof TsbpfError)) throw error;
      }
    }
    this.#decode ??= (all, from = 0) => rawNumber(all, from, this.size) ?? all.slice(from, from + this.size);
    return this.#decode(bytes, at);
  }
}

/** A number of 1, 2, 4 or 8 bytes; undefined for other sizes. */
export function rawNumber(bytes: Uint8Array, at: number, size: number): number | bigint | undefined {
  const byte = (index: number) => bytes[at + index] ?? 0;
  const word = (from: number) =>
    (byte(from) | (byte(from + 1) << 8) | (byte(from + 2) << 16)) + byte(from + 3) * 0x100_0000;
  switch (size) {
    case 1:
      return byte(0);
    case 2:
      return byte(0) | (byte(1) << 8);
    case 4:
      return word(0);
    case 8: {
      const high = word(4);
      return high < 0x20_0000 ? high * 0x1_0000_0000 + word(0) : (BigInt(high) << 32n) | BigInt(word(0));
    }
    default:
      return undefined;
  }
}

/** Bytes without a type shown for people, unless more are asked for. */
const shownBytes = 64;

function rawText(bytes: Uint8Array, at: number, size: number): string {
  return String(rawNumber(bytes, at, size) ?? bytesText(bytes.subarray(at, at + size), size));
}

function rawJson(bytes: Uint8Array, at: number, size: number): string {
  return String(rawNumber(bytes, at, size) ?? `"${toHex(bytes.subarray(at, at + size))}"`);
}

/** `[0a 0b 0c …]`: the first bytes of `size`. */
export function bytesText(bytes: Uint8Array, size: number, most = shownBytes): string {
  const shown = bytes.subarray(0, most);
  const rest = size - shown.length;
  return `[${toHex(shown, ' ')}${rest > 0 ? `${shown.length > 0 ? ' ' : ''}… ${rest} more` : ''}]`;
}
