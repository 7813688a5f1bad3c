import type { Kernel } from '../sys/index.ts';

function parseSymbol(line: string): { name: string; address: bigint } {
  return { address: BigInt(`0x${line.slice(0, 16)}`), name: line.slice(19).split(/[\t ]/)[0]! };
}

/** One reading of /proc/kallsyms, kept as bytes, in which single addresses and names are looked up. */
export class SymbolTable {
  readonly #text: Buffer;

  constructor(kernel: Kernel) {
    let bytes: Uint8Array;
    try {
      bytes = kernel.readFile('/proc/kallsyms');
    } catch {
      bytes = new Uint8Array(0);
    }
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Name of the symbol at exactly this address. */
  nameAt(address: bigint): string | undefined {
    return this.#lineWith(`${address.toString(16).padStart(16, '0')} `, true)?.name;
  }

  /** Address of the symbol `name`; 0n where the kernel hides addresses. */
  addressOf(name: string): bigint | undefined {
    for (const end of ['\n', '\t']) {
      const symbol = this.#lineWith(` ${name}${end}`, false);
      if (symbol !== undefined) return symbol.address;
    }
    return undefined;
  }

  #lineWith(part: string, atStart: boolean): { name: string; address: bigint } | undefined {
    for (let from = 0; ; ) {
      const at = this.#text.indexOf(part, from, 'latin1');
      if (at < 0) return undefined;
      const start = this.#text.lastIndexOf(10, at) + 1;
      if (!atStart || start === at) {
        const end = this.#text.indexOf(10, at + 1);
        return parseSymbol(this.#text.toString('latin1', start, end < 0 ? undefined : end));
      }
      from = at + 1;
    }
  }
}
