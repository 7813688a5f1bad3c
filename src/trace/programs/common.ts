import { op, type Statement } from '../../insn/index.ts';
import { TracedCall } from '../calls.ts';
import { Head, largestAttribute, maxItems, Slot } from '../format.ts';
import type { ProgramShape } from './fragments.ts';
import { sendPieces } from './pieces.ts';

const { alu, at, call, goto, jump, label, load, store } = op;

export const args = (index: number): op.Place => at('r7', Slot.record + Head.arguments + index * 8);
export const attributeSection = Slot.record + Head.size;
/** Arguments that stand where a command has its attribute. */
export const argumentBytes = 40;

/** The most items in the plans of a call, and what may be among them. Types are sent only with commands of bpf(2). */
export function sizeOf(traced: TracedCall): { most: number; types: boolean; texts: boolean; isPerf: boolean } {
  return {
    most: [maxItems, 4, 3][traced]!,
    types: traced === TracedCall.bpf,
    texts: true,
    isPerf: traced !== TracedCall.bpf,
  };
}

/** Only commands of bpf(2) have anything large. */
export function sendQueue(shape: ProgramShape, traced: TracedCall): Statement[] {
  if (traced !== TracedCall.bpf) return [];
  return [
    load('u32', 'r1', at('r7', Slot.queueCount)),
    jump('==', 'r1', 0, 'sent'),
    ...onlyMatched(shape),
    ...sendPieces(),
    label('sent'),
  ];
}

/** What concerns a map that nobody asks for is not sent in pieces. */
export function onlyMatched({ filter }: ProgramShape): Statement[] {
  if (filter.objects.length === 0) return [];
  return [
    load('u32', 'r1', at('r7', Slot.matched)),
    jump('!=', 'r1', 0, 'is_wanted'),
    load('u32', 'r1', at('r7', Slot.mapType)),
    jump('==', 'r1', 0, 'is_wanted'),
    store('u32', at('r7', Slot.queueCount), 0),
    goto('sent'),
    label('is_wanted'),
  ];
}

/** Copies as many bytes as the attribute has from one place of the slot to another. */
export function copyWithin(from: number, to: number): Statement[] {
  return [
    load('u32', 'r2', at('r7', Slot.attributeSize)),
    // It is never more; the verifier has to see it.
    alu('&=', 'r2', largestAttribute * 2 - 1),
    ...boundedBy(largestAttribute, `copied${to}`),
    alu('=', 'r1', 'r7'),
    alu('+=', 'r1', to),
    alu('=', 'r3', 'r7'),
    alu('+=', 'r3', from),
    call('probe_read_kernel'),
  ];
}

/** Makes r2 at most `most`, so that the verifier knows it. `name` is a label that is used nowhere else. */
export function boundedBy(most: number, name: string): Statement[] {
  return [jump('<=', 'r2', most, name), alu('=', 'r2', most), label(name)];
}
