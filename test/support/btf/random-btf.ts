// Random but sound BTF: few names, so that equal, nearly equal and forward-declared types meet often.
import { type Btf, BtfBuilder, type NewBtfType } from '../../../src/btf/index.ts';
import type { Random } from './random.ts';

const names = ['a', 'b', 'c', 'd'];

const chance = (random: Random, oneIn: number) => random.below(oneIn) === 0;
const pick = <T>(random: Random, list: readonly T[]) => list[random.below(list.length)]!;

/** A blob of `count` types, split on `base` if there is one. A quarter of the blobs may have circles of references. */
export function randomBtf(random: Random, count: number, base?: Btf): Uint8Array {
  const builder = new BtfBuilder(base === undefined ? {} : { base });
  const first = (base?.typeCount ?? 0) + 1;
  const last = first + count - 1;
  const circles = chance(random, 4);
  const prototypes: number[] = [];
  for (let id = 1; id < first; id++) if (base?.mustType(id).kind === 'func_proto') prototypes.push(id);
  for (let id = first; id <= last; id++) {
    const reference = () => random.below(circles ? last + 1 : id);
    const type = randomType(random, { reference, any: () => random.below(last + 1), prototypes });
    if (type.kind === 'func_proto') prototypes.push(id);
    builder.add(type);
  }
  return builder.finish();
}

interface Ids {
  /** A type that a pointer, typedef or the like may refer to. */
  readonly reference: () => number;
  /** A type that a member may have: structs may form circles. */
  readonly any: () => number;
  readonly prototypes: readonly number[];
}

function randomType(random: Random, { reference, any, prototypes }: Ids): NewBtfType {
  const name = pick(random, names);
  const kindFlag = false;
  const choice = random.below(24);
  if (choice < 2) {
    const signed = chance(random, 2);
    return { kind: 'int', name, size: 4, bits: 32, signed, bitOffset: 0, char: false, bool: false };
  }
  if (choice < 5) return { kind: 'ptr', name: '', typeId: reference(), kindFlag };
  if (choice < 9) {
    const members = names
      .slice(0, random.below(3))
      .map((member, i) => ({ name: member, typeId: any(), bitOffset: i * 64, bitSize: 0 }));
    const kind = chance(random, 4) ? 'union' : 'struct';
    return { kind, name: chance(random, 5) ? '' : name, size: 16, kindFlag: chance(random, 5), members };
  }
  if (choice < 11) return { kind: 'fwd', name, isUnion: chance(random, 3) };
  const isForward = chance(random, 2);
  if (choice < 12) {
    const values = isForward ? [] : [{ name: 'x', value: random.below(2) }];
    return { kind: 'enum', name, size: 4, signed: false, values };
  }
  if (choice < 13) {
    const values = isForward ? [] : [{ name: 'x', value: BigInt(random.below(2)) }];
    return { kind: 'enum64', name, size: 8, signed: false, values };
  }
  if (choice < 15) return { kind: 'typedef', name, typeId: reference(), kindFlag };
  if (choice < 16) return { kind: 'const', name: '', typeId: reference(), kindFlag };
  if (choice < 17) {
    return { kind: 'array', name: '', elementTypeId: reference(), indexTypeId: reference(), length: random.below(2) };
  }
  if (choice < 19) {
    const params = chance(random, 2) ? [] : [{ name, typeId: reference() }];
    return { kind: 'func_proto', name: '', returnTypeId: reference(), params };
  }
  if (choice < 20 && prototypes.length > 0) {
    return { kind: 'func', name, typeId: pick(random, prototypes), linkage: random.below(2) };
  }
  if (choice < 21) return { kind: 'float', name, size: 8 };
  if (choice < 22) return { kind: 'type_tag', name, typeId: reference(), kindFlag };
  if (choice < 23) {
    return { kind: 'decl_tag', name, typeId: reference(), kindFlag, componentIndex: random.below(2) - 1 };
  }
  return { kind: 'var', name, typeId: reference(), linkage: 1 };
}
