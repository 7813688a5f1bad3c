import { Errno, SyscallError } from '../errors/index.ts';
import type { Kernel } from '../sys/index.ts';
import { eachLine } from './lines.ts';

export interface KernelSymbol {
  address: bigint;
  name: string;
  /** Module it belongs to (`bpf` for programs); empty for vmlinux. */
  module: string;
}

const path = '/proc/kallsyms';
const newline = 10;
const space = 32;
const tab = 9;
const decoder = new TextDecoder('latin1');

/**
 * The symbol that starts exactly at each of `addresses`, by address; the first one listed where several share it.
 * Missing addresses are absent. An unreadable or censored (all zero) list gives an empty map.
 */
export function symbolsAt(kernel: Kernel, addresses: Iterable<bigint>): Map<bigint, KernelSymbol> {
  const byText = new Map<string, bigint>();
  for (const address of addresses) if (address !== 0n) byText.set(address.toString(16).padStart(16, '0'), address);
  const found = new Map<bigint, KernelSymbol>();
  if (byText.size === 0) return found;
  // Comparing numbers first avoids a string per line: two halves as 32-bit integers.
  const highs = new Set<number>();
  const lows = new Set<number>();
  for (const address of byText.values()) {
    highs.add(Number(address >> 32n));
    lows.add(Number(address & 0xffff_ffffn));
  }
  scanLines(kernel, (bytes, start, end) => {
    if (!lows.has(hex32(bytes, start + 8)) || !highs.has(hex32(bytes, start))) return true;
    const address = byText.get(decoder.decode(bytes.subarray(start, start + 16)));
    if (address !== undefined && !found.has(address)) found.set(address, parseSymbol(bytes, start, end));
    return true;
  });
  return found;
}

/** Addresses of the symbols with the given names (the first of each name). Missing names are absent. */
export function symbolsNamed(kernel: Kernel, names: Iterable<string>): Map<string, KernelSymbol> {
  const requested = new Set(names);
  const found = new Map<string, KernelSymbol>();
  if (requested.size === 0) return found;
  const lengths = new Set(Array.from(requested, (name) => name.length));
  scanLines(kernel, (bytes, start, end) => {
    const stop = nameEnd(bytes, start + 19, end);
    if (!lengths.has(stop - start - 19)) return true;
    const symbol = parseSymbol(bytes, start, end);
    if (requested.has(symbol.name) && !found.has(symbol.name)) found.set(symbol.name, symbol);
    return found.size < requested.size;
  });
  return found;
}

/**
 * Calls `visit` with the name, the letter of the type and the address, in hexadecimal digits, of each symbol, until it
 * returns false. Throws SyscallError where the list cannot be read.
 */
export function eachSymbol(kernel: Kernel, visit: (name: string, type: string, digits: string) => boolean): void {
  eachLine(kernel, path, (line) => {
    const start = line.indexOf(' ') + 3;
    const end = line.indexOf('\t', start);
    return visit(end < 0 ? line.slice(start) : line.slice(start, end), line[start - 2]!, line.slice(0, start - 3));
  });
}

/** Since 4.17 system calls of most architectures go through wrappers named for the architecture. */
export function hasSyscallWrapper(kernel: Kernel): boolean {
  let wrapped = false;
  eachSymbol(kernel, (name, type) => {
    wrapped = type === 'T' && /^__(x64|arm64|s390x|riscv|loongarch)_sys_bpf$/.test(name);
    return !wrapped;
  });
  return wrapped;
}

type LineVisitor = (bytes: Uint8Array, start: number, end: number) => boolean;

/** Cuts the list into lines without copying, except where a line spans two chunks. */
function scanLines(kernel: Kernel, visit: LineVisitor): void {
  let rest: Uint8Array = new Uint8Array(0);
  try {
    kernel.readChunks(path, (chunk) => {
      let start = 0;
      if (rest.length > 0) {
        const end = chunk.indexOf(newline);
        const line = Buffer.concat([rest, end < 0 ? chunk : chunk.subarray(0, end)]);
        if (end < 0) {
          rest = line;
          return rest.length < 65536;
        }
        start = end + 1;
        if (line.length > 19 && !visit(line, 0, line.length)) return false;
      }
      for (;;) {
        const end = chunk.indexOf(newline, start);
        if (end < 0) break;
        if (end - start > 19 && !visit(chunk, start, end)) return false;
        start = end + 1;
      }
      rest = chunk.slice(start);
      return true;
    });
  } catch (error) {
    if (
      error instanceof SyscallError &&
      (error.errno === Errno.ENOENT || error.errno === Errno.EACCES || error.errno === Errno.EPERM)
    )
      return;
    throw error;
  }
}

function hex32(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const code = bytes[i] ?? 0;
    value = value * 16 + (code < 58 ? code - 48 : (code | 32) - 87);
  }
  return value;
}

function nameEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== tab && bytes[at] !== space) at++;
  return at;
}

/** A line is `ADDRESS TYPE NAME`, then a tab and `[module]` outside vmlinux; addresses have 16 digits. */
export function parseSymbol(bytes: Uint8Array, start: number, end: number): KernelSymbol {
  const stop = nameEnd(bytes, start + 19, end);
  const address = (BigInt(hex32(bytes, start)) << 32n) | BigInt(hex32(bytes, start + 8));
  const module =
    stop < end
      ? decoder
          .decode(bytes.subarray(stop + 1, end))
          .trim()
          .replace(/^\[|\]$/g, '')
      : '';
  return { address, name: decoder.decode(bytes.subarray(start + 19, stop)), module };
}
