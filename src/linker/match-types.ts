import { Kind } from '../btf/index.ts';
import { Errno, ParseError } from '../errors/index.ts';
import { type DiagnosticLog, failure, ObjectError } from '../object/index.ts';
import { readable } from './strings.ts';
import {
  countAt,
  kindAt,
  kindFlagAt,
  kindNameAt,
  linkageOf,
  nameTextOf,
  sizeOrTypeOf,
  skipModifiers,
  tailOf,
  type TypeRecords,
} from './type-records.ts';

/** A type and the types that it refers to. */
export interface TypeAt {
  readonly types: TypeRecords;
  readonly id: number;
}

/** Words of `struct btf_member` (name, type, offset) and of `struct btf_param` (name, type). */
const memberWords = 3;
const parameterWords = 2;
/** Kinds of which the name counts; those of integers and typedefs may differ. */
const named: ReadonlySet<number> = new Set([
  Kind.struct,
  Kind.union,
  Kind.enum,
  Kind.enum64,
  Kind.fwd,
  Kind.func,
  Kind.var,
]);
const sized: ReadonlySet<number> = new Set([Kind.int, Kind.float, Kind.enum, Kind.enum64]);

/**
 * Refuses types of one symbol that differ: exactly as far as no pointer is passed, by name and kind behind pointers.
 * ObjectError, after libbpf's warning. Source: glob_sym_btf_matches of libbpf.
 */
