import { assemble, encodeInstructions, op, type Statement, type SymbolReference } from '../../insn/index.ts';

/** Shape of a measurement: how many counters there are, and how many elements of `events` lie between two of them. */
export interface ProfileShape {
  readonly counters: number;
  readonly stride: number;
}

export interface ProfileProgram {
  readonly code: Uint8Array;
  /** Which instruction needs which map. */
  readonly references: readonly SymbolReference[];
}

/** `struct bpf_perf_event_value`: value of the counter, time it was enabled, time it counted, 8 bytes each. */
export const readingSize = 24;
const parts = [0, 8, 16];

const { alu, at, call, exit, jump, label, load, mapAddress, store } = op;

/** Runs when the function begins: puts a reading of each counter into `fentry_readings`. */
export function entryProgram({ counters, stride }: ProfileShape): ProfileProgram {
  const key = at('r10', -4);
  const pointer = (counter: number) => at('r10', -8 * (counter + 2));
  return program([
    call('get_smp_processor_id'),
    alu('=', 'r6', 'r0'),
    // All elements are looked up before the first reading, so that little lies between the reading and the function.
    ...each(counters, (counter) => [
      ...lookUp('fentry_readings', key, counter),
      jump('==', 'r0', 0, 'out'),
      store('u64', pointer(counter), 'r0'),
    ]),
    ...each(counters, (counter) => [...read(counter * stride), load('u64', 'r3', pointer(counter)), ...finishRead()]),
    ...end(),
  ]);
}

/** Runs when the function has ended: counts the run, and adds what each counter went up by to `accum_readings`. */
export function exitProgram({ counters, stride }: ProfileShape): ProfileProgram {
  const key = at('r10', -4);
  const reading = (counter: number) => -8 - readingSize * (counter + 1);
  return program([
    call('get_smp_processor_id'),
    alu('=', 'r6', 'r0'),
    // All readings come before the maps, so that little lies between the function and the reading.
    ...each(counters, (counter) => [
      ...read(counter * stride),
      alu('=', 'r3', 'r10'),
      alu('+=', 'r3', reading(counter)),
      ...finishRead(),
    ]),
    ...lookUp('counts', key, 0),
    jump('==', 'r0', 0, 'out'),
    ...add(at('r0'), 1),
    ...each(counters, (counter) => [
      ...lookUp('fentry_readings', key, counter),
      jump('==', 'r0', 0, `done${counter}`),
      alu('=', 'r7', 'r0'),
      // The function began before the counters were there.
      load('u64', 'r1', at('r7')),
      jump('==', 'r1', 0, `done${counter}`),
      ...lookUp('accum_readings', key, counter),
      jump('==', 'r0', 0, `done${counter}`),
      ...parts.flatMap((part) => [
        load('u64', 'r1', at('r10', reading(counter) + part)),
        load('u64', 'r2', at('r7', part)),
        alu('-=', 'r1', 'r2'),
        ...add(at('r0', part), 'r1'),
      ]),
      label(`done${counter}`),
    ]),
    ...end(),
  ]);
}

function each(counters: number, make: (counter: number) => Statement[]): Statement[] {
  return Array.from({ length: counters }, (_, counter) => make(counter)).flat();
}

/** r0: the element of `map` with this index, or 0. */
function lookUp(map: string, key: op.Place, index: number): Statement[] {
  return [
    store('u32', key, index),
    mapAddress('r1', map),
    alu('=', 'r2', key.base),
    alu('+=', 'r2', key.offset),
    call('map_lookup_elem'),
  ];
}

/** Begins to read the counter of this CPU (r6); what follows says in r3 where the reading goes. */
function read(first: number): Statement[] {
  return [mapAddress('r1', 'events'), alu('=', 'r2', 'r6'), alu('+=', 'r2', first)];
}

function finishRead(): Statement[] {
  return [alu('=', 'r4', readingSize), call('perf_event_read_value'), jump('!=', 'r0', 0, 'out')];
}

function add(to: op.Place, what: op.Register | number): Statement[] {
  return [load('u64', 'r3', to), alu('+=', 'r3', what), store('u64', to, 'r3')];
}

function end(): Statement[] {
  return [label('out'), alu('=', 'r0', 0), exit()];
}

function program(statements: readonly Statement[]): ProfileProgram {
  const { instructions, references } = assemble(statements);
  return { code: encodeInstructions(instructions), references };
}
