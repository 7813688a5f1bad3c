import { lineRecordAt } from '../btf/index.ts';
import { VerifierError } from '../errors/index.ts';
import type { LinkedProgram, ObjectSpec } from '../object/index.ts';
import type { Refusal, SourcePlace } from '../probe/index.ts';

/** The verifier refused a program of an object: with what it takes to say where in the source. */
export class ProgramRefused extends VerifierError {
  readonly refusal: Refusal & { readonly program: string };

  constructor(message: string, spec: ObjectSpec, linked: LinkedProgram, reason: { errno: number; log: string }) {
    super(message, reason.errno, reason.log);
    const sourceOf = (index: number) => sourceOfInstruction(spec, linked, index);
    this.refusal = { program: linked.program.name, ...reason, sourceOf };
  }
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
