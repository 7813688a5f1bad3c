import { encodeUtf8 } from '../bytes/index.ts';
import type { Btf } from './parse.ts';
import type { BtfType } from './types.ts';

const lowest = 10;
const maxDepth = 64;

interface Entry {
  readonly id: number;
  readonly rank: number;
  readonly sortName: string;
  readonly ownName: string;
}

/** The type that a chain element refers to, for the kinds that take their place from it. */
function referred(type: BtfType): number | undefined {
  switch (type.kind) {
    case 'array':
      return type.elementTypeId;
    case 'type_tag':
    case 'const':
    case 'ptr':
    case 'volatile':
    case 'restrict':
    case 'typedef':
    case 'decl_tag':
      return type.typeId;
    default:
      return undefined;
  }
}

/**
 * All type ids, void included, in the order of the reference's sorted C dump: by rank of kind, name of what the type
 * is about, own name, then a hash of the names inside, so that the order survives a rebuild of the kernel.
 */
export function sortForC(btf: Btf): number[] {
  const hasher = new Hasher(btf);
  const entries: Entry[] = [];
  for (let id = 0; id <= btf.typeCount; id++) {
    const type = btf.mustType(id);
    const ownName = id === 0 ? '' : type.name;
    entries.push({ id, rank: rankOf(btf, type, false, 0), sortName: sortName(btf, type), ownName });
  }
  entries.sort((a, b) => {
    if (a.rank !== b.rank) return a.rank - b.rank;
    if (a.sortName !== b.sortName) return a.sortName < b.sortName ? -1 : 1;
    if (a.ownName !== b.ownName) return a.ownName < b.ownName ? -1 : 1;
    return hasher.compare(a.id, b.id) || a.id - b.id;
  });
  return entries.map((entry) => entry.id);
}

function rankOf(btf: Btf, type: BtfType, inName: boolean, depth: number): number {
  const hasName = inName || (type.id !== 0 && type.name !== '');
  switch (type.kind) {
    case 'enum':
    case 'enum64':
      return hasName ? 1 : 0;
    case 'int':
    case 'float':
      return 2;
    case 'struct':
    case 'union':
      return hasName ? 3 : lowest;
    case 'func_proto':
      return hasName ? 4 : lowest;
    default: {
      const next = referred(type);
      if (next === undefined || !hasName || depth > maxDepth) return lowest;
      return rankOf(btf, btf.mustType(next), hasName, depth + 1);
    }
  }
}

function sortName(btf: Btf, type: BtfType): string {
  let current = type;
  for (let depth = 0; depth <= maxDepth; depth++) {
    const next = referred(current);
    if (next === undefined) break;
    current = btf.mustType(next);
  }
  if (current === type && (type.kind === 'enum' || type.kind === 'enum64') && type.name === '') {
    return type.values[0]?.name ?? '';
  }
  return current.id === 0 ? '' : current.name;
}

/** 64-bit hashes in two halves: bigints would be too slow for a kernel's types. */
interface Hash {
  hi: number;
  lo: number;
}

class Hasher {
  readonly #btf: Btf;
  readonly #names = new Map<string, Hash>();
  readonly #whole: (Hash | undefined)[] = [];
  readonly #outer: (Hash | undefined)[] = [];

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  compare(a: number, b: number): number {
    const [x, y] = [this.#type(a, true, 0), this.#type(b, true, 0)];
    return x.hi - y.hi || x.lo - y.lo;
  }

  #name(name: string): Hash {
    let hash = this.#names.get(name);
    if (hash === undefined) {
      hash = { hi: 0, lo: 0 };
      if (asciiOnly.test(name)) {
        for (let i = 0; i < name.length; i++) mixSmall(hash, name.charCodeAt(i));
      } else {
        // Bytes are signed, as on x86: those above 127 count as negative.
        for (const byte of encodeUtf8(name)) {
          if (byte < 128) mixSmall(hash, byte);
          else mix(hash, { hi: 0xffff_ffff, lo: (byte | 0xffff_ff00) >>> 0 });
        }
      }
      this.#names.set(name, hash);
    }
    return hash;
  }

  #type(id: number, members: boolean, depth: number): Hash {
    const memo = members ? this.#whole : this.#outer;
    const known = memo[id];
    if (known !== undefined) return known;
    const hash: Hash = { hi: 0, lo: 0 };
    const type = this.#btf.mustType(id);
    if (type.name !== '' && id !== 0) mix(hash, this.#name(type.name));
    if (type.kind === 'enum' || type.kind === 'enum64') {
      for (const value of type.values) if (value.name !== '') mix(hash, this.#name(value.name));
    } else if (type.kind === 'struct' || type.kind === 'union') {
      for (const member of members ? type.members : []) {
        if (member.name !== '') mix(hash, this.#name(member.name));
        mix(hash, this.#type(member.typeId, false, depth + 1));
      }
    } else {
      if (type.kind === 'array') mixSmall(hash, type.length);
      const next = referred(type);
      if (next !== undefined && depth <= maxDepth) mix(hash, this.#type(next, members, depth + 1));
    }
    memo[id] = hash;
    return hash;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const asciiOnly = /^[\x00-\x7f]*$/;

function mixSmall(hash: Hash, value: number): void {
  const lo = hash.lo * 31 + value;
  hash.lo = lo >>> 0;
  hash.hi = (hash.hi * 31 + Math.floor(lo / 4294967296)) % 4294967296;
}

/** hash = hash * 31 + value, modulo 2^64. */
function mix(hash: Hash, value: Hash): void {
  const lo = hash.lo * 31 + value.lo;
  const carry = Math.floor(lo / 4294967296);
  hash.lo = lo >>> 0;
  hash.hi = (hash.hi * 31 + value.hi + carry) % 4294967296;
}
