import type { Kernel } from '../sys/index.ts';
import { parseSymbol } from './kallsyms.ts';

/** One reading of /proc/kallsyms, kept as bytes, in which single addresses and names are looked up. */
export class SymbolTable {
  readonly #text: Buffer;
  readonly #names = new Map<bigint, string | undefined>();

  constructor(kernel: Kernel) {
    let bytes: Uint8Array;
    try {
      bytes = kernel.readFile('/proc/kallsyms');
    } catch {
      bytes = new Uint8Array(0);
    }
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Name of the symbol at exactly this address. Programs call few functions, and those often: answers are kept. */
  nameAt(address: bigint): string | undefined {
    if (this.#names.has(address)) return this.#names.get(address);
    const name = this.#nameAt(address.toString(16).padStart(16, '0'));
    this.#names.set(address, name);
    return name;
  }

  /** Looks for the lower half, since all addresses of a kernel begin alike, which makes a search for the whole slow. */
  #nameAt(digits: string): string | undefined {
    const text = this.#text;
    const lower = `${digits.slice(8)} `;
    for (let at = text.indexOf(lower, 8, 'latin1'); at >= 0; at = text.indexOf(lower, at + 1, 'latin1')) {
      const start = at - 8;
      const isLine = start === 0 || text[start - 1] === 10;
      if (!isLine || text.toString('latin1', start, at) !== digits.slice(0, 8)) continue;
      const end = text.indexOf(10, at);
      return parseSymbol(text, start, end < 0 ? text.length : end).name;
    }
    return undefined;
  }

  /** Address of the symbol `name`; 0n where the kernel hides addresses. */
  addressOf(name: string): bigint | undefined {
    for (const end of ['\n', '\t']) {
      const symbol = this.#lineWith(` ${name}${end}`);
      if (symbol !== undefined) return symbol.address;
    }
    return undefined;
  }

  #lineWith(part: string): { name: string; address: bigint } | undefined {
    const at = this.#text.indexOf(part, 0, 'latin1');
    if (at < 0) return undefined;
    const start = this.#text.lastIndexOf(10, at) + 1;
    const end = this.#text.indexOf(10, at + 1);
    return parseSymbol(this.#text, start, end < 0 ? this.#text.length : end);
  }
}
