import { op, type Statement } from '../../insn/index.ts';
import {
  ItemStatus,
  largestStream,
  maxItems,
  Piece,
  PieceSource,
  pieceSizes,
  queueEntrySize,
  queueLength,
  RecordKind,
  Slot,
  SlotFlag,
} from '../format.ts';
import { addressOf, Stack } from './fragments.ts';

const { alu, at, call, goto, jump, label, load, mapAddress, store } = op;

/** Rounds of the loop: enough for the largest things, and little enough for the verifier. */
const rounds = largestStream / pieceSizes.at(-1)! + 2 * queueLength;

/**
 * Sends what waits in the slot's queue (r7) in pieces. What cannot be sent is left out, and the record says so. Where the
 * loop stands is kept in memory, so that the verifier sees each round alike. r6 and r9 are lost.
 */
export function sendPieces(): Statement[] {
  return [
    store('u32', at('r7', Slot.queueIndex), 0),
    store('u32', at('r7', Slot.queuePosition), 0),
    alu('=', 'r9', 0),
    label('pieces'),
    jump('>=', 'r9', rounds, 'pieces_end'),
    alu('+=', 'r9', 1),
    load('u32', 'r1', at('r7', Slot.queueIndex)),
    load('u32', 'r2', at('r7', Slot.queueCount)),
    jump('>=', 'r1', 'r2', 'pieces_end'),
    jump('>=', 'r1', queueLength, 'pieces_end'),
    alu('*=', 'r1', queueEntrySize),
    alu('+=', 'r1', 'r7'),
    store('u64', Stack.pointer, 'r1'),
    load('u32', 'r2', at('r1', Slot.queue + 8)),
    load('u32', 'r3', at('r7', Slot.queuePosition)),
    jump('>=', 'r3', 'r2', 'piece_last'),
    alu('-=', 'r2', 'r3'),
    store('u64', Stack.length, 'r2'),
    // The verifier takes only a constant as the size of a record: there is one copy of the code for each size, and the
    // smallest that holds the rest is used.
    ...pieceSizes.flatMap((_, index) =>
      index === 0
        ? []
        : [jump('>', 'r2', pieceSizes[pieceSizes.length - 1 - index]!, `send${pieceSizes.length - index}`)],
    ),
    ...pieceSizes.flatMap((size, index) => [label(`send${index}`), ...sendPiece(size, `piece${index}`)]),

    label('piece_last'),
    // Types that were sent as a whole are not sent again.
    load('u64', 'r1', Stack.pointer),
    load('u32', 'r2', at('r1', Slot.queue + 16)),
    jump('!=', 'r2', PieceSource.types, 'piece_next'),
    load('u32', 'r2', at('r1', Slot.queue + 12)),
    store('u64', Stack.scratch, 'r2'),
    mapAddress('r1', 'sent'),
    ...addressOf('r2', Stack.scratch),
    alu('=', 'r3', 'r2'),
    alu('=', 'r4', 0),
    call('map_update_elem'),
    label('piece_next'),
    store('u32', at('r7', Slot.queuePosition), 0),
    load('u32', 'r1', at('r7', Slot.queueIndex)),
    alu('+=', 'r1', 1),
    store('u32', at('r7', Slot.queueIndex), 'r1'),
    goto('pieces'),

    // What could not be read is tried again after the call: an item's tag is its number.
    label('piece_fault'),
    load('u64', 'r1', Stack.pointer),
    load('u32', 'r2', at('r1', Slot.queue + 16)),
    jump('!=', 'r2', PieceSource.user, 'piece_next'),
    load('u32', 'r2', at('r1', Slot.queue + 12)),
    jump('>=', 'r2', maxItems, 'piece_next'),
    alu('+=', 'r2', 'r7'),
    store('u8', at('r2', Slot.status), ItemStatus.fault),
    load('u32', 'r1', at('r7', Slot.flags)),
    alu('|=', 'r1', SlotFlag.itemFault),
    store('u32', at('r7', Slot.flags), 'r1'),
    goto('piece_next'),

    label('piece_lost'),
    load('u32', 'r1', at('r7', Slot.flags)),
    alu('|=', 'r1', SlotFlag.pieceLost),
    store('u32', at('r7', Slot.flags), 'r1'),
    goto('piece_next'),
    label('pieces_end'),
    store('u32', at('r7', Slot.queueCount), 0),
  ];
}

/** Sends the next piece, of up to `size` bytes, of what `Stack.pointer` says. */
function sendPiece(size: number, name: string): Statement[] {
  const facts = [
    [Slot.queue + 12, Piece.tag],
    [Slot.queue + 8, Piece.total],
  ] as const;
  return [
    mapAddress('r1', 'ring'),
    alu('=', 'r2', Piece.size + size),
    alu('=', 'r3', 0),
    call('ringbuf_reserve'),
    jump('==', 'r0', 0, 'piece_lost'),
    alu('=', 'r6', 'r0'),
    load('u64', 'r1', Stack.pointer),
    store('u16', at('r6', Piece.kind), RecordKind.piece),
    load('u32', 'r2', at('r1', Slot.queue + 16)),
    store('u16', at('r6', Piece.source), 'r2'),
    load('u32', 'r3', Stack.shownIds),
    store('u32', at('r6', Piece.tid), 'r3'),
    ...facts.flatMap(([from, to]) => [load('u32', 'r3', at('r1', from)), store('u32', at('r6', to), 'r3')]),
    load('u32', 'r3', at('r7', Slot.queuePosition)),
    store('u32', at('r6', Piece.position), 'r3'),
    load('u64', 'r4', at('r1', Slot.queue)),
    alu('+=', 'r3', 'r4'),
    load('u64', 'r5', Stack.length),
    jump('<=', 'r5', size, `${name}_rest`),
    alu('=', 'r5', size),
    label(`${name}_rest`),
    store('u32', at('r6', Piece.length), 'r5'),
    load('u32', 'r4', at('r7', Slot.queuePosition)),
    alu('+=', 'r4', 'r5'),
    store('u32', at('r7', Slot.queuePosition), 'r4'),
    alu('=', 'r1', 'r6'),
    alu('+=', 'r1', Piece.size),
    jump('!=', 'r2', PieceSource.user, `${name}_kernel`),
    alu('=', 'r2', 'r5'),
    call('probe_read_user'),
    goto(`${name}_send`),
    label(`${name}_kernel`),
    alu('=', 'r2', 'r5'),
    call('probe_read_kernel'),
    label(`${name}_send`),
    // A reserved record has to be submitted also if nothing could be read.
    store('u64', at('r6', Piece.fault), 'r0'),
    store('u64', Stack.second, 'r0'),
    alu('=', 'r1', 'r6'),
    alu('=', 'r2', 0),
    call('ringbuf_submit'),
    load('u64', 'r1', Stack.second),
    jump('==', 'r1', 0, 'pieces'),
    goto('piece_fault'),
  ];
}
