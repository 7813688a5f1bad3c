import { type Btf, lineRecordAt } from '../../btf/index.ts';
import type { ProgramArrays } from '../../kernel/index.ts';

/** A source line as the compiler recorded it; leading blanks removed. Line and column count from 1; 0 = unknown. */
export interface SourceLine {
  readonly source: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Source and file with one character for each byte, which plain output has as they are: they may be no UTF-8. */
  readonly bytes: { readonly source: string; readonly file: string };
  /** False where the compiler recorded no text. */
  readonly present: boolean;
}

/** Function types by first instruction, asked for in ascending order: a record that is passed over is never found. */
export function functionStarts(arrays: ProgramArrays, btf: Btf | undefined): { at(index: number): number | undefined } {
  const { functionInfo, info } = arrays;
  const view = new DataView(functionInfo.buffer, functionInfo.byteOffset, functionInfo.byteLength);
  let record = 0;
  return {
    at(index) {
      const at = record * info.functionInfoSize;
      // struct bpf_func_info: instruction offset and type id, 4 bytes each; later kernels may append more.
      if (btf === undefined || at + 8 > view.byteLength || view.getUint32(at, true) !== index) return undefined;
      record++;
      return view.getUint32(at + 4, true);
    },
  };
}

function withoutIndentation(line: string): string {
  return line.replace(/^[ \t\n\v\f\r]+/, '');
}

/** Source lines by instruction, asked for in ascending order. Each record is given out at most once. */
export class LineFinder {
  readonly #view: DataView;
  readonly #size: number;
  readonly #count: number;
  readonly #btf: Btf | undefined;
  /** Records that were given out or passed over. */
  #skip = 0;

  constructor(arrays: ProgramArrays, btf: Btf | undefined) {
    const { lineInfo, info } = arrays;
    this.#view = new DataView(lineInfo.buffer, lineInfo.byteOffset, lineInfo.byteLength);
    this.#size = info.lineInfoSize;
    // struct bpf_line_info has 16 bytes at least.
    this.#count = this.#size < 16 ? 0 : Math.floor(lineInfo.length / this.#size);
    this.#btf = btf;
  }

  at(index: number): SourceLine | undefined {
    if (this.#btf === undefined || this.#skip >= this.#count || index < this.#offset(this.#skip)) return undefined;
    const record = this.#last(index, this.#skip);
    // One record is passed over for each answer, as the reference counts, not all up to the one that was found.
    this.#skip++;
    return this.line(record);
  }

  /** Number of the record that holds for an instruction, asked for in any order. */
  recordFor(index: number): number | undefined {
    if (this.#btf === undefined || this.#count === 0 || index < this.#offset(0)) return undefined;
    let [low, high] = [0, this.#count - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offset(middle) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  line(record: number): SourceLine {
    const { fileName, line, lineNumber, column } = lineRecordAt(this.#view, record * this.#size);
    const text = this.#text(line);
    return {
      source: withoutIndentation(text),
      bytes: { source: withoutIndentation(this.#key(line)), file: this.#key(fileName) },
      file: this.#text(fileName),
      line: lineNumber,
      column,
      present: text !== '',
    };
  }

  #last(index: number, from: number): number {
    let record = from;
    while (record + 1 < this.#count && index >= this.#offset(record + 1)) record++;
    return record;
  }

  #offset(record: number): number {
    return this.#view.getUint32(record * this.#size, true);
  }

  #key(offset: number): string {
    try {
      return this.#btf!.stringKey(offset);
    } catch {
      return '';
    }
  }

  #text(offset: number): string {
    try {
      return this.#btf!.str(offset);
    } catch {
      return '';
    }
  }
}
