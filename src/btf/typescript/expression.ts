import type { Btf } from '../parse.ts';
import { isModifier, tryResolve } from '../resolve.ts';
import { typeText } from '../type-text.ts';
import type { BtfComposite, BtfDatasec, BtfEnum, BtfMember, BtfType } from '../types.ts';
import { commentText, propertyName } from './names.ts';

const maxNesting = 32;

/** Widest integer, in bits, that the decoder gives as a number. */
const maxNumberBits = 32;

/** Types as TypeScript expressions: of the values that `compileValueDecoder` gives. */
export class TypeExpressions {
  readonly #btf: Btf;
  /** Name of the declaration of a type that has one. */
  readonly #nameOf: (id: number) => string | undefined;

  constructor(btf: Btf, nameOf: (id: number) => string | undefined) {
    this.#btf = btf;
    this.#nameOf = nameOf;
  }

  /** `level` is that of the line the expression stands on. Types without values are `never`. */
  of(id: number, level: number, nesting = 0): string {
    const type = this.#btf.mustType(id);
    const name = this.#nameOf(id);
    if (name !== undefined) return name;
    if (nesting > maxNesting) return 'never';
    switch (type.kind) {
      case 'int':
        if (type.size < 1 || type.size > 16) return 'never';
        return type.bool ? 'boolean' : integer(type.bits);
      case 'float':
        if (type.size < 1 || type.size > 16) return 'never';
        return type.size === 4 || type.size === 8 ? 'number' : integer(type.size * 8);
      case 'ptr':
        return 'bigint';
      case 'enum':
      case 'enum64':
        return enumUnion(type);
      case 'array': {
        const element = this.of(type.elementTypeId, level, nesting + 1);
        const list = /[ |]/.test(element) && !element.endsWith('}') ? `(${element})[]` : `${element}[]`;
        return this.#isChar(type.elementTypeId) ? `string | ${list}` : list;
      }
      case 'struct':
      case 'union':
        return this.fields(type, level, nesting + 1);
      case 'datasec':
        return this.section(type, level, nesting + 1);
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'var':
        return tryResolve(this.#btf, id) === undefined ? 'never' : this.of(type.typeId, level, nesting + 1);
      default:
        return 'never';
    }
  }

  /** The members of a struct or union in braces, those of anonymous members among them. */
  fields(type: BtfComposite, level: number, nesting = 0): string {
    const lines: Line[] = [];
    this.#collect(type, { level: level + 1, nesting, base: 0, lines });
    return braces(lines, level);
  }

  /** The variables of a section in braces. */
  section(type: BtfDatasec, level: number, nesting = 0): string {
    const lines = type.vars.map((variable): Line => {
      const { name } = this.#btf.mustType(variable.typeId);
      const expression = this.of(variable.typeId, level + 1, nesting);
      return { name, text: `${propertyName(name)}: ${expression};`, comment: place(variable.offset * 8, 0) };
    });
    return braces(lines, level);
  }

  #collect(type: BtfComposite, to: { level: number; nesting: number; base: number; lines: Line[] }): void {
    for (const member of type.members) {
      const bitOffset = to.base + member.bitOffset;
      const inner = tryResolve(this.#btf, member.typeId);
      if (member.name === '') {
        if ((inner?.kind !== 'struct' && inner?.kind !== 'union') || to.nesting > maxNesting) continue;
        const what = inner.kind === 'union' ? 'union, whose members share their bytes' : 'struct';
        to.lines.push({ comment: `begin of an anonymous ${what}: ${place(bitOffset, 0)}, ${inner.size} bytes` });
        this.#collect(inner, { ...to, nesting: to.nesting + 1, base: bitOffset });
        to.lines.push({ comment: 'end' });
        continue;
      }
      const expression = this.#member(member, inner, to.level, to.nesting);
      const note = inner?.kind === 'ptr' ? `, ${typeText(this.#btf, member.typeId)}` : '';
      to.lines.push({
        name: member.name,
        text: `${propertyName(member.name)}: ${expression};`,
        comment: `${place(bitOffset, member.bitSize)}${note}`,
      });
    }
  }

  #member(member: BtfMember, inner: BtfType | undefined, level: number, nesting: number): string {
    // A bit-field is as wide as its own bits say, whatever it is declared as.
    if (member.bitSize > 0) {
      if (inner?.kind === 'int' && !inner.bool) return integer(member.bitSize);
      if (inner?.kind === 'enum' || inner?.kind === 'enum64') {
        return enumUnion(inner, this.#nameOf(inner.id), member.bitSize);
      }
      if (inner?.kind === 'ptr') return integer(member.bitSize);
    }
    return this.of(member.typeId, level, nesting + 1);
  }

  #isChar(id: number): boolean {
    let type = this.#btf.typeById(id);
    for (let depth = 0; depth < maxNesting && type !== undefined && isModifier(type); depth++) {
      type = this.#btf.typeById((type as { typeId: number }).typeId);
    }
    return type?.kind === 'int' && type.size === 1 && (type.char || type.name === 'char');
  }
}

function integer(bits: number): 'number' | 'bigint' {
  return bits > maxNumberBits ? 'bigint' : 'number';
}

/** The names of an enum's values, and the number that any other value is. */
export function enumUnion(type: BtfEnum, constName?: string, bits = type.size * 8): string {
  const other = integer(bits);
  if (constName !== undefined) return `keyof typeof ${constName} | ${other}`;
  const names = new Set(type.values.map((value) => JSON.stringify(value.name)));
  return [...names, other].join(' | ');
}

/** A property, a comment on a line of its own, or both. */
interface Line {
  readonly name?: string;
  readonly text?: string;
  readonly comment: string;
}

function braces(lines: readonly Line[], level: number): string {
  // Of members of one name the decoder's object keeps the last.
  const last = new Map(lines.map((line, i) => [line.name, i]));
  const kept = lines.filter((line, i) => line.name === undefined || last.get(line.name) === i);
  if (kept.length === 0) return '{}';
  const indent = '  '.repeat(level);
  const text = kept.map(
    (line) => `${indent}  ${line.text === undefined ? '' : `${line.text} `}// ${commentText(line.comment)}\n`,
  );
  return `{\n${text.join('')}${indent}}`;
}

/** Where a member lies, from the start of the outermost named type. */
function place(bitOffset: number, bitSize: number): string {
  const byte = Math.floor(bitOffset / 8);
  if (bitSize > 0) return `bit-field: ${bitSize} bits from bit ${bitOffset % 8} of byte ${byte}`;
  return bitOffset % 8 === 0 ? `byte ${byte}` : `bit ${bitOffset % 8} of byte ${byte}`;
}
