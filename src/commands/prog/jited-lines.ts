import type { Btf } from '../../btf/index.ts';
import type { ProgramArrays } from '../../kernel/index.ts';
import { LineFinder, type SourceLine } from './source-lines.ts';

/** Source lines by address in one function, asked for in ascending order. Each record opens the way to one answer. */
export class JitedLines {
  readonly #source: LineFinder;
  /** Addresses of machine code, one for each line record. */
  readonly #addresses: readonly bigint[];
  readonly #end: number;
  #next: number;

  /** The function's records are those from `start` up to `end`. */
  constructor(source: LineFinder, addresses: readonly bigint[], start: number, end: number) {
    this.#source = source;
    this.#addresses = addresses;
    this.#next = start;
    this.#end = end;
  }

  at(address: bigint): SourceLine | undefined {
    if (this.#next >= this.#end || address < this.#addresses[this.#next]!) return undefined;
    let record = this.#next++;
    while (record + 1 < this.#end && address >= this.#addresses[record + 1]!) record++;
    return this.#source.line(record);
  }
}

/**
 * The source lines of each function; none where the kernel does not tell enough. `broken`: the addresses do not go with
 * the functions. Source: bpf_prog_linfo.c of libbpf 1.8.
 */
export function findJitedLines(arrays: ProgramArrays, btf: Btf | undefined): JitedLines[] | 'broken' {
  const { info, jitedLineInfo: addresses, jitedLengths: lengths, jitedSymbols: functions } = arrays;
  const enough =
    arrays.lineInfo.length > 0 &&
    functions.length > 0 &&
    lengths.length === functions.length &&
    addresses.length === info.lineInfoCount;
  if (btf === undefined || !enough) return [];
  const starts = startsOf(addresses, functions, lengths);
  if (starts === undefined) return 'broken';
  const source = new LineFinder(arrays, btf);
  return starts.map((start, i) => new JitedLines(source, addresses, start, starts[i + 1] ?? addresses.length));
}

/** First record of each function: the one at its address. Undefined where they are not all there in order. */
function startsOf(
  addresses: readonly bigint[],
  functions: readonly bigint[],
  lengths: readonly number[],
): number[] | undefined {
  // Functions lie anywhere in memory: only inside one do addresses ascend.
  if (addresses[0] !== functions[0]) return undefined;
  const starts = [0];
  for (let i = 1; i < addresses.length && starts.length < functions.length; i++) {
    const [before, address] = [addresses[i - 1]!, addresses[i]!];
    const current = starts.length - 1;
    if (address === functions[starts.length]) {
      // The last line of a function must begin within it.
      if (before - functions[current]! + 1n > BigInt(lengths[current]!)) return undefined;
      starts.push(i);
    } else if (address <= before) return undefined;
  }
  return starts.length === functions.length ? starts : undefined;
}
