import { ParseError } from '../../errors/index.ts';
import type { Btf } from '../parse.ts';
import { tryResolve } from '../resolve.ts';
import type { BtfEnum, BtfReference, BtfType } from '../types.ts';
import { references } from '../validate.ts';
import { enumUnion, TypeExpressions } from './expression.ts';
import { commentText, objectKey, TypeScriptNames } from './names.ts';

/** What `writeTypeScript` declares, and where it writes to. */
export interface TypeScriptOptions {
  /** Types to declare, with what their values hold; all own types unless given. */
  readonly roots?: readonly number[];
  /** Further names for types, such as those of a map's key and value. */
  readonly aliases?: readonly { readonly name: string; readonly id: number }[];
  /** Receives the text, in pieces. */
  readonly write: (text: string) => void;
}

const prologue = `// Values of BTF types as tsbpftool's compileValueDecoder gives them: integers of up to 32 bits are numbers, wider ones and
// pointers bigints, enums the name of their value or else its number, char arrays strings where they hold text.
`;

/**
 * Writes TypeScript declarations for the values of BTF types: interfaces for structs, unions and sections, a const object
 * with a union type for each enum, aliases for typedefs. Anonymous types are written where they are used. Names are made
 * legal and unique. The text is a module of its own and passes `tsc --strict` for ES2020 and later.
 * Throws ParseError where types are damaged or a root does not exist.
 */
export function writeTypeScript(btf: Btf, options: TypeScriptOptions): void {
  for (let part: Btf | undefined = btf; part !== undefined; part = part.base) {
    if (part.problem !== undefined) throw new ParseError('BTF', 0, part.problem);
  }
  const { aliases = [], write } = options;
  const roots = options.roots === undefined ? ownIds(btf) : options.roots;
  const writer = new DeclarationWriter(btf, declaredTypes(btf, [...roots, ...aliases.map(({ id }) => id)]));
  write(prologue);
  for (const text of writer.all(aliases)) write(`\n${text}`);
  if (writer.isEmpty && aliases.length === 0) write('\nexport {};\n');
}

/** Declarations of some types, and the expressions of others in their terms. */
export interface TypeScriptDeclarations {
  readonly text: string;
  /** The type of a value, as an expression; `level` is how far its lines are indented. */
  expression(id: number, level?: number): string;
}

/**
 * As `writeTypeScript`, for a module that has more in it: no declaration gets one of the `reserved` names. Throws
 * ParseError where types are damaged or a root does not exist.
 */
export function declareTypeScript(
  btf: Btf,
  options: { readonly roots: readonly number[]; readonly reserved: readonly string[] },
): TypeScriptDeclarations {
  if (btf.problem !== undefined) throw new ParseError('BTF', 0, btf.problem);
  const writer = new DeclarationWriter(btf, declaredTypes(btf, options.roots), options.reserved);
  return {
    text: [...writer.all([])].join('\n'),
    expression: (id, level = 0) => writer.expression(id, level),
  };
}

function ownIds(btf: Btf): number[] {
  const referenced = new Set<number>();
  const ids: number[] = [];
  for (let id = btf.firstId; id <= btf.typeCount; id++) {
    const type = btf.mustType(id);
    ids.push(id);
    for (const other of references(type)) referenced.add(other);
  }
  // Anonymous enums that nothing refers to only name constants.
  return ids.filter((id) => {
    const type = btf.mustType(id);
    return type.name !== '' || (isEnum(type) && !referenced.has(id));
  });
}

/** The types among those reached that get a declaration, ascending. */
function declaredTypes(btf: Btf, roots: readonly number[]): number[] {
  const seen = new Set<number>(roots);
  const pending = [...roots];
  const declared: number[] = [];
  const rootIds = new Set(roots);
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const type = btf.mustType(id);
    if (canBeDeclared(type, rootIds)) declared.push(id);
    // A pointer's value is an address: what it points at is not part of it. Nor are functions values.
    const isValue =
      type.kind !== 'ptr' && type.kind !== 'func' && type.kind !== 'func_proto' && type.kind !== 'decl_tag';
    for (const other of isValue ? references(type) : []) {
      if (seen.has(other)) continue;
      seen.add(other);
      pending.push(other);
    }
  }
  return declared.sort((a, b) => a - b);
}

/** Anonymous enums are declared only where they were asked for. */
function canBeDeclared(type: BtfType, roots: ReadonlySet<number>): boolean {
  switch (type.kind) {
    case 'struct':
    case 'union':
    case 'typedef':
    case 'datasec':
      return type.name !== '';
    case 'enum':
    case 'enum64':
      return type.name !== '' || roots.has(type.id);
    default:
      return false;
  }
}

