import { type BtfImage, Kind } from './btf-image.ts';

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
export function sanitizeBtf(btf: BtfImage, can: BtfAbilities): boolean {
  let changed = false;
  let placeholder = 0;
  const end = btf.typeCount;
  for (let id = 1; id < end; id++) {
    const kind = btf.kind(id);
    const vlen = btf.vlen(id);
    const before: boolean = changed;
    changed = true;
    if ((!can.datasec && kind === Kind.VAR) || (!can.declTag && kind === Kind.DECL_TAG)) {
      // A number of one byte: larger could reach beyond what held the variable.
      btf.setInfo(id, { kind: Kind.INT, vlen: 0 });
      btf.setSize(id, 1);
      btf.setWord(id, 12, 8);
    } else if (!can.datasec && kind === Kind.DATASEC) {
      const variables = btf.variables(id);
      btf.replaceCharacters(btf.nameOffset(id), (character) =>
        character === dot || character === questionMark ? underscore : character,
      );
      btf.setInfo(id, { kind: Kind.STRUCT, vlen });
      variables.forEach(({ typeId, offset }, index) => {
        btf.setWord(id, 12 + index * 12, btf.nameOffset(typeId));
        btf.setWord(id, 16 + index * 12, typeId);
        btf.setWord(id, 20 + index * 12, offset * 8);
      });
    } else if (!can.questionMarkDatasec && kind === Kind.DATASEC && btf.name(id).startsWith('?')) {
      btf.replaceCharacters(btf.nameOffset(id), (character, index) => (index === 0 ? underscore : character));
    } else if (!can.func && kind === Kind.FUNC_PROTO) {
      btf.setInfo(id, { kind: Kind.ENUM, vlen });
      btf.setSize(id, 4);
    } else if (!can.func && kind === Kind.FUNC) {
      btf.setInfo(id, { kind: Kind.TYPEDEF, vlen: 0 });
    } else if (!can.globalFunc && kind === Kind.FUNC) {
      btf.setInfo(id, { kind: Kind.FUNC, vlen: 0 });
    } else if (!can.float && kind === Kind.FLOAT) {
      btf.setNameOffset(id, 0);
      btf.setInfo(id, { kind: Kind.STRUCT, vlen: 0 });
    } else if (!can.typeTag && kind === Kind.TYPE_TAG) {
      btf.setNameOffset(id, 0);
      btf.setInfo(id, { kind: Kind.CONST, vlen: 0 });
    } else if (!can.enum64 && kind === Kind.ENUM) {
      btf.setInfo(id, { kind, vlen });
    } else if (!can.enum64 && kind === Kind.ENUM64) {
      placeholder ||= btf.addType({ name: 'enum64_placeholder', kind: Kind.INT, sizeOrTarget: 1, words: [8] });
      btf.setInfo(id, { kind: Kind.UNION, vlen });
      for (let index = 0; index < vlen; index++) {
        btf.setWord(id, 16 + index * 12, placeholder);
        btf.setWord(id, 20 + index * 12, 0);
      }
    } else {
      changed = before;
    }
  }
  return changed;
}
