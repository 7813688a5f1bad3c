import { lineRecordAt } from '../btf/index.ts';
import { errnoName, VerifierError } from '../errors/index.ts';
import type { LinkedProgram, ObjectSpec } from '../object/index.ts';
import { type Refusal, type SourcePlace, withoutReport } from '../probe/index.ts';

/** The verifier refused a program of an object: with what it takes to say where in the source. */
export class ProgramRefused extends VerifierError {
  readonly #program: string;
  readonly #sourceOf: (index: number) => SourcePlace | undefined;

  constructor(spec: ObjectSpec, linked: LinkedProgram, reason: { errno: number; log: string }) {
    const { name } = linked.program;
    const last = lastReason(reason.log);
    const text = `prog '${name}': failed to load: ${errnoName(reason.errno)}${last === undefined ? '' : `: ${last}`}`;
    super(text, reason.errno, reason.log);
    this.#program = name;
    this.#sourceOf = (index) => sourceOfInstruction(spec, linked, index);
  }

  /** What `explainRefusal` takes. Not a property of the error's own, which would print the log again. */
  get refusal(): Refusal & { readonly program: string } {
    const { errno, log } = this;
    return { program: this.#program, errno, log, sourceOf: this.#sourceOf };
  }
}

/** The last line of a verifier log before its statistics, which is what it refused the program for. */
function lastReason(log: string): string | undefined {
  const lines = withoutReport(log)
    .split('\n')
    .map((line) => line.trim());
  return lines.findLast((line) => line !== '' && !/^(processed \d+ insns|verification time|stack depth)/.test(line));
}

/** The line record at or before an instruction, within its function. */
function sourceOfInstruction(
  { btf }: ObjectSpec,
  { lineInfo, placements }: LinkedProgram,
  index: number,
): SourcePlace | undefined {
  if (btf === undefined || lineInfo === undefined) return undefined;
  const holder = placements
    .filter(({ offset, program }) => offset <= index && index < offset + program.code.length / 8)
    .at(-1);
  if (holder === undefined) return undefined;
  const { bytes, recordSize } = lineInfo;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let best: { slot: number; at: number } | undefined;
  for (let at = 0; at + recordSize <= bytes.length; at += recordSize) {
    const slot = view.getUint32(at, true);
    if (slot >= holder.offset && slot <= index && slot >= (best?.slot ?? 0)) best = { slot, at };
  }
  if (best === undefined) return undefined;
  const { fileName, line, lineNumber, column } = lineRecordAt(view, best.at);
  return {
    file: btf.text(fileName),
    line: lineNumber,
    column,
    text: btf.text(line).trim(),
    function: holder.program.name,
  };
}
