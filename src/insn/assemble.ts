import { UsageError } from '../errors/index.ts';
import type { Instruction } from './decode.ts';
import type { Statement } from './statements.ts';

/** An instruction whose 64-bit constant is to become the descriptor of what `symbol` names. */
export interface SymbolReference {
  /** Counts 8-byte slots. */
  readonly index: number;
  readonly symbol: string;
}

/** What `assemble` makes of statements. */
export interface Assembled {
  readonly instructions: readonly Instruction[];
  readonly references: readonly SymbolReference[];
}

const kinds: ReadonlySet<unknown> = new Set(['slots', 'jump', 'label']);

/** Lays statements out and resolves their labels. UsageError for a label that is missing, there twice, or too far away. */
export function assemble(statements: readonly Statement[]): Assembled {
  const labels = new Map<string, number>();
  let size = 0;
  if (!Array.isArray(statements)) throw new UsageError('assemble: give a list of statements');
  for (const statement of statements as readonly Statement[]) {
    if (!kinds.has(statement?.kind)) throw new UsageError('assemble: a statement is one that `op` makes');
    if (statement.kind === 'label') {
      if (labels.has(statement.name)) throw new UsageError(`label '${statement.name}' is there twice`);
      labels.set(statement.name, size);
    } else size += statement.kind === 'slots' ? statement.slots.length : 1;
  }
  const instructions: Instruction[] = [];
  const references: SymbolReference[] = [];
  for (const statement of statements) {
    if (statement.kind === 'jump') {
      instructions.push({ ...statement.slot, offset: distance(statement.to, labels, instructions.length) });
    } else if (statement.kind === 'slots') {
      if (statement.symbol !== undefined) references.push({ index: instructions.length, symbol: statement.symbol });
      instructions.push(...statement.slots);
    }
  }
  return { instructions, references };
}

/** Slots between the one after `from` and the label. */
function distance(label: string, labels: ReadonlyMap<string, number>, from: number): number {
  const target = labels.get(label);
  if (target === undefined) throw new UsageError(`there is no label '${label}'`);
  const slots = target - from - 1;
  if (slots < -0x8000 || slots > 0x7fff) throw new UsageError(`label '${label}' is ${slots} instructions away`);
  return slots;
}