class DeclarationWriter {
  readonly #btf: Btf;
  /** Types that have a declaration of their own, in the order of their ids once all are named. */
  readonly #declared: number[] = [];
  readonly #names = new TypeScriptNames();
  readonly #nameOf = new Map<number, string>();
  readonly #expressions: TypeExpressions;

  constructor(btf: Btf, ids: readonly number[], reserved: readonly string[] = []) {
    this.#btf = btf;
    for (const name of reserved) this.#names.take(name);
    this.#expressions = new TypeExpressions(btf, (id) => this.#nameOf.get(id));
    // Structs, unions and enums first: what they are called in C matters more than a typedef that has to give way.
    for (const id of ids) if (btf.mustType(id).kind !== 'typedef') this.#name(id);
    for (const id of ids) if (!this.#nameOf.has(id)) this.#nameTypedef(btf.mustType(id) as BtfReference);
    this.#declared.sort((a, b) => a - b);
  }

  expression(id: number, level: number): string {
    return this.#expressions.of(id, level);
  }

  get isEmpty(): boolean {
    return this.#declared.length === 0;
  }

  #name(id: number): void {
    const { name } = this.#btf.mustType(id);
    this.#nameOf.set(id, this.#names.take(name === '' ? `enum_${id}` : name));
    this.#declared.push(id);
  }

  /** `typedef struct s s` is the struct's own name. */
  #nameTypedef(type: BtfReference): void {
    const target = this.#btf.mustType(type.typeId);
    const known = target.kind !== 'typedef' && target.name === type.name ? this.#nameOf.get(target.id) : undefined;
    if (known === undefined) this.#name(type.id);
    else this.#nameOf.set(type.id, known);
  }

  *all(aliases: readonly { readonly name: string; readonly id: number }[]): Generator<string> {
    for (const id of this.#declared) yield this.#declaration(this.#btf.mustType(id), this.#nameOf.get(id)!);
    for (const { name, id } of aliases)
      yield `export type ${this.#names.take(name)} = ${this.#expressions.of(id, 0)};\n`;
  }

  #declaration(type: BtfType, name: string): string {
    switch (type.kind) {
      case 'struct':
      case 'union': {
        const shared = type.kind === 'union' ? '; its members share their bytes' : '';
        const what = `${type.kind} ${type.name}: ${type.size} bytes${shared}`;
        return `${comment(what)}export interface ${name} ${this.#expressions.fields(type, 0)}\n`;
      }
      case 'datasec': {
        const what = `section ${type.name}: ${type.size} bytes`;
        return `${comment(what)}export interface ${name} ${this.#expressions.section(type, 0)}\n`;
      }
      case 'enum':
      case 'enum64':
        return (
          comment(`${type.name === '' ? 'an anonymous enum' : `enum ${type.name}`}: ${type.size} bytes`) +
          enumDeclaration(type, name)
        );
      default:
        return this.#typedef(type as BtfReference, name);
    }
  }

  #typedef(type: BtfReference, name: string): string {
    const target = tryResolve(this.#btf, type.typeId);
    const note = comment(`typedef ${type.name}${target === undefined ? ': has no values' : ''}`);
    if (target === undefined) return `${note}export type ${name} = never;\n`;
    const isDirect = this.#btf.mustType(type.typeId).id === target.id && target.name === '';
    if (isDirect && (target.kind === 'struct' || target.kind === 'union')) {
      const what = comment(`typedef ${type.name}, a ${target.kind}: ${target.size} bytes`);
      return `${what}export interface ${name} ${this.#expressions.fields(target, 0)}\n`;
    }
    if (isDirect && isEnum(target) && !this.#nameOf.has(target.id)) {
      return comment(`typedef ${type.name}, an enum: ${target.size} bytes`) + enumDeclaration(target, name);
    }
    return `${note}export type ${name} = ${this.#expressions.of(type.typeId, 0)};\n`;
  }
}

function comment(text: string): string {
  return `/** ${commentText(text)} */\n`;
}

function enumDeclaration(type: BtfEnum, name: string): string {
  const values = new Map(type.values.map((value) => [value.name, value.value]));
  const lines = [...values].map(([key, value]) => `  ${objectKey(key)}: ${value}${type.size > 4 ? 'n' : ''},\n`);
  const object = lines.length === 0 ? '{}' : `{\n${lines.join('')}}`;
  return `export const ${name} = ${object} as const;\nexport type ${name} = ${enumUnion(type, name)};\n`;
}

function isEnum(type: BtfType): type is BtfEnum {
  return type.kind === 'enum' || type.kind === 'enum64';
}
