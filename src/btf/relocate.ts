import { ParseError } from '../errors/index.ts';
import { writeBtf } from './header.ts';
import { idsThatBegin } from './names.ts';
import { Btf } from './parse.ts';
import type { RecordView } from './record-view.ts';
import { forEachStringWord, forEachTypeIdWord, isComposite, isModifierKind, Kind } from './records.ts';

/** A split BTF that does not fit its base. */
export class BtfRelocationError extends ParseError {
  /** What libbpf says of it. */
  readonly words: string;
  /** False where a string is missing from the base, which libbpf reports with another errno (ENOENT) than all else. */
  readonly isInvalid: boolean;

  constructor(words: string, options: { isInvalid: boolean }) {
    super('BTF', 0, words);
    this.words = words;
    this.isInvalid = options.isInvalid;
  }
}

const invalid = (words: string) => new BtfRelocationError(words, { isInvalid: true });

/**
 * The types of a split BTF that was made over a distilled base (the section `.BTF.base` of a module), over the base itself:
 * references to distilled types become references to the base's types of the same name, and the same size where that
 * matters. Throws BtfRelocationError, in libbpf's words, where a type has no counterpart or several.
 * Source: btf__relocate of libbpf.
 */
export function relocateBtf(split: Btf, base: Btf): Btf {
  const distilled = split.base;
  if (distilled === undefined) throw invalid('expected BTF that is split on a distilled base');
  checkDistilled(distilled.records);
  const matcher = new Matcher(distilled.records, base.records, embeddedIds(split.records, distilled.records));
  const words = split.words.slice();
  const idShift = base.typeCount - distilled.typeCount;
  const stringShift = base.stringEnd - distilled.stringEnd;
  const { ids, strings } = matcher.match();
  for (let id = split.firstId; id <= split.typeCount; id++) {
    forEachTypeIdWord(words, split.records.recordStart(id)!, (i) => {
      words[i] = words[i]! > distilled.typeCount ? words[i]! + idShift : ids[words[i]!]!;
    });
  }
  for (let id = split.firstId; id <= split.typeCount; id++) {
    forEachStringWord(words, split.records.recordStart(id)!, (i) => {
      const offset = words[i]!;
      if (offset === 0) return;
      const mapped = offset >= distilled.stringEnd ? offset + stringShift : strings.get(offset);
      if (mapped === undefined) {
        const words = `string '' [offset ${offset}] is not mapped to base BTF`;
        throw new BtfRelocationError(words, { isInvalid: false });
      }
      words[i] = mapped;
    });
  }
  const bytes = writeBtf({ words, strings: split.records.strings, littleEndian: split.littleEndian });
  return new Btf(bytes, { base, pointerSize: split.pointerSize });
}

const distilledKinds: readonly number[] = [Kind.int, Kind.float, Kind.enum, Kind.struct, Kind.union, Kind.fwd];

/** A distilled base holds named types only, without their members. */
function checkDistilled(distilled: RecordView): void {
  for (let id = 1; id <= distilled.typeCount; id++) {
    const kind = distilled.kind(id);
    if (!distilledKinds.includes(kind)) {
      throw invalid(`type [${id}] in distilled based BTF has unexpected kind [${kind}]`);
    }
    if (distilled.nameOffset(id) === 0) {
      throw invalid(`type [${id}], kind [${kind}] is invalid for distilled base BTF; it is anonymous`);
    }
  }
}

/** Distilled structs and unions that are members of split ones, not behind a pointer: their sizes must be the base's. */
function embeddedIds(split: RecordView, distilled: RecordView): Set<number> {
  const embedded = new Set<number>();
  for (let id = split.firstId; id <= split.typeCount; id++) {
    if (!isComposite(split.kind(id))) continue;
    forEachTypeIdWord(split.words, split.recordStart(id)!, (i) => {
      const part = partOf(split, split.words[i]!);
      if (part > 0 && part <= distilled.typeCount && isComposite(split.kind(part))) embedded.add(part);
    });
  }
  return embedded;
}

/** What a member consists of: behind qualifiers, typedefs and arrays. */
function partOf(types: RecordView, id: number): number {
  let at = id;
  for (let steps = 0; steps <= types.typeCount; steps++) {
    const kind = types.kind(at);
    if (kind === Kind.array) at = types.tail(at, 0);
    else if (kind === Kind.typedef || isModifierKind(kind)) at = types.target(at);
    else return at;
  }
  throw invalid(`type [${id}] stands for no concrete type`);
}

/** Finds the base's types for those of a distilled base. */
class Matcher {
  readonly #distilled: RecordView;
  readonly #base: RecordView;
  readonly #embedded: ReadonlySet<number>;
  /** Ids of distilled types by name. */
  readonly #byName = new Map<string, number[]>();

