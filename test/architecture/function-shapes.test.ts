// What a caller has to remember of a function: at most five parameters, and of none what a bare `true` means.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from '@typescript/typescript6';
import { beforeAll, describe, expect, it } from 'vitest';

const src = path.resolve(import.meta.dirname, '../../src');

interface FunctionShape {
  /** `FILE:LINE NAME`. */
  readonly place: string;
  readonly file: string;
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly isBoolean: boolean }[];
}

function shapesOf(file: string, text: string): FunctionShape[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const found: FunctionShape[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const name = node.name?.getText() ?? '';
      const place = `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${name}`.trim();
      const parameters = node.parameters.map((one) => ({ name: one.name.getText(), isBoolean: isBoolean(one) }));
      found.push({ place, file, name, parameters });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Declared as one, with or without undefined, or by its default value. */
function isBoolean({ type, initializer }: ts.ParameterDeclaration): boolean {
  const kinds = [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword];
  if (initializer !== undefined && kinds.includes(initializer.kind)) return true;
  if (type === undefined) return false;
  const parts = ts.isUnionTypeNode(type) ? [...type.types] : [type];
  const allowed = [ts.SyntaxKind.BooleanKeyword, ts.SyntaxKind.UndefinedKeyword];
  return parts.every(({ kind }) => allowed.includes(kind));
}

/** Methods whose work is to show a yes or no: the value is what they are called with, not how they do it. */
const showing: Readonly<Record<string, readonly string[]>> = {
  'commands/feature/form.ts': ['feature', 'helper'],
};

function hasUnnamedBoolean({ file, name, parameters }: FunctionShape): boolean {
  if (parameters.length === 1 || showing[file]?.includes(name)) return false;
  return parameters.some(
    (one, index) =>
      // As in the methods of DataView.
      one.isBoolean && !(one.name === 'littleEndian' && index === parameters.length - 1),
  );
}

const placesOf = (shapes: readonly FunctionShape[]) => shapes.map(({ place }) => place);

/** Functions that other files may call, and that no comment describes. */
function undescribed(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  // Of several forms the first is described.
  const described = new Set<string | undefined>();
  return source.statements.flatMap((node) => {
    if (!ts.isFunctionDeclaration(node) || !node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
      return [];
    const name = node.name?.text;
    if (ts.getJSDocCommentsAndTags(node).length > 0) described.add(name);
    return described.has(name) ? [] : [`${file} ${name ?? ''}`];
  });
}

describe('a function', () => {
  let all: FunctionShape[];

  beforeAll(() => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    all = files.flatMap((file) => shapesOf(file, readFileSync(path.join(src, file), 'utf8')));
    expect(all.length).toBeGreaterThan(3000);
  }, 60_000);

  it('has at most five parameters', () => {
    expect(placesOf(all.filter(({ parameters }) => parameters.length > 5))).toEqual([]);
  });

  it('takes no boolean beside other parameters, whose meaning calls would not show', () => {
    expect(placesOf(all.filter(hasUnnamedBoolean))).toEqual([]);
  });

  it('is described where it is exported', () => {
    const found = [...new Set(all.map(({ file }) => file))].flatMap((file) =>
      undescribed(file, readFileSync(path.join(src, file), 'utf8')),
    );
    expect(found).toEqual([]);
    expect(undescribed('x.ts', 'export function f(): void {}')).toEqual(['x.ts f']);
  });

  it.each([
    ['function f(a: number, b: boolean): void {}', true],
    ['const f = (a: number, b?: boolean | undefined) => a;', true],
    ['class A { f(a: number, b = false): void {} }', true],
    ['interface A { f(littleEndian: boolean, a: number): void }', true],
    ['function f(view: DataView, littleEndian: boolean): void {}', false],
    ['function f(b: boolean): void {}', false],
    ['function f(a: number, { b = false } = {}): void {}', false],
    ['function f(a: number, of: () => boolean): void {}', false],
    ['function field(name: string, value: number | boolean): void {}', false],
  ])('is judged so: %s', (text, isRefused) => {
    expect(shapesOf('x.ts', text).some(hasUnnamedBoolean)).toBe(isRefused);
  });

  it.each(Object.entries(showing).flatMap(([file, names]) => names.map((name) => [file, name] as const)))(
    'is an exception that is needed: %s %s',
    (file, name) => {
      expect(all.some((one) => one.file === file && one.name === name && one.parameters.length > 1)).toBe(true);
    },
  );
});
