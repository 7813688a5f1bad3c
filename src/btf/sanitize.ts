import type { BtfEdit } from './edit.ts';
import { headWords, Kind } from './records.ts';

/** What the running kernel understands of BTF. */
export interface BtfAbilities {
  readonly func: boolean;
  readonly globalFunc: boolean;
  readonly datasec: boolean;
  readonly float: boolean;
  readonly declTag: boolean;
  readonly typeTag: boolean;
  readonly enum64: boolean;
  readonly questionMarkDatasec: boolean;
}

const dot = 0x2e;
const questionMark = 0x3f;
const underscore = 0x5f;

/**
 * Says in older words, in place, what an older kernel does not understand. Ids and sizes stay the same.
 * Returns false if nothing had to change. Source: libbpf, bpf_object__sanitize_btf.
 */
export function sanitizeBtf(btf: BtfEdit, can: BtfAbilities): boolean {
  let changed = false;
  let placeholder = 0;
  const last = btf.typeCount;
  for (let id = 1; id <= last; id++) {
    const kind = btf.kind(id);
    const vlen = btf.vlen(id);
    const before: boolean = changed;
    changed = true;
    if ((!can.datasec && kind === Kind.var) || (!can.declTag && kind === Kind.decl_tag)) {
      // A number of one byte: larger could reach beyond what held the variable.
      btf.setInfo(id, { kind: Kind.int, vlen: 0 });
      btf.setSize(id, 1);
      btf.setWord(id, headWords, 8);
    } else if (!can.datasec && kind === Kind.datasec) {
      const variables = btf.variables(id);
      btf.replaceCharacters(btf.nameOffset(id), (character) =>
        character === dot || character === questionMark ? underscore : character,
      );
      btf.setInfo(id, { kind: Kind.struct, vlen });
      variables.forEach(({ typeId, offset }, index) => {
        const at = headWords + index * 3;
        btf.setWord(id, at, btf.nameOffset(typeId));
        btf.setWord(id, at + 1, typeId);
        btf.setWord(id, at + 2, offset * 8);
      });
    } else if (!can.questionMarkDatasec && kind === Kind.datasec && btf.name(id).startsWith('?')) {
      btf.replaceCharacters(btf.nameOffset(id), (character, index) => (index === 0 ? underscore : character));
    } else if (!can.func && kind === Kind.func_proto) {
      btf.setInfo(id, { kind: Kind.enum, vlen });
      btf.setSize(id, 4);
    } else if (!can.func && kind === Kind.func) {
      btf.setInfo(id, { kind: Kind.typedef, vlen: 0 });
    } else if (!can.globalFunc && kind === Kind.func) {
      btf.setInfo(id, { kind: Kind.func, vlen: 0 });
    } else if (!can.float && kind === Kind.float) {
      btf.setNameOffset(id, 0);
      btf.setInfo(id, { kind: Kind.struct, vlen: 0 });
    } else if (!can.typeTag && kind === Kind.type_tag) {
      btf.setNameOffset(id, 0);
      btf.setInfo(id, { kind: Kind.const, vlen: 0 });
    } else if (!can.enum64 && kind === Kind.enum) {
      btf.setInfo(id, { kind, vlen });
    } else if (!can.enum64 && kind === Kind.enum64) {
      placeholder ||= btf.addType({ name: 'enum64_placeholder', kind: Kind.int, sizeOrType: 1, tail: [8] });
      btf.setInfo(id, { kind: Kind.union, vlen });
      for (let index = 0; index < vlen; index++) {
        btf.setWord(id, headWords + index * 3 + 1, placeholder);
        btf.setWord(id, headWords + index * 3 + 2, 0);
      }
    } else {
      changed = before;
    }
  }
  return changed;
}
