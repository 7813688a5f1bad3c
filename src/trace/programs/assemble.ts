import { assemble, encodeInstructions, op, type Statement } from '../../insn/index.ts';

/** The instructions of a program, maps as the descriptors that `maps` has for their names. */
export function assembleProgram(statements: readonly Statement[], maps: Readonly<Record<string, number>>): Uint8Array {
  const named = statements.map((statement) =>
    statement.kind === 'slots' && statement.symbol !== undefined
      ? op.mapAddress(`r${statement.slots[0]!.dst}` as op.Register, maps[statement.symbol]!)
      : statement,
  );
  return encodeInstructions(assemble(named).instructions);
}