  constructor(distilled: RecordView, base: RecordView, embedded: ReadonlySet<number>) {
    this.#distilled = distilled;
    this.#base = base;
    this.#embedded = embedded;
    for (let id = 1; id <= distilled.typeCount; id++) {
      const name = distilled.name(id);
      const known = this.#byName.get(name);
      if (known === undefined) this.#byName.set(name, [id]);
      else known.push(id);
    }
    // Of types of one name the larger are looked at first.
    for (const ids of this.#byName.values()) ids.sort((a, b) => distilled.size(b) - distilled.size(a) || a - b);
  }

  /** Ids of the base by distilled id, and string offsets of the base by distilled offset. */
  match(): { ids: Uint32Array; strings: Map<number, number> } {
    const [distilled, base] = [this.#distilled, this.#base];
    const ids = new Uint32Array(distilled.typeCount + 1);
    const strings = new Map<number, number>();
    const candidates = this.#candidates();
    const composites = new Map<number, number>();
    for (const { id } of candidates) {
      const name = base.nameOffset(id);
      if (isComposite(base.kind(id))) composites.set(name, (composites.get(name) ?? 0) + 1);
    }
    for (const { id, name } of candidates) {
      const candidate = { id, isAmbiguous: (composites.get(base.nameOffset(id)) ?? 0) > 1 };
      for (const distilledId of this.#byName.get(name)!) {
        if (!this.#isAlike(distilledId, candidate)) continue;
        if (ids[distilledId] !== 0) {
          const both = `(ids [${id}, ${ids[distilledId]}])`;
          const type = `distilled base BTF type '${name}' [${distilledId}], size ${base.size(id)}`;
          throw invalid(`${type} has multiple candidates of the same size ${both} in base BTF`);
        }
        ids[distilledId] = id;
        strings.set(distilled.nameOffset(distilledId), base.nameOffset(id));
      }
    }
    for (let id = 1; id <= distilled.typeCount; id++) {
      if (ids[id] !== 0) continue;
      throw invalid(`distilled base BTF type '${distilled.name(id)}' [${id}] is not mapped to base BTF id`);
    }
    return { ids, strings };
  }

  /** The base's types that have the name of a distilled one, ascending. */
  #candidates(): { id: number; name: string }[] {
    if (this.#byName.size === 0) return [];
    return idsThatBegin(this.#base, [...this.#byName.keys()])
      .map((id) => ({ id, name: this.#base.name(id) }))
      .filter(({ name }) => this.#byName.has(name));
  }

  /** Whether a type of the base may stand for a distilled one of its name. */
  #isAlike(distilledId: number, candidate: Candidate): boolean {
    const { id, isAmbiguous } = candidate;
    const [distilled, base] = [this.#distilled, this.#base];
    const kind = base.kind(id);
    const sameSize = base.size(id) === distilled.size(distilledId);
    switch (distilled.kind(distilledId)) {
      case Kind.fwd:
        if (kind === Kind.fwd) return distilled.kindFlag(distilledId) === base.kindFlag(id);
        if (!isComposite(kind) || (isAmbiguous && !sameSize)) return false;
        // libbpf asks the base's flag, which says of a struct that it has bit-fields.
        return base.kindFlag(id) === (kind === Kind.union);
      case Kind.int:
        return kind === Kind.int && sameSize && sameEncoding(distilled.tail(distilledId, 0), base.tail(id, 0));
      case Kind.float:
        return kind === Kind.float && sameSize;
      case Kind.enum:
        // Enumerations of either width are distilled to one.
        return (kind === Kind.enum || kind === Kind.enum64) && sameSize;
      default:
        return this.#isAlikeComposite(distilledId, candidate);
    }
  }

  #isAlikeComposite(distilledId: number, { id, isAmbiguous }: Candidate): boolean {
    const kind = this.#base.kind(id);
    const sameSize = this.#base.size(id) === this.#distilled.size(distilledId);
    // What else there may be of the name, libbpf takes for the struct: it compares no more than names.
    if (kind === Kind.fwd) return !this.#embedded.has(distilledId) || sameSize;
    const needsSize = isAmbiguous || this.#embedded.has(distilledId) || !isComposite(kind);
    return matchable.includes(kind) && (!needsSize || sameSize);
  }
}

/** A type of the base. */
interface Candidate {
  readonly id: number;
  /** Several structs or unions of the base have its name. */
  readonly isAmbiguous: boolean;
}

/** Kinds of the base that are looked at. */
const matchable: readonly number[] = [Kind.int, Kind.float, Kind.enum, Kind.enum64, Kind.struct, Kind.union];

function sameEncoding(a: number, b: number): boolean {
  return ((a ^ b) & 0x0f00_0000) === 0;
}
