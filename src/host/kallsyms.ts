import type { Kernel } from '../sys/index.ts';

export interface KernelSymbol {
  readonly address: bigint;
  readonly name: string;
  /** Empty for vmlinux. */
  readonly module: string;
}

const parseLine = (line: string): KernelSymbol | undefined => {
  const match = /^([0-9a-f]+) \S (\S+)(?:\s+\[(\S+)\])?$/.exec(line);
  if (match === null) return undefined;
  return { address: BigInt(`0x${match[1]}`), name: match[2]!, module: match[3] ?? '' };
};

/** Calls `visit` for every line of /proc/kallsyms until it returns false; holds one chunk in memory. */
export function walkSymbols(kernel: Kernel, visit: (line: string) => boolean): void {
  const decoder = new TextDecoder('latin1');
  let rest = '';
  kernel.readChunks('/proc/kallsyms', (chunk) => {
    const lines = (rest + decoder.decode(chunk)).split('\n');
    rest = lines.pop()!;
    return lines.every(visit);
  });
}

/** Names of exactly these addresses; what kallsyms hides or lacks is absent. */
export function symbolsAt(kernel: Kernel, addresses: Iterable<bigint>): Map<bigint, KernelSymbol> {
  const wanted = new Set([...addresses].map((address) => address.toString(16).padStart(16, '0')));
  const found = new Map<bigint, KernelSymbol>();
  if (wanted.size === 0) return found;
  walkSymbols(kernel, (line) => {
    if (wanted.has(line.slice(0, 16))) {
      const symbol = parseLine(line);
      if (symbol !== undefined && !found.has(symbol.address)) found.set(symbol.address, symbol);
    }
    return true;
  });
  return found;
}

/** Address of the symbol `name`, or undefined. */
export function symbolAddress(kernel: Kernel, name: string): bigint | undefined {
  let address: bigint | undefined;
  walkSymbols(kernel, (line) => {
    if (!line.includes(name)) return true;
    const symbol = parseLine(line);
    if (symbol?.name !== name) return true;
    address = symbol.address;
    return false;
  });
  return address;
}