export function checkSameType(symbol: { name: string; log: DiagnosticLog }, known: TypeAt, other: TypeAt): void {
  const comparison = new TypeComparison(symbol, known.types, other.types);
  try {
    comparison.run({ a: known.id, b: other.id, exact: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ObjectError(`global '${symbol.name}': types nest too deep`, Errno.EINVAL, {
      cause: new ParseError('BTF', 0, 'types nest too deep', { cause }),
    });
  }
}

interface Pair {
  readonly a: number;
  readonly b: number;
  /** False behind a pointer. */
  readonly exact: boolean;
}

class TypeComparison {
  readonly #name: string;
  readonly #log: DiagnosticLog;
  readonly #known: TypeRecords;
  readonly #other: TypeRecords;
  /** Pairs that were begun: a difference ends all, so that none need be compared twice, nor circles followed. */
  readonly #begun = new Set<string>();

  constructor({ name, log }: { name: string; log: DiagnosticLog }, known: TypeRecords, other: TypeRecords) {
    this.#name = name;
    this.#log = log;
    this.#known = known;
    this.#other = other;
  }

  run(first: Pair): void {
    let pair: Pair | undefined = first;
    while (pair !== undefined) {
      const key: string = `${pair.a} ${pair.b} ${pair.exact}`;
      if (this.#begun.has(key)) return;
      this.#begun.add(key);
      pair = this.#step(pair);
    }
  }

  #bad(text: string): ObjectError {
    return failure(this.#log, Errno.EINVAL, `global '${this.#name}': ${text}`);
  }

  /** Compares two types; the pair that is left to be compared, if one is. */
  #step(pair: Pair): Pair | undefined {
    const [known, other] = [this.#known, this.#other];
    const a = skipModifiers(known, pair.a);
    const b = skipModifiers(other, pair.b);
    const { exact } = pair;
    const kind = kindAt(known, a);
    // A file that only passes a pointer along need not know what it points to.
    if (!exact && (kind === Kind.fwd) !== (kindAt(other, b) === Kind.fwd)) return this.#forward(a, b);
    const what = kindNameAt(known, a);
    if (kind !== kindAt(other, b)) throw this.#bad(`incompatible BTF kinds ${what} and ${kindNameAt(other, b)}`);
    const name = named.has(kind) ? this.#sameName(a, b) : '(null)';
    if (kind === 0 || kind === Kind.fwd) return undefined;
    if (sized.has(kind)) {
      const [sizeA, sizeB] = [sizeOrTypeOf(known, a), sizeOrTypeOf(other, b)];
      if (sizeA !== sizeB) throw this.#bad(`incompatible ${what} '${name}' size ${sizeA} and ${sizeB}`);
      return undefined;
    }
    const target = { a: sizeOrTypeOf(known, a), b: sizeOrTypeOf(other, b) };
    switch (kind) {
      case Kind.ptr:
        return { ...target, exact: false };
      case Kind.array:
        return { a: tailOf(known, a, 0), b: tailOf(other, b, 0), exact };
      case Kind.func:
      case Kind.var:
        // Global and extern go together, as a definition and its use; static goes only with static.
        if ((linkageOf(known, a) === 0) !== (linkageOf(other, b) === 0)) {
          throw this.#bad(`incompatible ${what} '${name}' linkage`);
        }
        return { ...target, exact };
      case Kind.struct:
      case Kind.union:
        if (exact) this.#members(a, b);
        return undefined;
      case Kind.func_proto:
        this.#parameters({ a, b, exact });
        return { ...target, exact };
      default:
        throw this.#bad(`unsupported BTF kind ${what}`);
    }
  }

  /** One is declared only: it must be of the kind that the other is. */
  #forward(a: number, b: number): undefined {
    const [known, other] = [this.#known, this.#other];
    const [nameA, nameB] = [nameTextOf(known, a), nameTextOf(other, b)];
    if (nameA !== nameB) {
      throw this.#bad(`incompatible forward declaration names '${readable(nameA)}' and '${readable(nameB)}'`);
    }
    const isFirst = kindAt(known, a) === Kind.fwd;
    const isUnion = isFirst ? kindFlagAt(known, a) : kindFlagAt(other, b);
    const concrete = isFirst ? kindAt(other, b) : kindAt(known, a);
    if (concrete === (isUnion ? Kind.union : Kind.struct)) return undefined;
    const what = isFirst ? kindNameAt(other, b) : kindNameAt(known, a);
    const declared = isUnion ? 'union' : 'struct';
    throw this.#bad(`incompatible ${declared} forward declaration and concrete kind ${what}`);
  }

  #sameName(a: number, b: number): string {
    const [nameA, nameB] = [nameTextOf(this.#known, a), nameTextOf(this.#other, b)];
    if (nameA === nameB) return readable(nameA);
    const what = kindNameAt(this.#known, a);
    throw this.#bad(`incompatible ${what} names '${readable(nameA)}' and '${readable(nameB)}'`);
  }

  #sameCount(a: number, b: number, elements: string): number {
    const [countA, countB] = [countAt(this.#known, a), countAt(this.#other, b)];
    if (countA === countB) return countA;
    throw this.#bad(`incompatible number of ${kindNameAt(this.#known, a)} ${elements} ${countA} and ${countB}`);
  }

  #members(a: number, b: number): void {
    const [known, other] = [this.#known, this.#other];
    const count = this.#sameCount(a, b, 'fields');
    for (let i = 0; i < count; i++) {
      const word = i * memberWords;
      const [nameA, nameB] = [known.text(tailOf(known, a, word)), other.text(tailOf(other, b, word))];
      if (nameA !== nameB) {
        throw this.#bad(`incompatible field #${i} names '${readable(nameA)}' and '${readable(nameB)}'`);
      }
      if (tailOf(known, a, word + 2) !== tailOf(other, b, word + 2)) {
        throw this.#bad(`incompatible field #${i} ('${readable(nameA)}') offsets`);
      }
      this.run({ a: tailOf(known, a, word + 1), b: tailOf(other, b, word + 1), exact: true });
    }
  }

  #parameters({ a, b, exact }: Pair): void {
    const count = this.#sameCount(a, b, 'params');
    for (let i = 0; i < count; i++) {
      const word = i * parameterWords + 1;
      this.run({ a: tailOf(this.#known, a, word), b: tailOf(this.#other, b, word), exact });
    }
  }
}
